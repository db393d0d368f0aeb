"""Read an sdist."""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path, PurePosixPath

from audit import metadata
from audit.contents import Contents
from audit.errors import AuditError
from audit.stages import Stage


def read(path: Path, label: str) -> Contents:
    """Return the contents of the sdist at `path`, its top folder stripped.

    Raises
    ------
    AuditError
        If the file is no gzipped tar, is cut short, or is not laid out as an sdist.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            members = {
                member.name: stream.read()
                for member in archive
                if member.isfile() and (stream := archive.extractfile(member)) is not None
            }
    except tarfile.ReadError as error:
        raise AuditError(f"{label} is no sdist: not a gzipped tar, or damaged ({error})") from error
    except (EOFError, zlib.error) as error:
        raise AuditError(f"{label} is damaged: {error}") from error
    except OSError as error:
        raise AuditError(f"{label} cannot be read: {error.strerror or error}") from error
    files: dict[str, bytes] = {}
    tops = set()
    for name, content in members.items():
        parts = PurePosixPath(name).parts
        if ".." in parts or name.startswith("/"):
            raise AuditError(f"{label} is unsafe: its member {name} leads outside the archive")
        tops.add(parts[0])
        files["/".join(parts[1:])] = content
    if len(tops) != 1 or "PKG-INFO" not in files:
        raise AuditError(f"{label} is no sdist: it needs one top folder with a PKG-INFO")
    fields = metadata.fields(files["PKG-INFO"])
    return Contents(
        Stage.SDIST,
        label,
        files,
        name=metadata.first(fields, "name"),
        version=metadata.first(fields, "version"),
        path=path,
        size=path.stat().st_size,
    )
