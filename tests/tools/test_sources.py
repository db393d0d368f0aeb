from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sources

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in {
        "rustybt/__init__.py": "",
        "rustybt/a.pyx": "x = 1\n",
        "rustybt/sub/b.pyx": "y = 1\n",
        "rustybt/sub/shared.pxi": "z = 1\n",
        "rust/Cargo.toml": "[workspace]\n",
        "rust/Cargo.lock": "",
        "rust/python/Cargo.toml": "[package]\n",
        "rust/python/src/lib.rs": "// crate\n",
        "rust/target/debug/generated.rs": "// not a source\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def _fingerprints(tree: Path) -> dict[str, str]:
    return {module.name: sources.fingerprint(tree, module) for module in sources.find(tree)}


def test_every_module_is_found_and_sorted(tree: Path) -> None:
    found = [(module.name, module.language, module.source) for module in sources.find(tree)]
    assert found == [
        ("rustybt._rustybt", "rust", "rust/python/src/lib.rs"),
        ("rustybt.a", "cython", "rustybt/a.pyx"),
        ("rustybt.sub.b", "cython", "rustybt/sub/b.pyx"),
    ]


def test_generated_rust_is_no_source(tree: Path) -> None:
    crate = sources.find(tree)[0]
    assert "rust/target/debug/generated.rs" not in crate.inputs
    before = sources.digest(tree)
    (tree / "rust/target/debug/generated.rs").write_text("// changed\n")
    assert sources.digest(tree) == before


@pytest.mark.parametrize(
    ("changed", "affected"),
    [
        ("rustybt/a.pyx", {"rustybt.a"}),
        ("rustybt/sub/shared.pxi", {"rustybt.a", "rustybt.sub.b"}),
        ("rust/python/src/lib.rs", {"rustybt._rustybt"}),
        ("rust/Cargo.lock", {"rustybt._rustybt"}),
        ("rustybt/__init__.py", set()),
    ],
)
def test_a_change_reaches_the_fingerprints_it_should(
    tree: Path, changed: str, affected: set[str]
) -> None:
    before, digest = _fingerprints(tree), sources.digest(tree)
    (tree / changed).write_text("changed\n")
    after = _fingerprints(tree)
    assert {name for name in before if before[name] != after[name]} == affected
    assert sources.digest(tree) != digest


def test_line_endings_do_not_count(tree: Path) -> None:
    before = _fingerprints(tree)
    path = tree / "rustybt/a.pyx"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert _fingerprints(tree) == before


def test_moving_bytes_between_files_counts(tree: Path) -> None:
    before = sources.digest(tree)
    (tree / "rustybt/a.pyx").write_text("x = 1\ny = 1\n")
    (tree / "rustybt/sub/b.pyx").write_text("")
    assert sources.digest(tree) != before


@given(
    st.binary(max_size=200),
    st.from_regex(r"rustybt(\.[a-z_]{1,8}){1,3}", fullmatch=True),
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=200),
)
def test_a_marker_is_read_back_from_any_surroundings(
    before: bytes, name: str, key: bytes, after: bytes
) -> None:
    data = before + sources.marker(name, key.hex()) + after
    assert sources.read_marker(data) == (name, key.hex())


@pytest.mark.parametrize("data", [b"", b"rustybt-source:rustybt.a=", b"rustybt-source:x=12;"])
def test_no_marker(data: bytes) -> None:
    assert sources.read_marker(data) is None


def test_every_compiled_module_of_this_project_has_stub_and_probe() -> None:
    modules = sources.find(ROOT)
    assert modules
    for module in modules:
        package, _, name = module.name.rpartition(".")
        folder = ROOT / package.replace(".", "/")
        assert (folder / f"{name}.pyi").is_file(), f"{module.name} has no stub"
        assert (folder / "_probes" / f"{name}.py").is_file(), f"{module.name} has no probe"
