"""Generated data, and pipelines over them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "parity"))

import pipeline_cases


@pytest.fixture(scope="session")
def engine() -> Iterator[pipeline_cases.Engine]:
    """Return the engine of rustybt over the generated data."""
    made = pipeline_cases.Engine("rustybt")
    yield made
    made.close()
