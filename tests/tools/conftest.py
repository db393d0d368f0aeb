"""What the tests of the tools share: small wheels and interpreters made on the spot."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class WheelMaker(Protocol):
    """Makes a wheel and returns its path."""

    def __call__(
        self,
        name: str,
        version: str = "1.0",
        tag: str = "py3-none-any",
        *,
        files: Mapping[str, str] | None = None,
        requires: Iterable[str] = (),
        entry_points: str = "",
        requires_python: str = ">=3.9",
    ) -> Path:
        """Write the wheel."""
        ...


@pytest.fixture
def make_wheel(tmp_path: Path) -> WheelMaker:
    """Return a maker of wheels, which lie in the folder `wheelhouse`."""

    def make(
        name: str,
        version: str = "1.0",
        tag: str = "py3-none-any",
        *,
        files: Mapping[str, str] | None = None,
        requires: Iterable[str] = (),
        entry_points: str = "",
        requires_python: str = ">=3.9",
    ) -> Path:
        module = name.replace("-", "_").replace(".", "_")
        info = f"{module}-{version}.dist-info"
        metadata = [
            "Metadata-Version: 2.1",
            f"Name: {name}",
            f"Version: {version}",
            f"Requires-Python: {requires_python}",
            "License: MIT",
            "Summary: made for a test",
            *(f"Requires-Dist: {requirement}" for requirement in requires),
        ]
        content = dict(files if files is not None else {f"{module}.py": f"VERSION = '{version}'\n"})
        content[f"{info}/METADATA"] = "\n".join(metadata) + "\n\n"
        content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"
        if entry_points:
            content[f"{info}/entry_points.txt"] = entry_points
        record = "".join(
            f"{path},sha256={_urlsafe(text)},{len(text.encode())}\n"
            for path, text in content.items()
        )
        content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
        folder = tmp_path / "wheelhouse"
        folder.mkdir(exist_ok=True)
        path = folder / f"{module}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, text in content.items():
                archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), text)
        return path

    return make


def _urlsafe(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
