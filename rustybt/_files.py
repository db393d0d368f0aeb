"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """Yield a temporary name beside `target`, and rename it to `target` on success.

    After a failure `target` is what it was, and nothing is left beside it.

    Raises
    ------
    OSError
        If the folder of `target` does not exist or cannot be written.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        yield aside
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
