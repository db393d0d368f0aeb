"""Building with rattler-build: toy recipes, and one sentence for every mistake."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("rattler_build", reason="py-rattler-build is in the environment default only")

from conda import building, channels, cli, reasons, staging, variants
from conda.channels import Offer
from conda.errors import CondaError, room
from externals import machine
from externals.failure import ExternalsError

ROOT = Path(__file__).resolve().parents[2]

EPOCH = 1_700_000_000  # 2023-11-14 22:13:20 UTC

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the toys are scripts of a Unix shell")

TOY = """\
package: {{name: toy, version: "1"}}
build:
  script: {script}
tests:
  - package_contents: {{strict: true, files: [share/toy/one]}}
  - script: {test}
{more}
about: {{license: MIT}}
"""
MAKE = "mkdir -p $PREFIX/share/toy && echo one > $PREFIX/share/toy/one"


@pytest.fixture(name="workshop")
def _workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> building.Workshop:
    """Return a workshop over an empty channel."""
    here = machine.subdir()
    channel = tmp_path / "channel"
    for name in (here, "noarch"):
        (channel / name).mkdir(parents=True)
        index = {"info": {"subdir": name}, "packages": {}, "packages.conda": {}}
        (channel / name / "repodata.json").write_text(json.dumps(index), encoding="utf-8")
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    offer = Offer((channel.as_uri(),), {})
    folder = tmp_path / "work"
    folder.mkdir()
    return building.Workshop(folder, offer, variants.Platforms(here, here), EPOCH)


def write(
    folder: Path, script: str = MAKE, test: str = "test -f $PREFIX/share/toy/one", **more: str
) -> Path:
    path = folder / "recipe.yaml"
    text = TOY.format(script=script, test=test, more=more.get("more", ""))
    path.write_text(text, encoding="utf-8")
    return path


def test_a_package_is_built_tested_and_published(
    workshop: building.Workshop, tmp_path: Path
) -> None:
    before = os.environ["PATH"]
    (package,) = workshop.build(write(tmp_path))
    assert os.environ["PATH"] == before
    output = tmp_path / "dist/conda"
    for _ in range(2):
        output.mkdir(parents=True, exist_ok=True)
        (output / "older").touch()
        published = building.publish(workshop.output, output, machine.subdir())
        assert published == [output / machine.subdir() / package.name]
        assert not (output / "older").exists()
    index = json.loads((output / machine.subdir() / "repodata.json").read_text(encoding="utf-8"))
    assert list(index["packages.conda"]) == [package.name]
    assert (output / "noarch/repodata.json").is_file()
    assert [path.name for path in output.parent.iterdir()] == ["conda"]
    assert zipfile.is_zipfile(published[0])
    assert stat.S_IMODE(published[0].stat().st_mode) == 0o644
    assert (workshop.folder / "build-any.log").read_text(encoding="utf-8")


def test_two_builds_elsewhere_give_the_same_bytes(
    workshop: building.Workshop, tmp_path: Path
) -> None:
    make = "echo $PREFIX >> $PREFIX/share/toy/one"
    (tmp_path / "recipe").mkdir()  # by itself, since a package holds the recipe's whole folder
    recipe = write(tmp_path / "recipe", script=f"{MAKE} && {make}")
    elsewhere = replace(workshop, folder=tmp_path / "some/where/else")
    elsewhere.folder.mkdir(parents=True)
    ((one,), (other,)) = (shop.build(recipe) for shop in (workshop, elsewhere))
    assert one != other
    assert one.read_bytes() == other.read_bytes()
    index = json.loads((one.parent / "repodata.json").read_text(encoding="utf-8"))
    record = index["packages.conda"][one.name]
    assert record["sha256"] == hashlib.sha256(one.read_bytes()).hexdigest()
    assert record["timestamp"] == EPOCH * 1000


def test_the_path_of_a_build_is_without_this_environment(
    workshop: building.Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'mine'}{os.pathsep}{os.environ['PATH']}")
    workshop.build(write(tmp_path, script=f"{MAKE} && echo path $PATH"))
    log = (workshop.folder / "build-any.log").read_text(encoding="utf-8")
    (line,) = (line for line in log.splitlines() if line.startswith("path "))
    assert str(tmp_path / "mine") not in line
    assert line.endswith(":/usr/local/bin:/usr/bin:/bin")


def test_a_failing_step_shows_the_end_of_its_log(
    workshop: building.Workshop, tmp_path: Path
) -> None:
    recipe = write(tmp_path, script="echo the reason && exit 3")
    with pytest.raises(CondaError, match=r"building toy 1 failed: .*whole log is") as caught:
        workshop.build(recipe)
    assert "\n  the reason\n" in str(caught.value)
    assert str(workshop.folder / "build-any.log") in str(caught.value)


def test_a_failing_test_is_named(workshop: building.Workshop, tmp_path: Path) -> None:
    recipe = write(tmp_path, test="echo not so && exit 1")
    with pytest.raises(CondaError, match=r"testing toy-1-\S+\.conda .*CommandsTest") as caught:
        workshop.build(recipe)
    assert "not so" in str(caught.value)


@pytest.mark.parametrize(
    ("script", "named"),
    [
        (MAKE.replace("one", "two"), "share/toy/one"),
        (f"{MAKE} && touch $PREFIX/share/toy/stale", "share/toy/stale"),
    ],
)
def test_a_file_too_few_or_too_many_fails(
    workshop: building.Workshop, tmp_path: Path, script: str, named: str
) -> None:
    with pytest.raises(CondaError, match="package content") as caught:
        workshop.build(write(tmp_path, script=script))
    assert named in str(caught.value)


def test_a_package_for_another_machine_is_not_tested(
    workshop: building.Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = machine.subdir()
    other = "linux-64" if here == "linux-aarch64" else "linux-aarch64"
    crossing = replace(workshop, platforms=variants.Platforms(here, other))
    (package,) = crossing.build(write(tmp_path, test="exit 1"))
    assert package.parent.name == other
    assert f"{package.name} is for another machine: not tested here" in capsys.readouterr().err


def test_a_package_without_a_test_is_refused(workshop: building.Workshop, tmp_path: Path) -> None:
    recipe = write(tmp_path)
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("  - script: test", "  # test"), encoding="utf-8")
    with pytest.raises(CondaError, match="carries no test"):
        workshop.build(recipe)


def test_an_unsolvable_environment_says_which_spec_and_why(
    workshop: building.Workshop, tmp_path: Path
) -> None:
    more = "requirements:\n  host: [nosuchthing >=3]"
    with pytest.raises(CondaError, match=r"no packages meet nosuchthing >=3 over") as caught:
        workshop.build(write(tmp_path, more=more))
    assert "No candidates were found for nosuchthing >=3" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("  script:", "  scrip:", "scrip"),
        ("build:\n", "build: [\n", "recipe.yaml"),
        ("mkdir", "${{ nosuch( }} mkdir", "recipe.yaml"),
    ],
)
def test_a_typo_in_the_recipe_is_one_error(
    workshop: building.Workshop, tmp_path: Path, old: str, new: str, named: str
) -> None:
    recipe = write(tmp_path)
    recipe.write_text(recipe.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(CondaError, match=r"recipe\.yaml cannot be rendered") as caught:
        workshop.build(recipe)
    assert named in str(caught.value)
    assert not workshop.output.exists()


def test_a_full_disk_is_one_sentence(workshop: building.Workshop, tmp_path: Path) -> None:
    script = "echo 'No space left on device' && exit 1"
    with pytest.raises(CondaError, match="the disk is full; make room or") as caught:
        workshop.build(write(tmp_path, script=script))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("failed to copy: No space left on device (os error 28)", "the disk is full"),
        ("Disk quota exceeded (os error 122)", "the disk quota is used up"),
        ("Read-only file system (os error 30)", "the file system is read-only"),
    ],
)
def test_room(said: str, cause: str, tmp_path: Path) -> None:
    error = room(said, "", tmp_path)
    assert error is not None
    assert cause in str(error)


def test_only_a_lack_of_room_is_read_off_a_log(tmp_path: Path) -> None:
    assert room("No such file or directory (os error 2)", "", tmp_path) is None
    assert room("script failed", "sh: ./x: Permission denied (os error 13)", tmp_path) is None
    assert room("script failed", "cat: write error: No space left on device", tmp_path) is not None


def test_a_limit_that_is_really_reached_is_one_sentence(
    workshop: building.Workshop, tmp_path: Path
) -> None:
    code = """
