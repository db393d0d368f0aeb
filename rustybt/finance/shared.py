"""What slippage and commission models have in common."""

from __future__ import annotations

from abc import ABCMeta
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rustybt.assets import Asset, Equity, Future

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = TypeVar("Value")


class FinancialModel(metaclass=ABCMeta):  # noqa: B024 - its subclasses have them
    """Base of the models of what trading costs.

    Attributes
    ----------
    allowed_asset_types : tuple of type
        Kinds of assets that the model is for. A class that states none is for those of all its
        bases that state some.
    """

    allowed_asset_types: ClassVar[tuple[type[Asset], ...]] = (Equity, Future)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "allowed_asset_types" in vars(cls):
            return
        stated = [
            kind
            for base in cls.__bases__
            if issubclass(base, FinancialModel)
            if base.allowed_asset_types is not FinancialModel.allowed_asset_types
            for kind in base.allowed_asset_types
        ]
        if stated:
            cls.allowed_asset_types = tuple(dict.fromkeys(stated))


def implemented_together(model: type, methods: Mapping[str, type]) -> bool:
    """Tell whether a class has each of some methods from the class named for it."""
    return all(
        next(base for base in model.__mro__ if name in vars(base)) is home
        for name, home in methods.items()
    )


class Constant(Generic[Value]):
    """A mapping that has the same value for every key."""

    def __init__(self, value: Value) -> None:
        self.value = value

    def __getitem__(self, key: object) -> Value:
        return self.value

    def __repr__(self) -> str:
        return repr(self.value)


def by_root_symbol(
    value: float | Mapping[str, float], known: Mapping[str, float]
) -> Constant[float] | dict[str, float]:
    """Return a parameter of futures models by root symbol: one for all, or some beside `known`."""
    if isinstance(value, (int, float)):
        return Constant(float(value))
    return {**known, **value}


def shown(values: Constant[float] | Mapping[str, float]) -> str:
    """Return a parameter by root symbol as the models' reprs show it."""
    return repr(values) if isinstance(values, Constant) else "<varies>"
