"""tools/reproduce on toy projects: the same bytes, or what differs and why."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reproduce import cli, conditions, report
from reproduce.errors import ReproduceError
from reproduce.kinds import Kind
from reproduce.proof import Proof, prove

ROOT = Path(__file__).resolve().parents[2]
FILES = ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "tools/sources.py")
BUILD = "import sys; from pathlib import Path; from artefacts.builder import build; \
sys.exit(not build(Path(sys.argv[1]), Path(sys.argv[2])))"

# Writes into the package what no build may: where it ran, when, as whom, and a set as it comes.
TELLTALE_SETUP = """\
import os, time
from pathlib import Path
from setuptools import setup
from setuptools.command.build_py import build_py

class Telling(build_py):
    def run(self):
        super().run()
        toy = Path(self.build_lib, "toy")
        Path(toy, "where.py").write_text(f"here = {os.getcwd()!r}\\n")
        Path(toy, "when.py").write_text(f"then = {time.time():.0f}\\n")
        Path(toy, "who.py").write_text(f"me = {os.environ['USER']!r}\\n")
        letters = "\\n".join(f"# {letter}" for letter in set("abcdefghijklmnop"))
        Path(toy, "order.py").write_text(letters + "\\n")
        Path(toy, "cores.py").write_text(f"n = {len(os.sched_getaffinity(0))}\\n")
        Path(toy, "zone.py").write_text(f"east = {time.timezone}\\n")

setup(cmdclass={"build_py": Telling})
"""
TELLTALE_PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "toy"
version = "1.0"
[tool.setuptools]
packages = ["toy"]
"""

# A checkout whose builder takes no time: the artefact holds what the test put there.
QUICK_BUILDER = """\
import os, sys, zipfile
from pathlib import Path
out = Path(sys.argv[sys.argv.index("--outdir") + 1])
out.mkdir(parents=True)
with zipfile.ZipFile(out / "toy-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr(zipfile.ZipInfo("toy.py"), CONTENT)
print("packed")
"""


def _kind() -> Kind:
    def command(checkout: Path, out: Path) -> list[str]:
        path = f"import sys; sys.path.insert(0, {str(ROOT / 'tools')!r}); "
        return [sys.executable, "-P", "-c", path + BUILD, str(checkout), str(out)]

    return Kind("toys", command, ("*.tar.gz", "*.whl"))


def _commit(root: Path) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "first"]):
        subprocess.run(["git", *identity, *command], cwd=root, check=True, capture_output=True)


def _quick(root: Path, content: str) -> Path:
    tool = root / "tools/artefacts/__main__.py"
    tool.parent.mkdir(parents=True)
    tool.write_text(QUICK_BUILDER.replace("CONTENT", content))
    return root


