"""The proof of built packages after installation, with stand-ins for the packages."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from conda import conda_build, proving
from conda.errors import CondaError
from externals import machine
from externals.archive import Entry, Package, pack

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are scripts of a Unix shell")

# Stands for a Python that says how and where it was called, and fails for a broken package.
PYTHON = b"""#!/bin/sh
echo "$@ in $PWD" > "$(cat "$(dirname "$0")/../share/note")"
[ ! -e "$(dirname "$0")/../share/broken" ] || { echo "SM110 a module is missing"; exit 1; }
"""


def built(folder: Path, note: Path, *, broken: bool = False) -> Path:
    """Write a channel with one package that depends on a Python of the same channel."""
    here = machine.subdir()
    files = [Entry("share/note", str(note).encode())]
    if broken:
        files.append(Entry("share/broken", b""))
    python = Package("python", "3.13.0", "0", here, files=(Entry("bin/python", PYTHON, True),))
    ours = Package("rustybt", "0.1.0", "py_0", here, depends=("python",), files=tuple(files))
    for name, packages in ((here, (python, ours)), ("noarch", ())):
        (folder / name).mkdir(parents=True)
        records = {each.filename: pack(each, folder / name) for each in packages}
        index = {"info": {"subdir": name}, "packages": {}, "packages.conda": records}
        (folder / name / "repodata.json").write_text(json.dumps(index), encoding="utf-8")
    # The interpreter comes from a channel of its own, as in life.
    return folder


def split(folder: Path, note: Path, *, broken: bool = False) -> tuple[Path, str]:
    """Return a folder with the package alone, and the address of the rest."""
    rest = built(folder / "rest", note)
    ours = built(folder / "ours", note, broken=broken)
    subdir = ours / machine.subdir()
    index = json.loads((subdir / "repodata.json").read_text(encoding="utf-8"))
    index["packages.conda"] = {
        name: record for name, record in index["packages.conda"].items() if "rustybt" in name
    }
    (subdir / "repodata.json").write_text(json.dumps(index), encoding="utf-8")
    next(subdir.glob("python-*.conda")).unlink()
    return ours, rest.as_uri()


def test_smoke_runs_in_a_fresh_environment_outside_the_checkout(tmp_path: Path) -> None:
    note = tmp_path / "note"
    ours, rest = split(tmp_path, note)
    assert proving.prove(ours, [rest], machine.subdir()) == ["rustybt-0.1.0-py_0.conda"]
    said, _, place = note.read_text(encoding="utf-8").strip().rpartition(" in ")
    assert said == "-P -m rustybt.smoke --strict"
    assert not Path(place).is_relative_to(Path(__file__).resolve().parents[2])
    assert not Path(place).exists()


def test_f8_a_package_that_fails_is_told_with_what_smoke_said(tmp_path: Path) -> None:
    ours, rest = split(tmp_path, tmp_path / "note", broken=True)
    with pytest.raises(CondaError, match=r"rustybt-0\.1\.0-py_0\.conda fails") as caught:
        proving.prove(ours, [rest], machine.subdir())
    assert "SM110 a module is missing" in str(caught.value)


def test_no_package_is_no_proof(tmp_path: Path) -> None:
    with pytest.raises(CondaError, match="has no package for"):
        proving.prove(tmp_path, [], machine.subdir())


def program(folder: Path, text: str) -> None:
    """Write a stand-in for conda-build."""
    folder.mkdir()
    path = folder / "conda-build"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_conda_build_is_given_recipe_channels_and_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "output"
    script = f'echo "$@ $SOURCE_DATE_EPOCH" > {tmp_path}/said; mkdir {output}/noarch'
    program(tmp_path / "bin", f"{script}; touch {output}/noarch/rustybt-0.1.0-0.conda")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    recipe = tmp_path / "recipe/recipe.yaml"
    made = conda_build.build(recipe, ["https://one.example/forge"], output, "17")
    assert [path.name for path in made] == ["rustybt-0.1.0-0.conda"]
    assert (tmp_path / "said").read_text(encoding="utf-8").split() == [
        *("--override-channels", "--output-folder", str(output)),
        *("--channel", "https://one.example/forge"),
        *("--variant-config-files", str(recipe.with_name("variants.yaml"))),
        str(recipe.parent),
        "17",
    ]


@pytest.mark.parametrize(
    ("script", "said"), [("exit 3", "ended with exit code 3"), ("exit 0", "there is no package")]
)
def test_conda_build_that_builds_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    program(tmp_path / "bin", script)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(CondaError, match=said):
        conda_build.build(tmp_path / "recipe.yaml", [], tmp_path / "output", "0")


def test_no_conda_build_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CondaError, match="conda-build is not installed here"):
        conda_build.build(tmp_path / "recipe.yaml", [], tmp_path / "output", "0")
