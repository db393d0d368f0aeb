"""What `import rustybt` loads, and what it says of a compiled module that is not there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import rustybt

INSTALLED = Path(rustybt.__path__[0])
RECORD: dict[str, Any] = json.loads((INSTALLED / "_build_record.json").read_text())
DEPENDENCIES = [Requirement(line).name for line in metadata.requires("rustybt") or ()]
MODULES = [module["name"] for module in RECORD["modules"]]
# In a package of its own, and none that other modules need, as they do rustybt._cyutility.
CYTHON = next(
    module
    for module in RECORD["modules"]
    if module["language"] == "cython" and module["name"].count(".") > 1
)


def run(
    program: str, cwd: Path, flags: tuple[str, ...] = ("-P",)
) -> subprocess.CompletedProcess[str]:
    """Run `program` in a Python without this one's environment."""
    return subprocess.run(
        [sys.executable, *flags, "-c", program],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder that holds a copy of the installed package, and nothing else."""
    leave_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(INSTALLED, tmp_path / "copy/rustybt", ignore=leave_out)
    return tmp_path / "copy"


@pytest.fixture
def checkout(copy: Path) -> Path:
    """Return an unbuilt checkout: sources, and neither shared objects nor a build record."""
    (copy / "pyproject.toml").write_text('[project]\nname = "rustybt"\nversion = "3.2.1"\n')
    (copy / "rustybt/_build_record.json").unlink()
    for module in RECORD["modules"]:
        (copy / module["file"]).unlink()
        if module["language"] == "cython":
            (copy / module["source"]).touch()
    return copy


def remote(folder: Path, name: str, abi: str) -> Path:
    """Give the shared object of CYTHON in `folder` another ABI tag."""
    path = folder / str(CYTHON["file"])
    target = path.with_name(f"{name}.{abi}.so")
    path.rename(target)
    return target


def test_import_loads_nothing_else(tmp_path: Path) -> None:
    program = (
        "import sys; before = set(sys.modules); import rustybt; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = run(program, tmp_path, ("-I",))
    assert set(done.stdout.split()) - {"__future__"} == {"rustybt", "rustybt._missing"}


def test_public_names_are_lazy(tmp_path: Path) -> None:
    done = run(
        "import sys, rustybt; assert not {'numpy', 'pandas'} & set(sys.modules); "
        "rustybt.Equity; assert 'Equity' in vars(rustybt); "
        "print(*[name for name in rustybt.__all__ if getattr(rustybt, name) is None])",
        tmp_path,
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_dir_names_what_is_public() -> None:
    assert set(rustybt.__all__) <= set(dir(rustybt))


def test_unknown_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'rustybt' has no attribute 'nothing'"):
        rustybt.nothing  # noqa: B018


def test_version_is_that_of_the_metadata() -> None:
    assert rustybt.__version__ == RECORD["package"] == metadata.version("rustybt")


@pytest.mark.parametrize("name", ["rustybt.nothing", "rustybt.lib.nothing", "rustybt.rank"])
def test_unknown_modules_stay_unknown(name: str) -> None:
    assert find_spec(name) is None
    with pytest.raises(ModuleNotFoundError, match=re.escape(f"No module named '{name}'")):
        __import__(name)


def test_the_finder_is_installed_once(tmp_path: Path) -> None:
    done = run(
        "import sys, importlib, rustybt; importlib.reload(rustybt); del sys.modules['rustybt']; "
        "import rustybt; print([type(f).__name__ for f in sys.meta_path].count('MissingFinder'))",
        tmp_path,
    )
    assert done.stdout == "1\n"


@pytest.mark.parametrize("name", MODULES)
def test_unbuilt_checkout(checkout: Path, name: str) -> None:
    package, _, stem = name.rpartition(".")
    for program in (f"import {name}", f"from {package} import {stem}"):
        line = last_line(run(program, checkout, ()))
        assert line == (
            f"rustybt._missing.CompiledModuleMissingError: {name} is not compiled here: rustybt "
            f"was imported from the unbuilt checkout {checkout}; run elsewhere or with `python -P` "
            "to import the installed rustybt, or build one with `./pixiw run install` or "
            "`pip install .`."
        )


def test_lazy_attributes_say_the_same(checkout: Path) -> None:
    line = last_line(run("import rustybt; rustybt.Equity", checkout, ()))
    assert "rustybt.assets._assets is not compiled here" in line
    line = last_line(run("from rustybt import Equity", checkout, ()))
    assert "rustybt.assets._assets is not compiled here" in line


def test_missing_from_the_install(copy: Path) -> None:
    (copy / CYTHON["file"]).unlink()
    line = last_line(run(f"import {CYTHON['name']}", copy, ()))
    assert line == (
        f"rustybt._missing.CompiledModuleMissingError: {CYTHON['name']} is not in this install of "
        f"rustybt ({copy / 'rustybt'}) although its build record lists it; "
        "`pip install --force-reinstall --no-deps rustybt` mends it."
    )


@pytest.mark.parametrize("content", [None, "", "[]", '{"modules": [1]}'])
def test_missing_without_a_record(copy: Path, content: str | None) -> None:
    (copy / CYTHON["file"]).unlink()
    (copy / "rustybt/_build_record.json").unlink()
    if content is not None:
        (copy / "rustybt/_build_record.json").write_text(content)
    line = last_line(run(f"import {CYTHON['name']}", copy, ()))
    assert f"{CYTHON['name']} is not in this install of rustybt" in line


def test_missing_subpackage(copy: Path) -> None:
    package = CYTHON["name"].rpartition(".")[0]
    shutil.rmtree(copy.joinpath(*package.split(".")))
    line = last_line(run(f"import {CYTHON['name']}", copy, ()))
    assert f"{package} is not in this install of rustybt" in line


def test_lost_from_a_built_checkout(copy: Path) -> None:
    (copy / "pyproject.toml").touch()
    (copy / CYTHON["file"]).unlink()
    line = last_line(run(f"import {CYTHON['name']}", copy, ()))
    assert f"{CYTHON['name']} is no longer in the checkout {copy}" in line
    assert "build it again" in line


@pytest.mark.parametrize("is_checkout", [True, False])
def test_built_for_another_python(copy: Path, *, is_checkout: bool) -> None:
    if is_checkout:
        (copy / "pyproject.toml").touch()
    stem = CYTHON["name"].rpartition(".")[2]
    wrong = remote(copy, stem, "cpython-39-x86_64-linux-gnu")
    line = last_line(run(f"import {CYTHON['name']}", copy, ()))
    assert (
        f"{CYTHON['name']} was built for another Python: {wrong.parent} holds {wrong.name}, "
        f"which this Python ({sys.implementation.cache_tag}) does not load"
    ) in line
    assert ("./pixiw run install" if is_checkout else "--force-reinstall") in line


def test_the_exception_names_the_module(copy: Path) -> None:
    (copy / CYTHON["file"]).unlink()
    done = run(
        f"try:\n    import {CYTHON['name']}\nexcept ImportError as error:\n    print(error.name)",
        copy,
        (),
    )
    assert done.stdout.strip() == CYTHON["name"]


def test_version_of_an_unbuilt_checkout(checkout: Path) -> None:
    done = run("import rustybt; print(rustybt.__version__)", checkout, ())
    assert done.stdout == "3.2.1\n"


@pytest.mark.parametrize(
    "name", ["rustybt.api", "rustybt.finance.blotter", "rustybt.finance.cancel_policy"]
)
def test_what_strategies_import_first_is_light(name: str, tmp_path: Path) -> None:
    heavy = {"pandas", "sqlalchemy", "pyarrow", "exchange_calendars", "click"}
    program = f"import sys, {name}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = run(program, tmp_path)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_every_name_of_the_api_is_there() -> None:
    from rustybt import api
    from rustybt.algorithm import TradingAlgorithm

    for name in api.__all__:
        value = getattr(api, name)
        if getattr(value, "__doc__", "") == f"See `rustybt.algorithm.TradingAlgorithm.{name}`.":
            assert callable(getattr(TradingAlgorithm, name))
    assert set(api.__all__) <= set(dir(api))
    with pytest.raises(AttributeError, match="has no attribute 'detach_pipeline'"):
        _ = api.detach_pipeline  # type: ignore[attr-defined]


def test_show_versions_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    rustybt.show_versions(as_json=True)
    shown = json.loads(capsys.readouterr().out)
    assert shown["version"] == 1
    assert shown["rustybt"] == metadata.version("rustybt")
    assert shown["source"] == RECORD["source"]
    assert shown["build"] == RECORD["build"]
    assert [module["name"] for module in shown["modules"]] == MODULES
    assert {item["name"]: item["version"] for item in shown["dependencies"]} == {
        name: metadata.version(name) for name in DEPENDENCIES
    }


def test_show_versions_as_table(capsys: pytest.CaptureFixture[str]) -> None:
    rustybt.show_versions()
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["rustybt"] == metadata.version("rustybt")
    assert rows["build.cython"] == RECORD["build"]["cython"]
    assert rows["needs numpy>=2,<3"] == metadata.version("numpy")
    assert {f"module {name}" for name in MODULES} <= set(rows)


def test_show_versions_of_an_unbuilt_checkout(checkout: Path) -> None:
    done = run("import rustybt; rustybt.show_versions()", checkout, ())
    assert "none: this folder holds no build record" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--version"], f"{RECORD['package']}\n"),
        (["show-versions"], "build.compiler"),
        (["show-versions", "--json"], '"version": 1'),
        ([], "Usage: rustybt"),
        (["--help"], "show-versions"),
    ],
)
def test_command(arguments: list[str], shown: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "rustybt", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert shown in done.stdout
