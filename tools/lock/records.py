"""Package records that solves choose from: a folder of JSON lines, one file for each subdir.

`<subdir>.jsonl` has a repodata record with its `url` on each line; `noarch.jsonl` and
`partial-noarch.jsonl` serve every platform. A record in a file whose name begins with `partial-`
may lack its hashes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rattler import Channel, SparseRepoData

from lock import channel
from lock.errors import LockError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOARCH = "noarch"
_FIELDS = ("name", "version", "build", "build_number", "subdir", "depends")
_HASHES = ("sha256", "md5")


class RecordFolder:
    """A folder of record files, opened subdir by subdir.

    Parameters
    ----------
    folder
        Where the record files lie.
    cache
        An existing folder for the repodata made of them.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.cache = cache
        self._opened: dict[str, SparseRepoData] = {}

    def repodata(self, subdir: str) -> list[SparseRepoData]:
        """Return what a solve for a subdir chooses from.

        Raises
        ------
        LockError
            A record file is missing, or a line of one is no record.
        """
        return [self._open(subdir), self._open(NOARCH)]

    def _open(self, subdir: str) -> SparseRepoData:
        if subdir not in self._opened:
            path = self.cache / subdir / "repodata.json"
            path.parent.mkdir()
            path.write_text(json.dumps(self._assemble(subdir)), encoding="utf-8")
            self._opened[subdir] = SparseRepoData(Channel(channel.URL.rstrip("/")), subdir, path)
        return self._opened[subdir]

    def _assemble(self, subdir: str) -> dict[str, Any]:
        packages: dict[str, Any] = {}
        archives: dict[str, Any] = {}
        for record in self._read(subdir):
            url = record.pop("url")
            name = url.rpartition("/")[2]
            (packages if name.endswith(".tar.bz2") else archives)[name] = record
        return {
            "info": {"subdir": subdir},
            "packages": packages,
            "packages.conda": archives,
            "repodata_version": 1,
        }

    def _read(self, subdir: str) -> Iterator[dict[str, Any]]:
        whole = self.folder / f"{subdir}.jsonl"
        partial = self.folder / f"partial-{subdir}.jsonl"
        if not whole.is_file():
            message = f"{self.folder} has no {whole.name}, the package records of {subdir}"
            raise LockError(message)
        yield from _lines(whole, subdir, (*_FIELDS, *_HASHES))
        if partial.is_file():
            yield from _lines(partial, subdir, _FIELDS)


def _lines(path: Path, subdir: str, fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            message = f"{path}:{number} is no JSON: {error.msg}"
            raise LockError(message) from error
        if not isinstance(record, dict) or not isinstance(record.get("url"), str):
            message = f'{path}:{number} is no package record: it has no "url"'
            raise LockError(message)
        missing = [field for field in fields if field not in record]
        if missing:
            message = f'{path}:{number} is no package record: {record["url"]} has no "{missing[0]}"'
            raise LockError(message)
        if record["url"] != channel.file_url(subdir, record["url"].rpartition("/")[2]):
            message = f"{path}:{number}: {record['url']} is not a file of {channel.NAME}'s {subdir}"
            raise LockError(message)
        yield record
