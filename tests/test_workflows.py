"""The workflows keep to the rules, and each fault put into a copy of them is found."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from ci import rules

if TYPE_CHECKING:
    from ci.rules import Material

ROOT = Path(__file__).resolve().parents[1]
MATERIAL = rules.read(ROOT)
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
UPLOAD = "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1"


def changed(name: str, old: str, new: str) -> Material:
    """Return the material with one workflow, or the local action, changed."""
    texts = {**MATERIAL.texts, "action.yml": MATERIAL.action}
    assert old in texts[name], f"{name} no longer has {old!r}"
    text = texts[name].replace(old, new)
    if name == "action.yml":
        return dataclasses.replace(MATERIAL, action=text)
    return dataclasses.replace(
        MATERIAL,
        texts={**MATERIAL.texts, name: text},
        documents={**MATERIAL.documents, name: yaml.safe_load(text)},
    )


def test_the_workflows_break_no_rule() -> None:
    assert rules.breaches(MATERIAL) == []


def test_there_are_the_workflows_that_the_project_needs() -> None:
    assert set(MATERIAL.documents) == {
        *("ci.yml", "conda.yml", "performance.yml", "release.yml", "security.yml"),
        "update-lock.yml",
    }


FAULTS = {
    "a script in the place of a task": (
        *("ci.yml", "run: pixi run -e lint lock-check", "run: python -P tools/lock check"),
        "must be `pixi run -e ENVIRONMENT TASK`",
    ),
    "two commands": (
        *("ci.yml", "run: pixi run -e lint lock-check", "run: pixi run -e lint lock-check && true"),
        "no shell syntax",
    ),
    "two lines": (
        *(
            "ci.yml",
            "run: pixi run -e lint lock-check",
            "run: |\n          pixi run -e lint x\n          y",
        ),
        "must be `pixi run -e ENVIRONMENT TASK`",
    ),
    "a variable without quotes": (
        *("ci.yml", 'run: pixi run -e "$ENVIRONMENT" smoke', "run: pixi run -e $ENVIRONMENT smoke"),
        "quote variables",
    ),
    "an expression in a command": (
        *("ci.yml", 'run: pixi run -e "$ENVIRONMENT" smoke'),
        "run: pixi run -e ${{ matrix.environment }} smoke",
        "no shell syntax",
    ),
    "a variable that is not set": (
        *("ci.yml", 'run: pixi run -e "$ENVIRONMENT" smoke', 'run: pixi run -e "$OTHER" smoke'),
        "$OTHER is not set",
    ),
    "a task that is not there": (
        *("ci.yml", "pixi run -e lint lock-check", "pixi run -e lint lock-chek"),
        "the environment lint has no task lock-chek",
    ),
    "a task of another environment": (
        *("ci.yml", "pixi run -e default typecheck", "pixi run -e default lint"),
        "the environment default has no task lint",
    ),
    "an environment that is not there": (
        *("conda.yml", "environments: conda-build", "environments: conda-bild"),
        "pixi.toml has no environment conda-bild",
    ),
    "an environment that the job does not install": (
        *("ci.yml", "environments: lint checks", "environments: lint"),
        "the job does not install the environment checks",
    ),
    "an environment that is installed for nothing": (
        *("ci.yml", "environments: lint checks", "environments: lint checks bench"),
        "installs the environment bench and runs nothing in it",
    ),
    "an environment that does not exist on the platform": (
        *("performance.yml", "runs-on: ubuntu-24.04\n    timeout-minutes: 60"),
        "runs-on: ubuntu-24.04-arm\n    timeout-minutes: 60",
        "the environment bench does not exist on linux-aarch64",
    ),
    "a runner of no platform": (
        *("conda.yml", "runner: windows-2025", "runner: windows-latest"),
        "no platform has the runner windows-latest",
    ),
    "a matrix without the value": (
        *("conda.yml", "{ platform: linux-64, runner:", "{ platform: linux-64, runnner:"),
        "the matrix has no runner",
    ),
    "an environment that nothing uses": (
        *("release.yml", "environments: release", "environments: lint"),
        "no workflow uses the environment release",
    ),
    "an action at a tag": (
        *("ci.yml", CHECKOUT, "actions/checkout@v7"),
        "actions/checkout@v7 is not at the commit",
    ),
    "an action at another commit": (
        *("conda.yml", CHECKOUT, CHECKOUT.replace("@3", "@4")),
        "is not at the commit of tools/ci/actions.toml",
    ),
    "an action without its version": (
        *("security.yml", CHECKOUT, CHECKOUT.partition(" ")[0]),
        "must be followed by # v7.0.1",
    ),
    "an action with another version": (
        *("security.yml", CHECKOUT, CHECKOUT.replace("v7.0.1", "v6.0.0")),
        "must be followed by # v7.0.1",
    ),
    "an unknown action": (
        *("ci.yml", CHECKOUT, "someone/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"),
        "someone/checkout is not in tools/ci/actions.toml",
    ),
    "the local action at a tag": (
        *("action.yml", "prefix-dev/setup-pixi@f00437f565399d418b0acc85936d12c1fb668347 # v0.10.1"),
        "prefix-dev/setup-pixi@v0.10.1",
        "action.yml: prefix-dev/setup-pixi@v0.10.1 is not at the commit",
    ),
    "an action of the list that nothing uses": (
        *("update-lock.yml", "peter-evans/create-pull-request@", "actions/checkout@"),
        "no workflow uses peter-evans/create-pull-request",
    ),
    "a job that is not in the gate": (
        *("ci.yml", "needs: [plan, lint, types, test, installed]"),
        "needs: [plan, lint, types, test]",
        "installed is not in the gate",
    ),
    "no gate": ("security.yml", "  gate:\n", "  verdict:\n", "has several jobs and no gate"),
    "a gate that is skipped after a failure": (
        *("ci.yml", "    if: always()\n", ""),
        "the gate must run always",
    ),
    "a gate that sees nothing": (
        *("ci.yml", "NEEDS: ${{ toJSON(needs) }}", "NEEDS: '{}'"),
        "the gate must be given NEEDS",
    ),
    "a gate that judges nothing": (
        *("ci.yml", "pixi run -e lint ci-gate", "pixi run -e lint ci-plan"),
        "the gate must run ci-gate",
    ),
    "a job under a condition": (
        *("ci.yml", "    name: Types\n", "    name: Types\n    if: github.event_name == 'push'\n"),
        "must not have a condition",
    ),
    "a step under a condition": (
        *("ci.yml", "      - name: actionlint\n"),
        "      - name: actionlint\n        if: failure()\n",
        "a step has the condition 'failure()'",
    ),
    "a failure that is ignored": (
        *("ci.yml", "      - name: actionlint\n"),
        "      - name: actionlint\n        continue-on-error: true\n",
        "'continue-on-error' hides a failure",
    ),
    "a failure that becomes a success": (
        *("ci.yml", "pixi run -e lint lock-check", "pixi run -e lint lock-check || true"),
        "'|| true' hides a failure",
    ),
    "another shell": (
        *("ci.yml", "      - name: actionlint\n"),
        "      - name: actionlint\n        shell: sh -c {0}\n",
        "a step has a shell of its own",
    ),
    "no shell of the workflow": (
        *("ci.yml", "    shell: bash\n", "    working-directory: .\n"),
        "must have bash as its shell",
    ),
    "rights for all jobs": (
        *("ci.yml", "\npermissions: {}\n", "\npermissions: write-all\n"),
        "must begin with `permissions: {}`",
    ),
    "a job without stated rights": (
        *("update-lock.yml", "    permissions:\n      contents: write # pushes the branch\n"),
        "    env:\n      A: b\n",
        "must state its permissions",
    ),
    "no time limit": ("ci.yml", "    timeout-minutes: 30\n", "", "must have a time limit"),
    "credentials that stay": (
        *("ci.yml", "persist-credentials: false", "persist-credentials: true"),
        "a checkout keeps its credentials",
    ),
    "strangers' code with our rights": (
        *("ci.yml", "  pull_request:\n", "  pull_request_target:\n"),
        "must not run on pull_request_target",
    ),
    "a stored token": (
        *("release.yml", "packages-dir: build/first/index"),
        "password: ${{ secrets.TOKEN }}",
        "must use no stored secret",
    ),
    "an artifact of another name": (
        *(
            "ci.yml",
            "          name: dist-${{ matrix.platform }}-${{ matrix.environment }}\n      - uses",
        ),
        "          name: dist-${{ matrix.environment }}-${{ matrix.platform }}\n      - uses",
        "no job before it leaves an artifact dist-py311-linux-64",
    ),
    "an artifact of no pattern": (
        *("release.yml", "pattern: conda-*-again", "pattern: conda-*-agian"),
        "no job before it leaves an artifact conda-*-agian",
    ),
    "an artifact of a job that is not awaited": (
        *("release.yml", "needs: [sdist, wheels, conda]", "needs: [sdist, wheels]"),
        "no job before it leaves an artifact conda-*-first",
    ),
    "an artifact that is written twice": (
        *("conda.yml", "name: conda-${{ matrix.platform }}", "name: conda-all"),
        "the artifact conda-all is written twice",
    ),
    "an artifact that may be empty": (
        *("security.yml", "if-no-files-found: error", "if-no-files-found: warn"),
        "the artifact security may be empty",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str) -> None:
    name, old, new, said = FAULTS[fault]
    found = rules.breaches(changed(name, old, new))
    assert any(said in breach for breach in found), found


def test_the_jobs_without_a_checkout_have_none() -> None:
    for name, job in (("ci.yml", "installed"), ("release.yml", "publish")):
        steps = MATERIAL.documents[name]["jobs"][job]["steps"]
        assert not any("checkout@" in str(step.get("uses")) for step in steps)


def test_only_main_writes_the_cache_and_a_release_reads_none() -> None:
    assert "cache-write: ${{ github.ref == 'refs/heads/main' }}" in MATERIAL.action
    for job in MATERIAL.documents["release.yml"]["jobs"].values():
        for step in job["steps"]:
            if step.get("uses") == rules.LOCAL_ACTION:
                assert step["with"]["cache"] == "false"


def test_the_pixi_of_ci_fits_the_manifest() -> None:
    found = re.search(r"pixi-version: v(\S+)", MATERIAL.action)
    manifest = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))
    assert found
    assert SpecifierSet(manifest["workspace"]["requires-pixi"]).contains(found[1])


def test_every_scan_is_in_the_workflow_and_in_the_summary() -> None:
    from security.scanners import SCANNERS

    runs = [
        step.get("run", "") for step in MATERIAL.documents["security.yml"]["jobs"]["scan"]["steps"]
    ]
    scans = [run.rpartition("scan-")[2] for run in runs if "scan-" in run]
    assert scans == list(SCANNERS)
    assert next(run for run in reversed(runs) if run).endswith("security-summary")


def test_dependabot_waits_before_it_proposes() -> None:
    document = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))
    kinds = {update["package-ecosystem"] for update in document["updates"]}
    assert kinds == {"github-actions", "cargo"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in document["updates"])
