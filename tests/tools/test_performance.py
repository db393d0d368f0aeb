"""Head against base: a planted regression is found, noise alone is not, and nothing is lost."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from performance import ratios
from performance.plot import draw

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 21
TOLERANCE = 0.05


def load(name: str) -> ModuleType:
    """Import a benchmark by its file, which no package holds."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / f"benchmarks/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


COMPARE, SUITE = load("compare"), load("suite")


def times(seed: int, noise: float, factors: dict[str, float]) -> list[dict[str, list[float]]]:
    """Return times of base and head that share the machine's slow rounds and have their own noise.

    Two rounds of each are disturbed by something else.
    """
    generator = np.random.default_rng(seed)
    found: list[dict[str, list[float]]] = [{}, {}]
    for name, factor in factors.items():
        machine = generator.lognormal(0, 0.2, ROUNDS)
        for side, speed in enumerate((1.0, factor)):
            own = generator.lognormal(0, noise, ROUNDS)
            disturbed = generator.permutation([3.0] * 2 + [1.0] * (ROUNDS - 2))
            found[side][name] = list(5 * speed * machine * own * disturbed)
    return found


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.floats(0, 0.03), st.integers(1, 20))
def test_noise_alone_is_no_regression(seed: int, noise: float, count: int) -> None:
    base, head = times(seed, noise, {f"b{number}": 1.0 for number in range(count)})
    assert {each.verdict for each in ratios.compare(base, head, TOLERANCE)} == {"same"}


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.floats(0, 0.03), st.floats(1.3, 10))
def test_a_planted_regression_is_found_among_others(seed: int, noise: float, by: float) -> None:
    base, head = times(seed, noise, {"same": 1.0, "slower": by, "faster": 1 / by})
    found = {each.name: each for each in ratios.compare(base, head, TOLERANCE)}
    assert {name: each.verdict for name, each in found.items()} == {name: name for name in found}
    assert found["slower"].ratio == pytest.approx(by, rel=0.2)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.floats(0.001, 0.1), st.floats(0.3, 3))
def test_the_interval_holds_its_middle_and_turns_with_the_sides(
    seed: int, noise: float, factor: float
) -> None:
    base, head = times(seed, noise, {"it": factor})
    middle, low, high = ratios.interval(base["it"], head["it"], 0.99)
    assert low <= middle <= high
    turned = ratios.interval(head["it"], base["it"], 0.99)
    assert turned == pytest.approx((1 / middle, 1 / high, 1 / low), rel=1e-6)
    wider = ratios.interval(base["it"], head["it"], 0.999)
    assert wider[1] <= low
    assert wider[2] >= high


def test_a_regression_within_the_tolerance_passes() -> None:
    base, head = times(3, 0.001, {"it": 1.03})
    (found,) = ratios.compare(base, head, TOLERANCE)
    assert found.low > 1
    assert found.verdict == "same"
    assert ratios.compare(base, head, 0.0)[0].verdict == "slower"


def test_more_benchmarks_make_the_interval_of_each_wider() -> None:
    base, head = times(3, 0.02, {f"b{number}": 1.0 for number in range(30)})
    alone = ratios.compare({"b0": base["b0"]}, {"b0": head["b0"]}, TOLERANCE)[0]
    among = ratios.compare(base, head, TOLERANCE)[0]
    assert among.low <= alone.low <= alone.high <= among.high


def ratio(verdict: ratios.Verdict = "same") -> ratios.Ratio:
    return ratios.Ratio("rank & file", 1.0, 1.5, 1.5, 1.4, 1.6, verdict)


def test_what_must_not_be_is_named() -> None:
    assert COMPARE.problems([ratio()], ["a"], ["a", "b"], {}) == []
    assert "rank & file: slower, 1.50" in COMPARE.problems([ratio("slower")], [], ["a"], {})[0]
    assert COMPARE.problems([ratio("faster")], [], ["a"], {}) == []
    assert COMPARE.problems([], ["a", "b"], ["b"], {}) == ["a: base has it, head does not"]
    assert COMPARE.problems([], [], ["b"], {"b": "ValueError: x"}) == ["b: fails (ValueError: x)"]
    assert COMPARE.problems([], [], [], {}) == ["head collects no benchmark at all"]


def test_the_plot_is_well_formed_and_shows_every_benchmark() -> None:
    found = [ratio("slower"), ratio("faster"), ratio("same")]
    tree = ET.fromstring(draw(found, TOLERANCE))  # noqa: S314 - our own text
    kinds = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert kinds.count("circle") == 3
    texts = [element.text for element in tree.iter() if element.tag.endswith("text")]
    assert texts.count("rank & file") == 3
    assert ET.fromstring(draw([], TOLERANCE)) is not None  # noqa: S314 - our own text


def compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factor: float, base_names: list[str]
) -> tuple[int, dict[str, Any]]:
    """Run a comparison whose packages are stand-ins; return the exit code and the JSON."""
    order: list[str] = []
    generator = np.random.default_rng(1)

    def measure(package: Path) -> tuple[dict[str, float], dict[str, str]]:
        order.append(package.name)
        speed = factor if package.name == "head" else 1.0
        return {"it": speed * float(generator.lognormal(0, 0.01))}, {}

    monkeypatch.setattr(COMPARE, "install", lambda *_: None)
    monkeypatch.setattr(COMPARE, "measure", measure)
    monkeypatch.setattr(COMPARE, "names", lambda at: ["it"] if at == ROOT else base_names)
    options = argparse.Namespace(base=tmp_path, outdir=tmp_path / "out", rounds=9, tolerance=0.05)
    code = COMPARE.run(options)
    assert order == ["base", "head", "head", "base"] * 4 + ["base", "head"]
    return code, json.loads((tmp_path / "out/performance.json").read_text(encoding="utf-8"))


def test_the_sides_take_turns_and_the_same_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    code, document = compared(tmp_path, monkeypatch, 1.0, ["it"])
    assert (code, document["ok"], document["version"]) == (0, True, 1)
    assert "ratio" in (tmp_path / "summary").read_text(encoding="utf-8")
    assert (tmp_path / "out/performance.svg").is_file()


def test_a_regression_fails_with_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    code, document = compared(tmp_path, monkeypatch, 1.5, ["it"])
    assert (code, document["ok"]) == (1, False)
    said = capsys.readouterr().out
    assert said.splitlines()[0].split()[:4] == ["benchmark", "base", "ms", "head"]
    assert "it: slower, 1.5" in said


def test_a_benchmark_that_base_has_and_head_lacks_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    code, document = compared(tmp_path, monkeypatch, 1.0, ["it", "another"])
    assert code == 1
    assert document["problems"] == ["another: base has it, head does not"]


def test_too_few_rounds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        COMPARE.main(["--base", str(tmp_path), "--rounds", "3"])


def test_what_is_no_checkout_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert COMPARE.main(["--base", str(tmp_path), "--outdir", str(tmp_path / "out")]) == 1
    assert "is no checkout of rustybt" in capsys.readouterr().err


def test_every_benchmark_runs_and_a_broken_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise AttributeError("gone")

    monkeypatch.setattr(SUITE, "LEAST_SECONDS", 0.0)
    monkeypatch.setitem(SUITE.BENCHMARKS, "broken", broken)
    taken, failed = SUITE.measure(repetitions=1)
    assert failed == {"broken": "AttributeError: gone"}
    assert set(taken) == set(SUITE.BENCHMARKS) - {"broken"}


def test_two_benchmarks_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two benchmarks are called"):
        SUITE.benchmark(next(iter(SUITE.BENCHMARKS)))(lambda: lambda: None)
