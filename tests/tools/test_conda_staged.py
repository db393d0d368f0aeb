"""The recipe as a submission to conda-forge."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from conda import staged
from conda.errors import CondaError

ROOT = Path(__file__).resolve().parents[2]
RECIPE = (ROOT / "recipe/recipe.yaml").read_text(encoding="utf-8")
VERSION = "0.1.0"
URL = f"https://example.org/rustybt-{VERSION}.tar.gz"


def sdist(folder: Path, names: tuple[str, ...]) -> Path:
    path = folder / f"rustybt-{VERSION}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(f"rustybt-{VERSION}/{name}"), io.BytesIO())
    return path


NEEDED = (
    "rust/Cargo.lock",
    "rust/python/Cargo.toml",
    "tools/sources.py",
    "tools/thirdparty.py",
)


def test_a_submission_has_the_released_sdist_as_its_source(tmp_path: Path) -> None:
    archive = sdist(tmp_path, NEEDED)
    folder = tmp_path / "out/rustybt"
    written = staged.submission(ROOT, archive, URL, folder)
    assert [path.name for path in written] == [
        "conda-forge.yml",
        "conda_build_config.yaml",
        "recipe.yaml",
    ]
    text = (folder / "recipe.yaml").read_text(encoding="utf-8")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert "  url: https://example.org/rustybt-${{ version }}.tar.gz\n" in text
    assert f"  sha256: {digest}\n" in text
    assert "path: .." not in text
    assert text.startswith("schema_version: 1\n")
    # Only the source differs.
    after = "\nbuild:\n  number"
    assert text.partition(after)[2] == RECIPE.partition(after)[2]
    pins = (folder / "conda_build_config.yaml").read_text(encoding="utf-8")
    assert pins.splitlines()[0] == "rust_compiler_version:"
    assert len(pins.splitlines()) == 2
    # A second submission takes the place of the first.
    (folder / "left-over").touch()
    assert staged.submission(ROOT, archive, URL, folder) == written


def test_a_submission_renders(tmp_path: Path) -> None:
    pytest.importorskip(
        "rattler_build", reason="py-rattler-build is in the environment default only"
    )
    from conda import variants

    staged.submission(ROOT, sdist(tmp_path, NEEDED), URL, tmp_path / "out")
    here = variants.Platforms("linux-64", "linux-64")
    pins = variants.read(ROOT / "recipe/variants.yaml", here)
    rendered = variants.render(tmp_path / "out/recipe.yaml", pins, here)
    assert {each.recipe.sources[0].to_dict()["url"] for each in rendered} == {URL}


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/rustybt-0.1.0.tar.gz",
        "https://example.org/rustybt-0.2.0.tar.gz",
        "https://example.org/rusty bt-0.1.0.tar.gz",
    ],
)
def test_a_wrong_address_is_refused(url: str) -> None:
    with pytest.raises(CondaError, match="https address of version"):
        staged.render(RECIPE, url, "0" * 64)


def test_an_sdist_that_lacks_a_source_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with pytest.raises(CondaError, match=r"lacks tools/thirdparty\.py"):
        staged.submission(ROOT, sdist(tmp_path, NEEDED[:-1]), URL, folder)
    assert not folder.exists()


def test_a_missing_sdist_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CondaError, match=r"cannot read the sdist .*run \./pixiw run build"):
        staged.submission(ROOT, tmp_path / "none.tar.gz", URL, tmp_path / "out")


@pytest.mark.parametrize("lost", ["source:", '  version: "'])
def test_a_recipe_without_source_or_version_is_refused(lost: str) -> None:
    with pytest.raises(CondaError, match="must have a version in its context"):
        staged.render(RECIPE.replace(lost, "x: "), URL, "0" * 64)
