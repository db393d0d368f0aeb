"""What every test relies on: the installed rustybt, and how hard Hypothesis tries."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

import sources

ROOT = Path(__file__).resolve().parents[1]

# The fast profile is the same on every run, so that a change is what makes a test fail; the slow
# one (HYPOTHESIS_PROFILE=slow) looks for new examples.
settings.register_profile("fast", max_examples=40, deadline=None, derandomize=True, database=None)
settings.register_profile("slow", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


def pytest_sessionstart() -> None:
    """Refuse to test the checkout in place of the installed package."""
    spec = find_spec("rustybt")
    if spec is None or not spec.submodule_search_locations:
        return
    folder = Path(next(iter(spec.submodule_search_locations))).resolve()
    if folder == ROOT / "rustybt":
        names = ", ".join(module.name for module in sources.find(ROOT))
        pytest.exit(
            f"the tests would import rustybt from the checkout {ROOT}, where the compiled modules "
            f"{names} are not built or not those that users get: install it "
            "(`./pixiw run install`), then run `pytest` or `python -P -m pytest`, "
            "without an editable install and without the checkout on PYTHONPATH",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )
