"""The scanners: how each is called, and what its answer means.

A scanner that did not say what it scanned, or ended in a way that it does not use for findings, has
not done its work, and that is an error rather than a clean result.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pinned
from security.errors import SecurityError
from security.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SOURCES = ("rustybt", "tools", "benchmarks", "setup.py")


def code(root: Path) -> list[Finding]:
    """Scan the Python sources with bandit; its comments in the sources do not count."""
    command = [*_module("bandit"), "--quiet", "--ignore-nosec", "--format", "json", "-r"]
    report = _json(_run("bandit", [*command, *SOURCES], root, (0, 1), pinned_as="bandit"), "bandit")
    scanned = [name for name in report.get("metrics", {}) if name != "_totals"]
    if report.get("errors") or not scanned:
        raise SecurityError(f"bandit did not read every source: {report.get('errors')}")
    return [
        Finding(
            each["test_id"],
            Path(each["filename"]).as_posix().removeprefix("./"),
            each["issue_text"],
            each["line_number"],
        )
        for each in report["results"]
    ]


def packages(root: Path) -> list[Finding]:
    """Look the Python packages of pixi.lock up in the list of known vulnerabilities."""
    from security import packages as python_packages  # reads the lock, which crates() need not

    found: set[Finding] = set()
    for number, versions in enumerate(python_packages.rounds(root)):
        with tempfile.TemporaryDirectory() as place:
            listed = Path(place) / "requirements.txt"
            lines = [f"{name}=={version}\n" for name, version in versions.items()]
            listed.write_text("".join(lines), encoding="utf-8")
            options = ["--vulnerability-service", "osv", "--progress-spinner", "off"]
            command = [*_module("pip_audit"), "--no-deps", "--disable-pip", *options]
            arguments = ["--format", "json", "--requirement", str(listed)]
            said = _pip_audit([*command, *arguments], root)
        report = _json(said, "pip-audit")["dependencies"]
        if {each["name"] for each in report} != set(versions):
            raise SecurityError(f"pip-audit did not look every package up (round {number + 1})")
        for each in report:
            place_ = f"{each['name']} {each.get('version', '')}".strip()
            if "skip_reason" in each:
                found.add(Finding("skipped", place_, each["skip_reason"]))
            for fault in each.get("vulns", []):
                mended = ", ".join(fault["fix_versions"]) or "no version"
                found.add(Finding(fault["id"], place_, f"mended in {mended}"))
    return sorted(found)


def _pip_audit(command: Sequence[str], root: Path) -> str:
    try:
        return _run("pip-audit", command, root, (0, 1), pinned_as="pip-audit")
    except SecurityError as error:
        # It writes out whole chains of exceptions; all of them name the host.
        unreachable = re.search(r"ConnectionError.*host='([^']+)'", str(error))
        if unreachable is None:
            raise
        message = f"pip-audit cannot reach {unreachable[1]}, so no package was looked up"
        raise SecurityError(message) from None


def secrets(root: Path) -> list[Finding]:
    """Look for passwords and keys in every file that git tracks."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    files = sorted(filter(None, listed.stdout.decode().split("\0")))
    if listed.returncode != 0 or not files:
        raise SecurityError(f"git cannot list the files: {listed.stderr.decode().strip()}")
    command = [*_module("detect_secrets"), "scan", "--no-verify", *files]
    said = _run("detect-secrets", command, root, (0,), pinned_as="detect-secrets")
    report = _json(said, "detect-secrets")
    if not report.get("plugins_used"):
        raise SecurityError("detect-secrets ran without any detector")
    return [
        Finding(
            each["type"], Path(each["filename"]).as_posix(), "see the line", each["line_number"]
        )
        for found in report["results"].values()
        for each in found
    ]


def workflows(root: Path) -> list[Finding]:
    """Scan the workflows with zizmor, with what it finds online where there is a token."""
    command = ["zizmor", "--quiet", "--no-progress", "--persona", "pedantic", "--no-exit-codes"]
    if not os.environ.get("GH_TOKEN"):
        print("security: no GH_TOKEN, so zizmor asks nothing online", file=sys.stderr)
        command.append("--offline")
    report = _json(_run("zizmor", [*command, "--format", "json", ".github"], root, (0,)), "zizmor")
    found = []
    for each in report:
        primary = next(
            place for place in each["locations"] if place["symbolic"]["kind"] == "Primary"
        )
        path = primary["symbolic"]["key"]["Local"]["verbatim_path"]
        line = primary["concrete"]["location"]["start_point"]["row"] + 1
        if not each.get("ignored"):
            found.append(Finding(each["ident"], Path(path).as_posix(), each["desc"], line))
    return found


def crates(root: Path) -> list[Finding]:
    """Check the crates with cargo-deny: advisories, bans, licences, sources."""
    checks = ["advisories", "bans", "licenses", "sources"]
    options = ["--manifest-path", "rust/Cargo.toml", "--config", "rust/deny.toml", "--locked"]
    command = ["cargo-deny", *options, "--format", "json", "check", *checks]
    said = _run("cargo-deny", command, root, tuple(range(16)), stream="stderr")
    return read_crates(said, checks)


def read_crates(said: str, checks: Sequence[str]) -> list[Finding]:
    """Read cargo-deny's lines.

    Raises
    ------
    SecurityError
        They are no such lines, or there is no summary of every check.
    """
    found, summed = [], {}
    for line in said.splitlines():
        message = _json(line, "cargo-deny")
        fields = message["fields"]
        if message["type"] == "summary":
            summed = fields
        elif message["type"] == "diagnostic" and fields["severity"] == "error":
            found.append(Finding(fields["code"] or "error", _crate(fields), fields["message"]))
        elif message["type"] == "log" and fields.get("level") == "ERROR":
            # The last line has the cause; those above it are the commands that came to it.
            raise SecurityError(f"cargo-deny: {fields['message'].strip().splitlines()[-1]}")
    if not set(checks) <= set(summed):
        raise SecurityError("cargo-deny did not sum every check up")
    if sum(summed[check]["errors"] for check in checks) != len(found):
        raise SecurityError("cargo-deny counts other errors than it lists")
    return found


def _crate(fields: dict[str, Any]) -> str:
    for graph in fields.get("graphs", []):
        if "Krate" in graph:
            return f"{graph['Krate']['name']} {graph['Krate']['version']}"
    return "rust/Cargo.lock"


SCANNERS: dict[str, Callable[[Path], list[Finding]]] = {
    "code": code,
    "packages": packages,
    "crates": crates,
    "secrets": secrets,
    "workflows": workflows,
}


def _module(module: str) -> list[str]:
    return [sys.executable, "-P", "-m", module]


def _run(
    name: str,
    command: Sequence[str],
    root: Path,
    codes: Sequence[int],
    *,
    pinned_as: str = "",
    stream: str = "stdout",
) -> str:
    environment = dict(os.environ)
    if pinned_as:
        try:
            environment["PYTHONPATH"] = str(pinned.folder(pinned_as))
        except pinned.PinnedError as error:
            raise SecurityError(str(error)) from None
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise SecurityError(f"{name} cannot be run: {error.strerror}") from None
    if done.returncode not in codes:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise SecurityError(f"{name} ended with exit code {done.returncode}: {last}")
    said = done.stdout if stream == "stdout" else done.stderr
    if not said.strip():
        last = (done.stderr.strip() or "no output").splitlines()[-1]
        raise SecurityError(f"{name} gave no answer: {last}")
    return said


def _json(said: str, name: str) -> Any:  # noqa: ANN401 - as the scanner has it
    try:
        return json.loads(said)
    except ValueError:
        raise SecurityError(f"{name} did not answer in JSON: {said.strip()[:120]!r}") from None
