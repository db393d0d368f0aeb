from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artefacts import builder, cli, packing, tree
from artefacts.checkout import Checkout
from artefacts.errors import ArtefactError
from artefacts.installer import install

PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "toy"
version = "1.0"
[tool.setuptools]
packages = ["toy"]
"""


def _git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def _project(root: Path) -> Path:
    (root / "toy").mkdir(parents=True)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "toy/__init__.py").write_text("answer = 42\n")
    return root


def _commit(project: Path) -> Path:
    _git(project, "init", "--quiet")
    _git(project, "add", "--all")
    _git(project, "commit", "--quiet", "--message", "first")
    return project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return _project(tmp_path / "a project")


@pytest.fixture
def repository(project: Path) -> Path:
    return _commit(project)


@dataclass(frozen=True)
class Built:
    """A repository with what a build left in it, which no test changes."""

    repository: Path
    sdist: Path
    wheel: Path

    def copy(self, root: Path) -> tuple[Path, Path]:
        """Copy the repository; return the copy and the folder of its artefacts."""
        shutil.copytree(self.repository, root, symlinks=True)
        return root, root / self.wheel.parent.relative_to(self.repository)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build once, with a file that is not for the sdist and one that only its owner may read."""
    root = _commit(_project(tmp_path_factory.mktemp("built") / "a project"))
    (root / "toy/data.txt").write_text("not in the sdist")
    (root / "toy/__init__.py").chmod(0o600)
    return Built(root, *builder.build(root, root / "dist/x y"))


@pytest.mark.parametrize(
    ("ignored", "name", "seen"),
    [
        ("", "toy/new.py", True),
        ("lib/\n", "toy/lib/lost.py", False),
        ("", "tests/test_toy.py", False),
        ("", "build/lib/toy/stale.so", False),
    ],
)
def test_a_checkout_shows_what_git_would_give(
    repository: Path, ignored: str, name: str, seen: bool
) -> None:
    (repository / ".gitignore").write_text(ignored)
    path = repository / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x = 1\n")
    assert (name in Checkout(repository).files()) is seen


def test_a_file_deleted_from_the_work_tree_is_not_listed(repository: Path) -> None:
    (repository / "toy/__init__.py").unlink()
    assert Checkout(repository).files() == ["pyproject.toml"]


def test_without_git_every_source_is_listed(project: Path) -> None:
    (project / "toy/__pycache__").mkdir()
    (project / "toy/__pycache__/x.pyc").write_bytes(b"")
    checkout = Checkout(project)
    assert checkout.files() == ["pyproject.toml", "toy/__init__.py"]
    assert checkout.revision() is None
    assert "SOURCE_DATE_EPOCH" not in checkout.environment({})


def test_revision_and_time_are_the_commits(repository: Path) -> None:
    checkout = Checkout(repository)
    commit = checkout.revision()
    assert commit is not None
    assert len(commit) == 40
    assert int(checkout.environment({})["SOURCE_DATE_EPOCH"]) > 1_600_000_000
    assert checkout.environment({"SOURCE_DATE_EPOCH": "7"})["SOURCE_DATE_EPOCH"] == "7"
    (repository / "toy/__init__.py").write_text("answer = 43\n")
    assert checkout.revision() == f"{commit}-dirty"


def test_a_broken_repository_is_one_sentence(repository: Path) -> None:
    (repository / ".git/HEAD").write_text("nonsense")
    with pytest.raises(ArtefactError, match=r"git ls-files failed in .*a project"):
        Checkout(repository).files()


_NAMES = st.sampled_from(["a", "b/c", "b/d/e", "f.py"])
_CONTENTS = st.dictionaries(_NAMES, st.binary(max_size=8), max_size=4)


