"""The sources that an editable install was built from, as they are now."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FINDER = "tools/sources.py"


def fingerprints(checkout: Path) -> Mapping[str, str] | None:
    """Return the present fingerprint of each compiled module that `checkout` declares.

    The checkout's own finder of compiled sources computes them, as it does for the build; None
    if it is not there or fails.
    """
    spec = importlib.util.spec_from_file_location("rustybt_sources", checkout / FINDER)
    if spec is None or spec.loader is None or not (checkout / FINDER).is_file():
        return None
    finder = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = finder  # its dataclasses look themselves up
    try:
        spec.loader.exec_module(finder)
        return {
            source.name: finder.fingerprint(checkout, source) for source in finder.find(checkout)
        }
    except Exception:  # noqa: BLE001 - a foreign checkout may hold anything under that name
        return None
    finally:
        del sys.modules[spec.name]
