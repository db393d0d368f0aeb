"""Read a wheel."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit import metadata, tags
from audit.contents import Contents
from audit.errors import AuditError
from audit.stages import Stage

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Wheel(Contents):
    """A wheel: contents, the tags of its name, those of its WHEEL file, and its RECORD."""

    named: tags.WheelName
    tags: frozenset[str]
    pure: bool
    dist_info: str
    repeated: tuple[str, ...]


def read(path: Path, label: str) -> Wheel:
    """Return the contents of the wheel at `path`.

    Raises
    ------
    AuditError
        If the name is no wheel's, or the file is no zip, is damaged or lacks its metadata.
    """
    named = tags.parse_wheel(path.name)
    if named is None:
        raise AuditError(f"{label} is not named like a wheel: NAME-VERSION-PYTHON-ABI-PLATFORM.whl")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            files = {entry.filename: archive.read(entry) for entry in entries}
    except zipfile.BadZipFile as error:
        raise AuditError(f"{label} is no wheel: not a zip file, or cut short ({error})") from error
    except (EOFError, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError) as error:
        raise AuditError(f"{label} is damaged: {error}") from error
    except OSError as error:
        raise AuditError(f"{label} cannot be read: {error.strerror or error}") from error
    infos = {name.split("/")[0] for name in files if name.split("/")[0].endswith(".dist-info")}
    if len(infos) != 1:
        raise AuditError(f"{label} is no wheel: it has {len(infos)} .dist-info folders, not one")
    (info,) = infos
    described = metadata.fields(files.get(f"{info}/WHEEL", b""))
    about = metadata.fields(files.get(f"{info}/METADATA", b""))
    names = [entry.filename for entry in entries]
    return Wheel(
        Stage.WHEEL,
        label,
        files,
        name=metadata.first(about, "name"),
        version=metadata.first(about, "version"),
        target=_target(named),
        path=path,
        size=path.stat().st_size,
        named=named,
        tags=frozenset(described.get("tag", [])),
        pure=(metadata.first(described, "root-is-purelib") or "").lower() == "true",
        dist_info=info,
        repeated=tuple(sorted({name for name in names if names.count(name) > 1})),
    )


def _target(named: tags.WheelName) -> tags.Target:
    platforms = [tags.parse_platform(platform) for platform in named.platforms]
    return tags.Target(
        abis=frozenset(named.abis) | {"abi3"},
        platform=next((platform for platform in platforms if platform is not None), None),
        name=f"{'.'.join(named.abis)}-{'.'.join(named.platforms)}",
    )
