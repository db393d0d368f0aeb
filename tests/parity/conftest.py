"""The modules beside the parity tests can be imported, and an engine be asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from parity_engine import Engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Return rustybt with a folder for bundles that lasts as long as the tests."""
    from parity_engine import Engine

    return Engine("rustybt", tmp_path_factory.mktemp("bundles"))
