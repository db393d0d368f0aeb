"""Compute every pipeline in zipline-reloaded 3.2.1 and store the values, for rustybt to be held to.

Run as ``python -P tests/parity/make_pipeline_results.py`` by an interpreter that has it.
"""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pipeline_cases

ORACLE = "3.2.1"
RESULTS = Path(__file__).parent / "results" / "pipeline.npz"


def main() -> None:
    """Store the values of all groups."""
    if version("zipline-reloaded") != ORACLE:
        raise SystemExit(f"this needs zipline-reloaded {ORACLE}")
    warnings.simplefilter("ignore")
    engine = pipeline_cases.Engine("zipline")
    stored: dict[str, Any] = {}
    for group, terms in pipeline_cases.GROUPS.items():
        frame = engine.run(terms(engine))
        stored |= pipeline_cases.condensed(group, frame)
        print(f"{group}: {frame.shape[1]} terms, {len(frame)} rows")
    engine.close()
    np.savez_compressed(RESULTS, **stored)
    print(f"{RESULTS.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