@given(before=_CONTENTS, after=_CONTENTS)
def test_sync_leaves_exactly_the_contents(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("sync")
    tree.sync(folder, before, keep=frozenset())
    tree.sync(folder, after, keep=frozenset())
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in _files(folder)}
    assert found == after


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_sync_keeps_times_and_products(tmp_path: Path) -> None:
    contents = {"same.py": b"1", "changed.py": b"1"}
    tree.sync(tmp_path, contents, keep=frozenset({"build"}))
    for path in _files(tmp_path):
        os.utime(path, (1, 1))
    (tmp_path / "build/lib").mkdir(parents=True)
    (tmp_path / "build/lib/x.so").write_bytes(b"")
    (tmp_path / "builder.py").write_bytes(b"")
    tree.sync(tmp_path, contents | {"changed.py": b"2"}, keep=frozenset({"build"}))
    assert (tmp_path / "same.py").stat().st_mtime == 1
    assert (tmp_path / "changed.py").stat().st_mtime > 1
    assert (tmp_path / "build/lib/x.so").is_file()
    assert not (tmp_path / "builder.py").exists()


def test_a_truncated_sdist_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "toy-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(__file__, "toy-1.0/a.py")
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(ArtefactError, match=r"toy-1\.0\.tar\.gz is not a readable sdist"):
        tree.sdist_contents(path)


def test_the_wheel_comes_from_the_sdist(built: Built) -> None:
    out = built.repository / "dist/x y"
    assert sorted(out.iterdir()) == sorted([built.sdist, built.wheel])
    assert "toy/__init__.py" in tree.sdist_contents(built.sdist)
    with zipfile.ZipFile(built.wheel) as archive:
        assert "toy/__init__.py" in archive.namelist()
        assert "toy/data.txt" not in archive.namelist()


def test_a_failing_build_keeps_what_was_there(built: Built, tmp_path: Path) -> None:
    repository, out = built.copy(tmp_path / "a project")
    before = _read([built.sdist, built.wheel])
    (repository / "pyproject.toml").write_text(PYPROJECT + "typo = [\n")
    with pytest.raises(ArtefactError, match=r"(?s)building the sdist failed; .*build\.log"):
        builder.build(repository, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_an_interrupted_build_is_not_trusted(built: Built, tmp_path: Path) -> None:
    repository, out = built.copy(tmp_path / "a project")
    (work,) = (path for path in (repository / "build").iterdir() if path.is_dir())
    leftover = work / "sdist/build/lib/toy/half_written.py"
    leftover.parent.mkdir(parents=True, exist_ok=True)
    leftover.write_text("")
    (work / "unfinished").touch()
    _, wheel = builder.build(repository, out)
    with zipfile.ZipFile(wheel) as archive:
        assert "toy/half_written.py" not in archive.namelist()
    assert not (work / "unfinished").exists()


def _read(paths: list[Path]) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths}


