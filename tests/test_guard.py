"""The test session refuses to test the checkout in place of the installed package (F2)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a small checkout with this project's test settings and one test."""
    root = tmp_path / "checkout"
    for name in ("pyproject.toml", "tests/conftest.py", "tools/sources.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name in ("rustybt/__init__.py", "rustybt/lib/__init__.py", "rustybt/lib/rank.pyx"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "tests/test_import.py").write_text("import rustybt\n\ndef test(): pass\n")
    return root


def pytest_in(checkout: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in `checkout`."""
    return subprocess.run(
        [sys.executable, *flags, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_f2_pytest_imports_the_source_tree(checkout: Path) -> None:
    done = pytest_in(checkout)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    shown = done.stdout + done.stderr
    assert f"from the checkout {checkout}" in shown
    assert "rustybt.lib.rank" in shown
    assert "python -P -m pytest" in shown
    assert "1 passed" not in shown


def test_the_installed_package_is_tested(checkout: Path) -> None:
    done = pytest_in(checkout, "-P")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
