"""Command line: `python tools/security SCANNER | summary`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from security import outcomes, waivers
from security.errors import SecurityError
from security.outcomes import Outcome
from security.scanners import SCANNERS

ROOT = Path(__file__).resolve().parents[2]
WAIVERS = ROOT / "tools/security/waivers.toml"
FOLDER = ROOT / "build/security"


def main(argv: list[str] | None = None) -> int:
    """Run one scan, or sum all of them up; return the exit code."""
    parser = argparse.ArgumentParser(prog="python tools/security", description=__doc__)
    parser.add_argument("command", choices=[*SCANNERS, "summary"])
    options = parser.parse_args(argv)
    try:
        if options.command == "summary":
            return _summary()
        return _scan(options.command)
    except SecurityError as error:
        print(f"security: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("security: interrupted", file=sys.stderr)
        return 130


def _scan(name: str) -> int:
    outcomes.forget(FOLDER, name)
    allowed = [each for each in waivers.read(WAIVERS, SCANNERS) if each.scanner == name]
    found = SCANNERS[name](ROOT)
    left, stale = waivers.apply(found, allowed)
    problems = (*map(str, left), *stale)
    outcome = Outcome(name, _revision(), len(found), problems)
    outcomes.write(FOLDER, outcome)
    for problem in problems:
        print(problem)
    print(f"{name}: {outcome.verdict}")
    return int(bool(problems))


def _summary() -> int:
    text, good = outcomes.summary(FOLDER, SCANNERS, _revision())
    print(text)
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target is not None:
        with Path(target).open("a", encoding="utf-8") as page:
            page.write(f"```text\n{text}\n```\n")
    return 0 if good else 1


def _revision() -> str:
    command = ["git", "rev-parse", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SecurityError(f"git cannot tell the commit: {done.stderr.strip()}")
    return done.stdout.strip()