def test_the_same_build_again_is_taken_from_the_last_and_any_other_is_made(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = repository / "dist/x"
    steps: list[str] = []

    def run(kind: str, *_: object) -> Path:
        steps.append(kind)
        suffix = ".tar.gz" if kind == "sdist" else "-py3-none-any.whl"
        made = work / "made" / f"toy-1.0{suffix}"
        made.parent.mkdir(exist_ok=True)
        made.write_bytes(f"{kind} {len(steps)}".encode())
        return made

    def made_anew() -> bool:
        """Build; tell whether it was made, and check that what is there was made last."""
        before = len(steps)
        found = _read(builder.build(repository, out))
        assert sorted(found.values()) == [
            f"{kind} {len(steps) - back}".encode() for kind, back in (("sdist", 1), ("wheel", 0))
        ]
        assert {path.name: path.read_bytes() for path in out.iterdir()} == found
        return len(steps) > before

    work = repository / "build" / builder._abi()
    monkeypatch.setattr(builder, "_run", run)
    monkeypatch.setattr(packing, "repack", lambda *_: None)
    monkeypatch.setattr(tree, "sdist_contents", lambda *_: {})
    monkeypatch.delenv("CFLAGS", raising=False)
    assert made_anew()
    assert not made_anew()
    (out / "toy-1.0.tar.gz").write_bytes(b"changed in the place it was put")
    assert not made_anew()
    monkeypatch.setenv("SHLVL", "7")
    assert not made_anew()

    monkeypatch.setenv("CFLAGS", "-O0")
    assert made_anew()
    monkeypatch.setattr(sys, "version", f"{sys.version} patched")
    assert made_anew()
    (repository / "toy/__init__.py").write_text("answer = 43\n")
    assert made_anew()
    _git(repository, "commit", "--quiet", "--all", "--message", "another revision")
    assert made_anew()
    (repository / ".cargo").mkdir()
    (repository / ".cargo/config.toml").write_text("[build]\n")
    assert made_anew()
    monkeypatch.setattr("artefacts.finished._compilers", lambda _: ["another compiler"])
    assert made_anew()
    assert not made_anew()

    kept = work / "finished"
    for damage in (
        lambda: (kept / "toy-1.0.tar.gz").write_bytes(b"sdist of something else"),
        (kept / "toy-1.0-py3-none-any.whl").unlink,
        lambda: (kept / "manifest.json").write_text("{"),
        lambda: (kept / "manifest.json").write_text("[]"),
        (work / "unfinished").touch,
    ):
        damage()
        assert made_anew()
        assert not made_anew()


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("CC", "no-such-cc -O2", r"the C compiler no-such-cc is not on PATH"),
        ("PATH", "/nonexistent", r"cargo is not on PATH"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="MSVC is not found through CC or PATH")
def test_a_missing_compiler_is_named(
    repository: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    checkout = Checkout(repository)
    assert checkout.files()
    monkeypatch.setenv(variable, value)
    with pytest.raises(ArtefactError, match=sentence):
        builder.build(repository, repository / "dist")
    assert not (repository / "dist").exists()


@pytest.mark.parametrize("count", [0, 2])
def test_install_wants_one_wheel(tmp_path: Path, count: int) -> None:
    for number in range(count):
        (tmp_path / f"toy-{number}-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(ArtefactError, match="must hold exactly one wheel"):
        install(tmp_path)


def test_install_refuses_what_is_no_wheel(tmp_path: Path) -> None:
    (tmp_path / "toy-1-py3-none-any.whl").write_bytes(b"not a zip")
    with pytest.raises(ArtefactError, match=r"toy-1-py3-none-any\.whl is not a readable wheel"):
        install(tmp_path)


@pytest.mark.parametrize("given", ["", "yesterday", "-1", "1.5"])
def test_an_epoch_that_is_no_number_is_one_sentence(
    repository: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", given)
    with pytest.raises(ArtefactError, match=rf"SOURCE_DATE_EPOCH is '{given}': set it to whole"):
        builder.build(repository, repository / "dist")
    assert not (repository / "dist").exists()


def test_archives_carry_the_commits_time_and_nobodys_name(built: Built) -> None:
    epoch = int(Checkout(built.repository).environment({})["SOURCE_DATE_EPOCH"])
    with tarfile.open(built.sdist) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(epoch, 0, 0, "", "")}
    assert {m.mode for m in members if m.isfile()} == {0o644}
    with zipfile.ZipFile(built.wheel) as archive:
        infos = archive.infolist()
    assert {info.date_time for info in infos} == {_zip_time(epoch)}
    assert {info.external_attr >> 16 for info in infos} == {0o100644}
    names = [info.filename for info in infos]
    assert names[0] == "toy/__init__.py"
    assert names[-1] == "toy-1.0.dist-info/RECORD"
    assert names[1:-1] == sorted(names[1:-1])


def _zip_time(epoch: int) -> tuple[int, int, int, int, int, int]:
    date = datetime.fromtimestamp(epoch - epoch % 2, UTC)
    return date.year, date.month, date.day, date.hour, date.minute, date.second


def test_what_may_be_executed_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, mode in (("toy/run", 0o700), ("toy/read", 0o600)):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, name)
    packing.repack(path, 0)
    with zipfile.ZipFile(path) as archive:
        found = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        assert archive.testzip() is None
        assert archive.read("toy/run") == b"toy/run"
        assert archive.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)
    assert found == {"toy/read": 0o100644, "toy/run": 0o100755}


def test_a_broken_archive_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "toy-1.0.tar.gz"
    path.write_bytes(b"not an archive")
    with pytest.raises(tarfile.ReadError):
        packing.repack(path, 0)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"not an archive"


def test_an_environment_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "toy-1.0-py3-none-any.whl").touch()
    (tmp_path / "environment").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    monkeypatch.setattr(sys, "argv", ["artefacts", "install", "--from", str(tmp_path)])
    assert cli.main() == 1
    told = capsys.readouterr().err
    assert told.startswith(f"artefacts: cannot write {tmp_path / 'environment'}")
