"""Compare this checkout with another one: both built, and their benchmarks run in turns.

Run as ``python -P benchmarks/compare.py --base FOLDER [--outdir FOLDER] [--rounds N]``. Fails where
a benchmark is slower than on base beyond doubt and tolerance, or where one that base has is missing
here. Writes ``performance.json`` and ``performance.svg``. Each run has one thread: what more
of them get from a shared machine is noise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from measures import machine
from performance.plot import draw
from performance.ratios import compare as ratios_of
from progress import Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from performance.ratios import Ratio

ROOT = Path(__file__).resolve().parents[1]
VERSION = 1
ROUNDS = 21
LEAST_ROUNDS = 7
TOLERANCE = 0.05
SUITE = "benchmarks/suite.py"


class CompareError(Exception):
    """A sentence on what could not be compared and what to do."""


def install(checkout: Path, target: Path) -> None:
    """Build a checkout's wheel with its own tools, and install it into a folder of its own.

    Raises
    ------
    CompareError
        It cannot be built or installed.
    """
    dist = target.with_name(f"{target.name}-dist")
    builder = checkout / "tools/artefacts"
    if not builder.is_dir():
        raise CompareError(f"{checkout} is no checkout of rustybt: it has no tools/artefacts")
    _run([sys.executable, str(builder), "build", "--outdir", str(dist)], checkout)
    options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--root-user-action=ignore"]
    command = [sys.executable, "-P", "-m", "pip", "install", *options, "--target", str(target)]
    _run([*command, *map(str, dist.glob("*.whl"))], checkout)


def names(checkout: Path) -> list[str]:
    """Return the benchmarks that a checkout collects; none for one that has no suite yet."""
    suite = checkout / SUITE
    if not suite.is_file():
        print(f"compare: {checkout} has no {SUITE}, so every benchmark is new", file=sys.stderr)
        return []
    listed = _run([sys.executable, "-P", str(suite), "--list"], checkout)
    return [str(name) for name in json.loads(listed)["names"]]


def measure(package: Path) -> tuple[dict[str, float], dict[str, str]]:
    """Run this checkout's suite once over an installed package, in a process of its own."""
    command = [sys.executable, "-P", str(ROOT / SUITE), "--package", str(package)]
    document = json.loads(_run(command, package))
    return document["ms"], document["failed"]


def in_turns(
    base: Path, head: Path, rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]], dict[str, str]]:
    """Measure both packages in each round; who goes first changes from round to round.

    Returns
    -------
    tuple
        Milliseconds by round of base and of head, and what head failed with.
    """
    taken: dict[str, dict[str, list[float]]] = {"base": {}, "head": {}}
    failed: dict[str, str] = {}
    sides = [("base", base), ("head", head)]
    with Step("running base and head in turns", rounds) as step:
        for number in range(rounds):
            for side, package in sides if number % 2 == 0 else reversed(sides):
                milliseconds, faults = measure(package)
                for name, value in milliseconds.items():
                    taken[side].setdefault(name, []).append(value)
                if side == "head":
                    failed |= faults
            step.advance()
    complete = {
        side: {name: values for name, values in found.items() if len(values) == rounds}
        for side, found in taken.items()
    }
    return complete["base"], complete["head"], failed


def problems(
    ratios: Sequence[Ratio],
    base_names: Sequence[str],
    head_names: Sequence[str],
    failed: Mapping[str, str],
) -> list[str]:
    """Return a line for all that must not be."""
    lines = [f"{name}: fails ({why})" for name, why in sorted(failed.items())]
    lines += [
        f"{name}: base has it, head does not" for name in base_names if name not in head_names
    ]
    if not head_names:
        lines.append("head collects no benchmark at all")
    lines += [
        f"{each.name}: slower, {each.ratio:.2f} times the base's time "
        f"(between {each.low:.2f} and {each.high:.2f})"
        for each in ratios
        if each.verdict == "slower"
    ]
    return lines


def table(ratios: Sequence[Ratio], new: Sequence[str], tolerance: float) -> str:
    """Return the ratios as aligned columns."""
    heading = ("benchmark", "base ms", "head ms", "ratio", "interval", "")
    rows = [heading]
    for each in ratios:
        span = f"{each.low:.3f} - {each.high:.3f}"
        verdict = "" if each.verdict == "same" else each.verdict
        middle = (f"{each.base_ms:.3f}", f"{each.head_ms:.3f}", f"{each.ratio:.3f}")
        rows.append((each.name, *middle, span, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column in {0, 5} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines += [f"{name}: new, base does not run it" for name in new]
    lines.append(f"slower or faster: all of the interval is more than {tolerance:.0%} off")
    return "\n".join(lines)


def report(
    outdir: Path,
    ratios: Sequence[Ratio],
    new: Sequence[str],
    found: Sequence[str],
    tolerance: float,
) -> None:
    """Write the results for programs, and as a picture."""
    document = {
        "version": VERSION,
        "ok": not found,
        "machine": machine(),
        "tolerance": tolerance,
        "ratios": [asdict(each) for each in ratios],
        "new": list(new),
        "problems": list(found),
    }
    text = json.dumps(document, indent=1) + "\n"
    (outdir / "performance.json").write_text(text, encoding="utf-8")
    (outdir / "performance.svg").write_text(draw(ratios, tolerance), encoding="utf-8")


def run(options: argparse.Namespace) -> int:
    """Build, measure, judge; return the exit code."""
    outdir: Path = options.outdir.resolve()
    base: Path = options.base.resolve()
    outdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rustybt-compare-") as place:
        packages = {side: Path(place) / side for side in ("base", "head")}
        for side, checkout in (("base", base), ("head", ROOT)):
            with Step(f"building {side}"):
                install(checkout, packages[side])
        base_names, head_names = names(base), names(ROOT)
        base_ms, head_ms, failed = in_turns(packages["base"], packages["head"], options.rounds)
    ratios = ratios_of(base_ms, head_ms, options.tolerance)
    new = [name for name in head_ms if name not in base_ms]
    found = problems(ratios, base_names, head_names, failed)
    report(outdir, ratios, new, found, options.tolerance)
    lines = [table(ratios, new, options.tolerance), *([""] if found else []), *found]
    text = "\n".join(lines)
    print(text)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary is not None:
        with Path(summary).open("a", encoding="utf-8") as page:
            page.write(f"```text\n{text}\n```\n")
    return 1 if found else 0


def main(argv: list[str] | None = None) -> int:
    """Read the command line and compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--base", type=Path, required=True, help="the other checkout")
    parser.add_argument("--outdir", type=Path, default=ROOT / "build/performance")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help=f"default {TOLERANCE}")
    options = parser.parse_args(argv)
    if options.rounds < LEAST_ROUNDS:
        parser.error(f"--rounds must be at least {LEAST_ROUNDS}: fewer tell nothing of the noise")
    if not 0 <= options.tolerance < 1:
        parser.error("--tolerance must be a share below 1")
    try:
        return run(options)
    except CompareError as error:
        print(f"compare: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("compare: interrupted", file=sys.stderr)
        return 130


def _run(command: list[str], folder: Path) -> str:
    environment = os.environ | {"RAYON_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise CompareError(f"{' '.join(command)} ended with exit code {done.returncode}: {last}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
