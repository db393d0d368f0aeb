"""F8: a conda package without one of the compiled modules, installed into a prefix."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
import rattler

from externals.archive import Entry, Package, pack
from pixiw.platforms import current_subdir

if TYPE_CHECKING:
    from pathlib import Path

    from tests.smoke.conftest import Environment

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the prefix is laid out as on a Unix system"
)


def package(environment: Environment, without: Path | None, channel: Path) -> None:
    """Write a channel with the environment's rustybt as a conda package, but for one file."""
    prefix = environment.python.parents[1]
    files = sorted(
        path
        for folder in (environment.package, environment.metadata)
        for path in folder.rglob("*")
        if path.is_file() and path != without
    )
    held = Package(
        "rustybt",
        "0.1.0",
        "0",
        current_subdir(),
        files=tuple(
            Entry(path.relative_to(prefix).as_posix(), path.read_bytes()) for path in files
        ),
    )
    for name in (current_subdir(), "noarch"):
        (channel / name).mkdir(parents=True)
        records = {}
        if name == held.subdir:
            records[held.filename] = pack(held, channel / name)
        index = {"info": {"subdir": name}, "packages": {}, "packages.conda": records}
        (channel / name / "repodata.json").write_text(json.dumps(index), encoding="utf-8")


def install(environment: Environment, channel: Path, cache: Path) -> None:
    """Put the channel's rustybt in the place of the environment's."""
    shutil.rmtree(environment.package)
    shutil.rmtree(environment.metadata)

    async def solve_and_install() -> None:
        records = await rattler.solve([channel.as_uri()], ["rustybt"])
        prefix = environment.python.parents[1]
        await rattler.install(records, prefix, cache_dir=cache, show_progress=False)

    asyncio.run(solve_and_install())


@pytest.mark.parametrize(
    ("language", "code"), [(None, None), ("cython", "SM201"), ("rust", "SM203")]
)
def test_f8_a_module_that_is_not_in_the_conda_package(
    environment: Environment, tmp_path: Path, language: str | None, code: str | None
) -> None:
    module = environment.module(language) if language else None
    lost = environment.shared_object(module) if module else None
    package(environment, lost, tmp_path / "channel")
    install(environment, tmp_path / "channel", tmp_path / "cache")
    result = environment.smoke("--strict")
    names = {item["name"] for item in environment.record()["modules"]}
    expected = dict.fromkeys(names, "ok")
    if module is None:
        assert (result.status, result.found) == (0, set())
    else:
        assert result.status == 1
        assert result.found == {(code, module["name"])}
        assert str(lost) in result.finding(str(code))["cause"]
        expected[module["name"]] = "missing"
    assert result.statuses() == expected