def _cli(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", str(ROOT / "tools/reproduce"), "--root", str(root), *arguments],
        env={**os.environ, "CI": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_projects_own_setup_is_reproducible(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for package in ("", "deep", "deep/er"):
        (root / "rustybt" / package).mkdir(exist_ok=True)
        (root / "rustybt" / package / "__init__.py").write_text("")
    module = "def where():\n    raise ValueError('somewhere')\n"
    (root / "rustybt/small.pyx").write_text(module)
    (root / "rustybt/deep/other.pyx").write_text(module)
    _commit(root)
    proof = prove(root, [_kind()])
    assert proof.holds, report.as_table(proof)
    wheel, sdist = proof.verdicts
    assert sdist.name.endswith(".tar.gz")
    assert wheel.name.endswith(".whl")
    assert all(verdict.sha256[0] == verdict.sha256[1] for verdict in proof.verdicts)


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Proof:
    root = tmp_path_factory.mktemp("telling")
    (root / "toy").mkdir()
    (root / "toy/__init__.py").write_text("")
    (root / "setup.py").write_text(TELLTALE_SETUP)
    (root / "pyproject.toml").write_text(TELLTALE_PROJECT)
    _commit(root)
    return prove(root, [_kind()])


CAUSES = {
    "where.py": "holds the build path ",
    "when.py": "a time: ",
    "who.py": "holds the user name first-maker",
    "order.py": "the same lines in another order",
}
if hasattr(os, "sched_getaffinity"):
    CAUSES["cores.py"] = ""
if hasattr(os, "getuid"):
    CAUSES["zone.py"] = ""


@pytest.mark.parametrize("name", CAUSES)
def test_what_tells_of_the_build_is_caught_and_named(telling: Proof, name: str) -> None:
    if name == "cores.py" and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("one core cannot be made fewer")
    assert not telling.holds
    (wheel,) = (verdict for verdict in telling.verdicts if verdict.name.endswith(".whl"))
    (found,) = (item for item in wheel.differences if item.where.endswith(f"!/toy/{name}"))
    assert found.kind == "content"
    assert found.hint.startswith(CAUSES[name])


def test_nothing_else_differs(telling: Proof) -> None:
    wheel, sdist = telling.verdicts
    assert sdist.same
    names = {item.where.rpartition("/")[2] for item in wheel.differences}
    assert names - {"cores.py", "zone.py"} == {
        "where.py",
        "when.py",
        "who.py",
        "order.py",
        "RECORD",
    }
    assert {item.kind for item in wheel.differences} == {"content"}
    assert {leak.where.rpartition("/")[2] for leak in wheel.leaks} == {"where.py", "who.py"}


def test_the_two_conditions_share_nothing() -> None:
    one, other = (condition.described() for condition in conditions.pair())
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] == other[name]] == []


def test_same_bytes_exit_0_and_say_so(tmp_path: Path) -> None:
    run = _cli(_quick(tmp_path / "toy", "'x = 1'"), "python")
    assert run.returncode == 0, run.stderr
    assert "toy-1.0-py3-none-any.whl  0.00 MB  same bytes, sha256 " in run.stdout
    assert "PYTHONHASHSEED" in run.stdout


def test_other_bytes_exit_1_and_the_json_names_them(tmp_path: Path) -> None:
    toy = _quick(tmp_path / "toy", "os.environ['HOME']")
    run = _cli(toy, "python", "--json", SOURCE_DATE_EPOCH="1700000000")
    assert run.returncode == 1, run.stderr
    document = json.loads(run.stdout)
    assert document["version"] == 1
    assert document["reproducible"] is False
    assert document["source_date_epoch"] == 1_700_000_000
    assert set(document["conditions"]) == {"first", "second"}
    (artefact,) = document["artefacts"]
    assert artefact["sha256"][0] != artefact["sha256"][1]
    (difference,) = artefact["differences"]
    assert difference["where"] == "toy-1.0-py3-none-any.whl!/toy.py"
    assert difference["kind"] == "content"
    assert difference["hint"].startswith("holds the home ")
    assert {leak["what"] for leak in artefact["leaks"]} >= {"home"}


def test_the_same_leak_in_both_exits_1(tmp_path: Path) -> None:
    toy = tmp_path / "toy"
    run = _cli(_quick(toy, repr(f"x = '{toy}/x.py'")), "python")
    assert run.returncode == 1
    assert "TELLS OF THE BUILD" in run.stdout
    assert f"the checkout {toy} at offset 5" in run.stdout


def test_a_failing_build_is_told_with_its_last_lines(tmp_path: Path) -> None:
    run = _cli(_quick(tmp_path / "toy", "1 / 0"), "python")
    assert run.returncode == 2
    assert "reproduce: the first build of sdist and wheel failed:\n" in run.stderr
    assert "ZeroDivisionError: division by zero" in run.stderr
    assert run.stdout == ""


def test_an_unknown_artefact_is_one_sentence(tmp_path: Path) -> None:
    run = _cli(tmp_path, "wheal")
    assert run.returncode == 2
    assert "no artefact is called wheal: choose from python, conda" in run.stderr


def test_a_folder_to_keep_must_be_empty(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("")
    run = _cli(tmp_path, "--keep", str(tmp_path / "full"))
    assert run.returncode == 2
    assert "full is not an empty folder: name another" in run.stderr


def test_a_kept_folder_holds_both_builds(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    prove(_quick(tmp_path / "toy", "'x = 1'"), [_quick_kind()], kept)
    assert len(list(kept.rglob("out/*.whl"))) == 2


def test_folders_have_no_space_where_none_may_be(tmp_path: Path) -> None:
    root = _quick(tmp_path / "toy", "'x = 1'")
    (root / ".pixi/wheels").mkdir(parents=True)
    (root / ".pixi/wheels/fetched").write_text("")
    unspaced = replace(_quick_kind(), spaces=False, downloads=(".pixi/wheels", ".pixi/none"))
    proof = prove(root, [_quick_kind(), unspaced], tmp_path / "kept")
    assert proof.holds
    assert len(proof.verdicts) == 2
    made = [path.relative_to(tmp_path / "kept") for path in (tmp_path / "kept").rglob("out/*.whl")]
    assert len(made) == 4
    assert {path.parts[0] for path in made if " " in str(path)} == {"another place"}
    carried = [path.relative_to(tmp_path / "kept") for path in tmp_path.rglob("kept/**/fetched")]
    assert len(carried) == 2
    assert all(path.parts[0] == "unspaced" for path in carried)


def test_what_cannot_be_built_here_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = replace(_quick_kind(), title="odd things", needs="no_such_module")
    monkeypatch.setattr(cli, "KINDS", {"toys": _quick_kind, "odd": lambda: odd})
    assert [kind.title for kind in cli.chosen([])] == ["toys"]
    assert "odd things is passed over: no_such_module is not installed" in capsys.readouterr().err
    assert cli.chosen(["odd"]) == [odd]


def test_a_build_that_makes_nothing_is_one_sentence(tmp_path: Path) -> None:
    toy = _quick(tmp_path / "toy", "'x = 1'")
    with pytest.raises(ReproduceError, match=r"the first build of toys made no \*\.conda"):
        prove(toy, [_quick_kind(("*.conda",))])


def _quick_kind(patterns: tuple[str, ...] = ("*.whl",)) -> Kind:
    def command(checkout: Path, out: Path) -> list[str]:
        tool = str(checkout / "tools/artefacts")
        return [sys.executable, "-P", tool, "--outdir", str(out)]

    return Kind("toys", command, patterns)
