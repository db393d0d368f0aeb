"""Smoke over both ends of numpy's range, with stand-ins for the packages."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("rattler_build", reason="py-rattler-build is in the environment default only")

from rattler_build import Package as Built

from conda import numpy_range
from conda.errors import CondaError
from conda.numpy_range import Tried
from externals import machine
from externals.archive import Entry, Package, pack

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are scripts of a Unix shell")

# Stands for a Python whose smoke fails where numpy's binary interface is another.
PYTHON = b"""#!/bin/sh
numpy=$(cat "$(dirname "$0")/../share/numpy")
echo "$@ over $numpy"
[ "$numpy" != 2.1 ] || { echo "SM210 built against another numpy"; exit 1; }
"""


def channel(folder: Path, numpys: tuple[str, ...], depends: tuple[str, ...]) -> Built:
    """Write a channel of stand-ins; return the package under test."""
    packages = [
        Package("python", "3.13.0", "0", "noarch", files=(Entry("bin/python", PYTHON, True),)),
        Package("rustybt", "0.1.0", "0", "noarch", noarch="generic", depends=depends),
    ]
    packages += [
        Package("numpy", each, "0", "noarch", files=(Entry("share/numpy", each.encode()),))
        for each in numpys
    ]
    for name in (machine.subdir(), "noarch"):
        (folder / name).mkdir(parents=True)
        records = (
            {each.filename: pack(each, folder / name) for each in packages}
            if name == "noarch"
            else {}
        )
        index = {"info": {"subdir": name}, "packages": {}, "packages.conda": records}
        (folder / name / "repodata.json").write_text(json.dumps(index), encoding="utf-8")
    return Built.from_file(folder / "noarch/rustybt-0.1.0-0.conda")


@pytest.mark.parametrize(
    ("numpys", "tried", "said"),
    [
        (("1.26", "2.0", "2.4", "3.0"), Tried("2.0", "2.4"), "numpy 2.0 and 2.4"),
        (("1.26", "2.4"), Tried("2.4", "2.4"), "numpy 2.4 alone, the only one that the channels"),
    ],
)
def test_the_lowest_is_tried_where_it_is_another(
    tmp_path: Path, numpys: tuple[str, ...], tried: Tried, said: str
) -> None:
    package = channel(tmp_path / "channel", numpys, ("python", "numpy >=2,<3"))
    work = tmp_path / "work"
    work.mkdir()
    address = (tmp_path / "channel").as_uri()
    assert numpy_range.check(package, [address], machine.subdir(), work) == tried
    assert str(tried).startswith(said)
    assert not list(work.glob("numpy-*"))


def test_f12_a_module_built_against_another_numpy_fails_over_it_alone(tmp_path: Path) -> None:
    package = channel(tmp_path / "channel", ("2.1", "2.4"), ("python", "numpy >=2,<3"))
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(CondaError, match=r"fails over numpy 2\.1, .* over numpy 2\.4") as caught:
        numpy_range.check(package, [(tmp_path / "channel").as_uri()], machine.subdir(), work)
    assert "-P -m rustybt.smoke --strict over 2.1" in str(caught.value)
    assert "SM210 built against another numpy" in str(caught.value)
    assert not list(work.glob("numpy-*"))


def test_a_package_without_numpy_has_no_range(tmp_path: Path) -> None:
    package = channel(tmp_path / "channel", ("2.4",), ("python",))
    assert numpy_range.check(package, [], machine.subdir(), tmp_path) is None


def test_a_range_that_nothing_meets_is_one_sentence(tmp_path: Path) -> None:
    package = channel(tmp_path / "channel", ("1.26",), ("python", "numpy >=2,<3"))
    with pytest.raises(CondaError, match="no environment for rustybt"):
        numpy_range.check(package, [(tmp_path / "channel").as_uri()], machine.subdir(), tmp_path)
