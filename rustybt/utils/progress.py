"""Progress bars, where they are wanted."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Item = TypeVar("Item")


@contextmanager
def maybe_show_progress(
    items: Iterable[Item], show_progress: bool, label: str, length: int | None = None
) -> Iterator[Iterable[Item]]:
    """Give the items back, wrapped in a progress bar on stderr if `show_progress` is true."""
    if not show_progress:
        yield items
        return
    import sys

    import click

    with click.progressbar(items, length=length, label=label, file=sys.stderr) as bar:
        yield bar
