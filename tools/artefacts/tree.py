"""A folder kept equal to given contents, touching only what differs.

Build systems decide by modification times; a file whose content stayed keeps its time, so an
unchanged source is not compiled again.
"""

from __future__ import annotations

import tarfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from artefacts.errors import ArtefactError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def sync(folder: Path, contents: Mapping[str, bytes], *, keep: frozenset[str]) -> None:
    """Make `folder` hold exactly `contents`, apart from the paths under `keep`.

    Parameters
    ----------
    folder : Path
        Created when missing.
    contents : mapping of str to bytes
        POSIX path relative to `folder` -> file content.
    keep : frozenset of str
        POSIX paths relative to `folder` whose files are left alone (build products).
    """
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if _kept(name, keep):
            continue
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif name not in contents:
            path.unlink()
    for name, content in contents.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def sdist_contents(path: Path) -> dict[str, bytes]:
    """Return POSIX path (without the top folder) -> content of an sdist's files."""
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                stream = archive.extractfile(member)
                if stream is not None:
                    name = PurePosixPath(*PurePosixPath(member.name).parts[1:]).as_posix()
                    contents[name] = stream.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArtefactError(f"{path} is not a readable sdist ({error}): build it again") from None
    return contents


def _kept(name: str, keep: frozenset[str]) -> bool:
    return any(name == kept or name.startswith(f"{kept}/") for kept in keep)
