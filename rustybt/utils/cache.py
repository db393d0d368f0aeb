"""Frames kept on disk while an ingest runs."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

_LONGEST_NAME = 200


class dataframe_cache(MutableMapping[str, "pd.DataFrame"]):  # noqa: N801 - Zipline's name
    """Mapping of names to frames, in files of a folder.

    Leaving its ``with`` block removes the files; after an error they stay, so that the next
    attempt finds them, unless `clean_on_failure` is true.

    Parameters
    ----------
    path : str or path
        The folder.
    clean_on_failure : bool, default True
    """

    def __init__(self, path: str | os.PathLike[str], clean_on_failure: bool = True) -> None:
        self._folder = Path(path)
        self._clean_on_failure = clean_on_failure
        self._folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or self._clean_on_failure:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, key: str) -> Path:
        name = quote(key, safe="")
        if len(name) > _LONGEST_NAME:
            raise ValueError(f"the name of a cached frame is too long: {key!r:.60}")
        return self._folder / f"{name}.pickle"

    def __getitem__(self, key: str) -> pd.DataFrame:
        try:
            data = self._path(key).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None
        frame: pd.DataFrame = pickle.loads(data)  # noqa: S301 - written by this class
        return frame

    def __setitem__(self, key: str, value: pd.DataFrame) -> None:
        path = self._path(key)
        self._folder.mkdir(parents=True, exist_ok=True)
        data = pickle.dumps(value, protocol=5)
        digest = hashlib.sha256(data).hexdigest()[:16]
        aside = path.with_suffix(f".{os.getpid()}-{digest}")
        aside.write_bytes(data)
        aside.replace(path)

    def __delitem__(self, key: str) -> None:
        try:
            self._path(key).unlink()
        except FileNotFoundError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(unquote(path.stem) for path in self._folder.glob("*.pickle")))

    def __len__(self) -> int:
        return sum(1 for _ in self)
