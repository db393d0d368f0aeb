"""The scans: waivers count, a scanner that did nothing is an error, a missing scan a failure."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pinned
from security import cli, outcomes, packages, scanners, waivers
from security.errors import SecurityError
from security.findings import Finding
from security.outcomes import Outcome
from security.waivers import Waiver

ROOT = Path(__file__).resolve().parents[2]
NAMES = list(scanners.SCANNERS)
ONE = Finding("B1", "a.py", "is bad", 3)
WAIVED = Waiver("code", "B1", "a.py", 1, "it is not so bad")


@pytest.mark.parametrize(
    ("found", "left", "stale"),
    [
        ([], [], ["a.py: B1 is waived 1 times and found 0"]),
        ([ONE], [], []),
        ([ONE, Finding("B1", "b.py", "is bad")], [Finding("B1", "b.py", "is bad")], []),
        ([ONE, Finding("B2", "a.py", "is bad")], [Finding("B2", "a.py", "is bad")], []),
        ([ONE, Finding("B1", "a.py", "is bad", 9)], [ONE, Finding("B1", "a.py", "is bad", 9)], []),
    ],
)
def test_a_waiver_is_for_one_code_in_one_place_so_many_times(
    found: list[Finding], left: list[Finding], stale: list[str]
) -> None:
    assert waivers.apply(found, [WAIVED]) == (left, stale)


@given(st.lists(st.builds(Finding, *[st.sampled_from("ab")] * 3, st.integers(0, 5)), max_size=9))
def test_without_waivers_everything_remains(found: list[Finding]) -> None:
    assert waivers.apply(found, []) == (sorted(found), [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('scanner = "code"\ncode = "B1"\nplaces = { "a" = 1 }', "a waiver has"),
        ('scanner = "cod"\ncode = "B1"\nreason = "for a reason"\nplaces = { a = 1 }', "no scanner"),
        ('scanner = "code"\ncode = "B1"\nreason = "no"\nplaces = { a = 1 }', "needs a reason"),
        ('scanner = "code"\ncode = "B1"\nreason = "for a reason"\nplaces = {}', "names no place"),
        (
            'scanner = "code"\ncode = "B1"\nreason = "for a reason"\nplaces = { "*" = 1 }',
            "one place with a number",
        ),
        (
            'scanner = "code"\ncode = "B1"\nreason = "for a reason"\nplaces = { a = true }',
            "one place with a number",
        ),
        ("scanner = ", "cannot be read"),
    ],
)
def test_a_waiver_that_makes_no_sense_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(f"[[waiver]]\n{text}\n", encoding="utf-8")
    with pytest.raises(SecurityError, match=said):
        waivers.read(path, NAMES)


def test_a_place_is_waived_once(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    entry = '[[waiver]]\nscanner="code"\ncode="B1"\nreason="for a reason"\nplaces={a=1}\n'
    path.write_text(entry * 2, encoding="utf-8")
    with pytest.raises(SecurityError, match="waived twice: code B1 a"):
        waivers.read(path, NAMES)


def test_our_own_waivers_can_be_read_and_their_places_exist() -> None:
    found = waivers.read(cli.WAIVERS, NAMES)
    assert found
    files = [each for each in found if each.scanner in {"code", "secrets", "workflows"}]
    assert [each.place for each in files if not (ROOT / each.place).is_file()] == []


def written(
    folder: Path, *names: str, revision: str = "r1", problems: tuple[str, ...] = ()
) -> Path:
    """Write outcomes of scans."""
    for name in names:
        outcomes.write(folder, Outcome(name, revision, 2, problems))
    return folder


def test_the_summary_passes_when_every_scan_passed(tmp_path: Path) -> None:
    text, good = outcomes.summary(written(tmp_path, *NAMES), NAMES, "r1")
    assert good
    assert text.splitlines()[0].split(None, 1) == ["code", "passed, 2 waived"]


@pytest.mark.parametrize("missing", NAMES)
def test_a_scan_that_did_not_run_is_a_failure(tmp_path: Path, missing: str) -> None:
    written(tmp_path, *(name for name in NAMES if name != missing))
    text, good = outcomes.summary(tmp_path, NAMES, "r1")
    assert not good
    assert [line.split()[0] for line in text.splitlines() if "did not run" in line] == [missing]


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_is_a_failure_and_is_listed(tmp_path: Path, name: str) -> None:
    written(tmp_path, *NAMES)
    written(tmp_path, name, problems=("a.py:3: B1 is bad",))
    text, good = outcomes.summary(tmp_path, NAMES, "r1")
    assert not good
    assert f"{name}: a.py:3: B1 is bad" in text


def test_a_scan_of_another_commit_does_not_count(tmp_path: Path) -> None:
    written(tmp_path, *NAMES)
    written(tmp_path, "crates", revision="r0")
    text, good = outcomes.summary(tmp_path, NAMES, "r1")
    assert not good
    assert "did not run on this commit" in text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"version": 2}'])
def test_a_broken_outcome_is_an_error(tmp_path: Path, text: str) -> None:
    written(tmp_path, *NAMES)
    (tmp_path / "code.json").write_text(text, encoding="utf-8")
    with pytest.raises(SecurityError, match="scan again"):
        outcomes.summary(tmp_path, NAMES, "r1")


def test_a_scanner_that_breaks_leaves_no_earlier_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: Path) -> list[Finding]:
        raise SecurityError("the list cannot be reached")

    monkeypatch.setattr(cli, "FOLDER", written(tmp_path, *NAMES))
    monkeypatch.setitem(scanners.SCANNERS, "packages", broken)
    assert cli.main(["packages"]) == 1
    assert "security: the list cannot be reached" in capsys.readouterr().err
    assert not (tmp_path / "packages.json").exists()
    assert cli.main(["summary"]) == 1


@pytest.mark.parametrize(("found", "code"), [([], 0), ([ONE], 1)])
def test_a_scan_fails_by_what_is_not_waived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: list[Finding], code: int
) -> None:
    (tmp_path / "waivers.toml").touch()
    monkeypatch.setattr(cli, "FOLDER", tmp_path)
    monkeypatch.setattr(cli, "WAIVERS", tmp_path / "waivers.toml")
    monkeypatch.setattr(cli, "_revision", lambda: "r1")
    monkeypatch.setitem(scanners.SCANNERS, "secrets", lambda _: found)
    assert cli.main(["secrets"]) == code
    kept = json.loads((tmp_path / "secrets.json").read_text(encoding="utf-8"))
    assert (kept["version"], kept["found"], len(kept["problems"])) == (1, len(found), code)


CHECKS = ["advisories", "bans"]


def lines(*messages: dict[str, Any]) -> str:
    return "\n".join(json.dumps(message) for message in messages)


def summed(errors: int) -> dict[str, Any]:
    return {"type": "summary", "fields": {"advisories": {"errors": errors}, "bans": {"errors": 0}}}


def diagnostic(severity: str) -> dict[str, Any]:
    graph = {"Krate": {"name": "old", "version": "1.0.0"}}
    fields = {"severity": severity, "code": "vulnerability", "message": "is bad", "graphs": [graph]}
    return {"type": "diagnostic", "fields": fields}


def test_errors_of_cargo_deny_are_findings_and_its_warnings_are_not() -> None:
    said = lines(diagnostic("warning"), diagnostic("error"), summed(1))
    assert scanners.read_crates(said, CHECKS) == [Finding("vulnerability", "old 1.0.0", "is bad")]
    assert scanners.read_crates(lines(summed(0)), CHECKS) == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "did not sum every check up"),
        ("error: no such file", "did not answer in JSON"),
        (lines(diagnostic("error"), summed(2)), "counts other errors than it lists"),
        (
            lines(
                {"type": "log", "fields": {"level": "ERROR", "message": "clone:\nno network\n"}},
                summed(0),
            ),
            "^cargo-deny: no network$",
        ),
        (
            lines({"type": "summary", "fields": {"bans": {"errors": 0}}}),
            "did not sum every check up",
        ),
    ],
)
def test_a_cargo_deny_that_did_not_check_is_an_error(said: str, why: str) -> None:
    with pytest.raises(SecurityError, match=why):
        scanners.read_crates(said, CHECKS)


CARGO_DENY = """
import argparse, json, sys
# Of cargo-deny 0.20: all but the names of the checks comes before the command.
whole = argparse.ArgumentParser(allow_abbrev=False)
for option in ("--manifest-path", "--config", "--format"):
    whole.add_argument(option, required=True)
