"""Lists of dicts that are built when somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, SupportsIndex, overload

Record = dict[str, Any]


class Records(Sequence[Record]):
    """What happened, or was held, in one session: equal to a list of dicts, made on demand.

    Parameters
    ----------
    build : callable of (int, int)
        Gives the dict of a session and a place in it.
    session : int
        Number of the session.
    length : int
        How many dicts there are.
    """

    __slots__ = ("_build", "_length", "_session")

    def __init__(self, build: Callable[[int, int], Record], session: int, length: int) -> None:
        self._build = build
        self._session = session
        self._length = length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: SupportsIndex) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> list[Record]: ...
    def __getitem__(self, at: SupportsIndex | slice) -> Record | list[Record]:
        if isinstance(at, slice):
            return [self._build(self._session, place) for place in range(self._length)[at]]
        try:
            place = range(self._length)[at]
        except IndexError:
            raise IndexError(
                f"there are {self._length} records, got the index {at.__index__()}"
            ) from None
        return self._build(self._session, place)

    def __setitem__(self, at: object, record: object) -> NoReturn:
        # pandas prints brackets around what has this method, parentheses around what has not.
        raise TypeError("records cannot be changed: make a list of them first, with tolist()")

    def __iter__(self) -> Iterator[Record]:
        return (self._build(self._session, place) for place in range(self._length))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Records | list):
            return len(self) == len(other) and all(
                mine == theirs for mine, theirs in zip(self, other, strict=True)
            )
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Sequence[Record]) -> list[Record]:
        return [*self, *other]

    def __radd__(self, other: Sequence[Record]) -> list[Record]:
        return [*other, *self]

    def __repr__(self) -> str:
        return repr(self.tolist())

    def __reduce__(self) -> tuple[type[list[Record]], tuple[list[Record]]]:
        return list, (self.tolist(),)

    def tolist(self) -> list[Record]:
        """Return a plain list of the dicts."""
        return list(self)
