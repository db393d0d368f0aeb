"""Arithmetic, comparisons and logic of terms, evaluated together.

An expression is a tree of tuples: ``("x", 0)`` is its first input, ``("number", 2.5)`` a number,
``("+", left, right)`` an operation of two trees and ``("log", tree)`` a function of one. Terms that
are expressions themselves become part of the tree of the term that uses them, so that nothing in
between is stored for all dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from numbers import Number
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rustybt.pipeline.dtypes import BOOL, FLOAT64, coerced
from rustybt.pipeline.term import ComputableTerm, Term

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Tree = tuple[Any, ...]

ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.mod,
    "**": np.power,
}
COMPARISONS: dict[str, Callable[..., Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
    ">=": np.greater_equal,
    ">": np.greater,
}
LOGIC: dict[str, Callable[..., Any]] = {"&": np.logical_and, "|": np.logical_or}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(np, name)
    for name in (
        "abs",
        "arccos",
        "arccosh",
        "arcsin",
        "arcsinh",
        "arctan",
        "arctanh",
        "cos",
        "cosh",
        "exp",
        "expm1",
        "log",
        "log10",
        "log1p",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
    )
}
_BINARY = ARITHMETIC | COMPARISONS | LOGIC
_UNARY = FUNCTIONS | {"neg": np.negative, "~": np.logical_not}

# Deeper ones are computed on their own: recursion stays far from its limit.
DEEPEST = 48
# Values of one pass over the tree, so that what it makes on the way stays in the cache.
BLOCK = 16_384


class BadBinaryOperator(TypeError):  # noqa: N818 - Zipline's name
    """Two things cannot be combined.

    Parameters
    ----------
    op : str
    left, right : object
    """

    def __init__(self, op: str, left: object, right: object) -> None:
        super().__init__(
            f"cannot compute {type(left).__name__} {op} {type(right).__name__}: the other side "
            "must be a term of a fitting kind or a number"
        )


class NumericalExpression(ComputableTerm):
    """A term computed of other terms, row by row, with operators and functions.

    Parameters
    ----------
    expr : tuple
        The tree.
    binds : tuple of Term
        Its inputs.
    dtype : numpy.dtype
    """

    window_length: Any = 0
    params: Any = ("expr",)

    def __new__(cls, expr: Tree, binds: tuple[Term, ...], dtype: Any) -> Self:
        """Return the term of this tree."""
        safe = dtype == BOOL or all(term.window_safe for term in binds)
        return super().__new__(cls, inputs=binds, expr=expr, dtype=dtype, window_safe=safe)

    def _compute(
        self,
        inputs: list[Any],
        dates: pd.DatetimeIndex,
        assets: pd.Index[int],
        mask: NDArray[np.bool_],
    ) -> Any:
        out = np.empty(mask.shape, dtype=self.dtype)
        rows = max(1, BLOCK // max(1, mask.shape[1]))
        with np.errstate(all="ignore"):
            for start in range(0, len(out), rows):
                block = slice(start, start + rows)
                out[block] = _evaluate(self.params["expr"], [array[block] for array in inputs])
        return out

    @property
    def bindings(self) -> dict[str, Term]:
        """The inputs by the names that the formula calls them."""
        return {f"x_{place}": term for place, term in enumerate(self.inputs)}

    @property
    def formula(self) -> str:
        """The tree as it is written."""
        return _formula(self.params["expr"])

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}(expr={self.formula!r}, bindings={self.bindings})"

    def graph_repr(self) -> str:
        """Return what a drawing of a pipeline calls the term."""
        short = re.sub(r"\d+\.\d+", lambda found: f"{float(found[0]):.4g}", self.formula)
        return f"Expression:\\l  {short}\\l"


def _evaluate(tree: Tree, inputs: list[Any]) -> Any:
    match tree:
        case ("x", place):
            return inputs[place]
        case ("number", value):
            return value
        case (name, operand):
            return _UNARY[name](_evaluate(operand, inputs))
    name, left, right = tree
    return _BINARY[name](_evaluate(left, inputs), _evaluate(right, inputs))


def _formula(tree: Tree) -> str:
    match tree:
        case ("x", place):
            return f"x_{place}"
        case ("number", value):
            return f"({value})"
        case ("neg", operand):
            return f"-({_formula(operand)})"
        case (name, operand):
            return f"{name}({_formula(operand)})"
    name, left, right = tree
    return f"({_formula(left)}) {name} ({_formula(right)})"


def _depth(tree: Tree) -> int:
    below = [part for part in tree[1:] if isinstance(part, tuple)]
    return 1 + max(map(_depth, below), default=0)


def _operand(value: Any, dtype: Any, binds: list[Term]) -> tuple[Tree, Any]:
    """Return the tree and the dtype of one side, and add what it needs to the inputs."""
    if not isinstance(value, Term):
        return ("number", coerced(value, dtype).item() if dtype.kind != "M" else value), dtype
    if isinstance(value, NumericalExpression) and _depth(value.params["expr"]) < DEEPEST:
        return _rebound(value.params["expr"], value.inputs, binds), value.dtype
    return ("x", _place(value, binds)), value.dtype


def _place(term: Term, binds: list[Term]) -> int:
    for place, bound in enumerate(binds):
        if bound is term:
            return place
    binds.append(term)
    return len(binds) - 1


def _rebound(tree: Tree, inputs: tuple[Term, ...], binds: list[Term]) -> Tree:
    """Return a tree with its inputs where `binds` has them."""
    if tree[0] == "x":
        return ("x", _place(inputs[tree[1]], binds))
    return tuple(
        _rebound(part, inputs, binds) if isinstance(part, tuple) else part for part in tree
    )


def combined(
    op: str, left: Any, right: Any, dtype: Callable[[Any, Any], Any]
) -> tuple[Tree, tuple[Term, ...], Any]:
    """Return the parts of the expression of an operator.

    Parameters
    ----------
    op : str
    left, right : Term or number
        One of them is a term.
    dtype : callable
        Takes the dtypes of both sides, raises if they do not fit, and returns that of the result.

    Returns
    -------
    tree : tuple
    binds : tuple of Term
    dtype : numpy.dtype

    Raises
    ------
    BadBinaryOperator
        If a side is neither a term nor a number.
    """
    for value in (left, right):
        if not isinstance(value, (Term, Number, np.datetime64)):
            raise BadBinaryOperator(op, left, right)
    own = left.dtype if isinstance(left, Term) else right.dtype
    binds: list[Term] = []
    first, first_dtype = _operand(left, own, binds)
    second, second_dtype = _operand(right, own, binds)
    return (op, first, second), tuple(binds), dtype(first_dtype, second_dtype)


def applied(name: str, term: Term) -> tuple[Tree, tuple[Term, ...]]:
    """Return the tree and the inputs of a function of a term."""
    binds: list[Term] = []
    tree, _ = _operand(term, FLOAT64, binds)
    return (name, tree), tuple(binds)