whole.add_argument("--locked", action="store_true")
check = whole.add_subparsers(required=True).add_parser("check", allow_abbrev=False)
check.add_argument("which", nargs="+")
given = whole.parse_args()
for path in (given.manifest_path, given.config):
    open(path).close()
errors = {name: {"errors": 0} for name in given.which}
print(json.dumps({"type": "summary", "fields": errors}), file=sys.stderr)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a script cannot stand in for a program there")
def test_cargo_deny_is_called_as_its_command_line_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "cargo-deny"
    program.write_text(f"#!{sys.executable} -P{CARGO_DENY}", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert scanners.crates(ROOT) == []


def test_every_python_package_of_the_lock_is_looked_up_by_its_own_name() -> None:
    rounds = packages.rounds(ROOT)
    names = set().union(*rounds)
    assert {"numpy", "pandas", "exchange-calendars", "build", "typing-extensions"} <= names
    assert not {"python", "python-build", "rust", "zlib", "typing_extensions"} & names
    versions = [found["pandas"] for found in rounds if "pandas" in found]
    assert len(versions) == len(set(versions))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.example'): refused",
            r"^pip-audit cannot reach api\.example, so no package was looked up$",
        ),
        ("ValueError: odd", "^pip-audit gave no answer: ValueError: odd$"),
    ],
)
def test_packages_that_cannot_be_looked_up_are_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, told: str
) -> None:
    (tmp_path / "pip_audit.py").write_text(f"raise SystemExit({said!r})", encoding="utf-8")
    monkeypatch.setattr(pinned, "folder", lambda _: tmp_path)
    with pytest.raises(SecurityError, match=told):
        scanners.packages(ROOT)
