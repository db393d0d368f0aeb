"""The values of terms are those of zipline-reloaded 3.2.1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pipeline_cases
import pytest

RESULTS = Path(__file__).parents[1] / "parity" / "results" / "pipeline.npz"


@pytest.fixture(scope="session")
def stored() -> dict[str, Any]:
    with np.load(RESULTS) as archive:
        return dict(archive)


def same(found: Any, wanted: Any, tolerance: float = 1e-9) -> bool:
    """Compare values; numbers within a relative tolerance."""
    if wanted.dtype.kind == "f":
        return bool(np.allclose(found, wanted, rtol=tolerance, atol=1e-12, equal_nan=True))
    if wanted.dtype.kind == "M":
        return found.dtype == wanted.dtype and bool((found.view("i8") == wanted.view("i8")).all())
    return bool(np.array_equal(found, wanted))


@pytest.mark.parametrize("group", pipeline_cases.GROUPS)
def test_values_are_those_of_zipline(
    group: str, engine: pipeline_cases.Engine, stored: dict[str, Any]
) -> None:
    columns = pipeline_cases.GROUPS[group](engine)
    found = pipeline_cases.condensed(group, engine.run(columns))
    wanted = {name: values for name, values in stored.items() if name.startswith(f"{group}/")}
    assert set(found) == set(wanted)
    assert [name for name in wanted if not same(found[name], wanted[name])] == []


@pytest.mark.parametrize("group", pipeline_cases.GROUPS)
@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_chunks_change_nothing(group: str, chunk: int, engine: pipeline_cases.Engine) -> None:
    columns = pipeline_cases.GROUPS[group](engine)
    whole = pipeline_cases.condensed(group, engine.run(columns))
    parts = pipeline_cases.condensed(group, engine.run(columns, chunk=chunk))
    # numpy adds the same numbers in another order where there are more columns.
    assert [name for name in whole if not same(parts[name], whole[name], 1e-12)] == []


@pytest.mark.parametrize("group", pipeline_cases.GROUPS)
def test_terms_computed_alone_have_the_same_values(
    group: str, engine: pipeline_cases.Engine
) -> None:
    columns = pipeline_cases.GROUPS[group](engine)
    together = pipeline_cases.condensed(group, engine.run(columns))
    for name, term in columns.items():
        alone = pipeline_cases.condensed(group, engine.run({name: term}))
        np.testing.assert_array_equal(
            alone[f"{group}/{name}"], together[f"{group}/{name}"], err_msg=name
        )


@pytest.mark.parametrize("group", pipeline_cases.GROUPS)
def test_a_screen_leaves_rows_out_and_changes_nothing(
    group: str, engine: pipeline_cases.Engine
) -> None:
    columns = pipeline_cases.GROUPS[group](engine)
    screen = engine.data.flag.latest
    whole = engine.run({**columns, "screen": screen})
    kept = whole[whole.pop("screen").to_numpy()]
    screened = engine.run(columns, screen=screen)
    assert screened.index.equals(kept.index)
    for name, values in pipeline_cases.condensed(group, kept).items():
        np.testing.assert_array_equal(
            pipeline_cases.condensed(group, screened)[name], values, err_msg=name
        )