import json, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conda import building, errors, variants
from conda.channels import Offer
folder, channel, here, recipe = sys.argv[2:]
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
platforms = variants.Platforms(here, here)
shop = building.Workshop(Path(folder), Offer((channel,), {}), platforms, 1_700_000_000)
try:
    shop.build(Path(recipe))
except errors.CondaError as error:
    print(error)
"""
    script = "mkdir -p $PREFIX/share/toy && head -c 200000 /dev/urandom > $PREFIX/share/toy/one"
    recipe = write(tmp_path, script=script)
    words = [str(workshop.folder), workshop.offer.channels[0], machine.subdir(), str(recipe)]
    run = subprocess.run(
        [sys.executable, "-P", "-c", code, ROOT / "tools", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot write below" in run.stdout
    assert "the file size limit is reached" in run.stdout
    assert len(run.stdout.splitlines()) == 1


def test_the_specs_of_the_last_environment_are_read() -> None:
    log = [
        "  Specs:",
        "   - one >=1",
        "   - two",
        "text",
        "   - three",
        "  Specs:",
        "   - four 4.*",
    ]
    assert reasons.specs(log) == ("four 4.*",)
    assert reasons.specs(log[:5]) == ("one >=1", "two")
    assert reasons.specs([]) == ()


def test_missing_patchelf_is_one_sentence(
    workshop: building.Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CondaError, match="patchelf is not on PATH"):
        workshop.build(write(tmp_path))


def test_the_command_says_it_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def assemble(*_: object) -> Offer:
        raise ExternalsError("no C compiler: gcc is not on PATH; run: apt-get install gcc")

    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setattr(staging, "lay_out", lambda _root, folder: folder / "recipe.yaml")
    monkeypatch.setattr(channels, "externals", assemble)
    shutil.copyfile(ROOT / "pixi.toml", tmp_path / "pixi.toml")
    assert cli.main(["build", "--channel", "externals", "--outdir", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "conda: packages come from externals, as asked for",
        "conda: no C compiler: gcc is not on PATH; run: apt-get install gcc",
    ]
    assert not (tmp_path / "out").exists()


def test_crates_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "rust").mkdir()
    (tmp_path / "rust/Cargo.lock").touch()
    for name in ("recipe.yaml", "variants.yaml"):
        (tmp_path / "recipe").mkdir(exist_ok=True)
        (tmp_path / "recipe" / name).touch()
    with pytest.raises(CondaError, match="cargo is not on PATH"):
        staging.lay_out(tmp_path, tmp_path / "source")
    assert not (tmp_path / "source/.cargo/vendor").exists()


def test_crates_that_cannot_be_fetched_leave_nothing(tmp_path: Path) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("this environment has no cargo")
    for name in (
        "rust/Cargo.lock",
        "rust/Cargo.toml",
        "recipe/recipe.yaml",
        "recipe/variants.yaml",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("broken", encoding="utf-8")
    with pytest.raises(CondaError, match="cannot be fetched"):
        staging.lay_out(tmp_path, tmp_path / "source")
    assert not (tmp_path / "source/.cargo/vendor").exists()
    assert not (tmp_path / "source/.cargo/vendored.lock").exists()
