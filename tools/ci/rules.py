"""What every workflow must keep to; each rule yields a sentence for each breach."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ci import artifacts, jobs, manifest, workflow
from ci.errors import CiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ci.manifest import Environment

LOCAL_ACTION = "./.github/actions/pixi"
ACTIONS = "tools/ci/actions.toml"
GATE = "gate"
_ON = True  # YAML 1.1 reads the key `on` so
_USES = re.compile(r"^\s*(?:- )?uses:\s*(\S+)(.*)$", re.MULTILINE)
_UNSAFE_EVENTS = {"pull_request_target", "workflow_run", "issue_comment"}
_STEP_CONDITIONS = {"${{ !cancelled() }}"}
_HIDING = re.compile(r"\|\|\s*(?:true|:|exit 0)|set \+e|continue-on-error")


@dataclass(frozen=True)
class Material:
    """The workflows and what they are held against.

    Parameters
    ----------
    documents, texts
        By file name.
    action
        Text of the local action.
    environments
        Of pixi.toml.
    actions
        Commit and version of every action that may be used.
    """

    documents: Mapping[str, Mapping[Any, Any]]
    texts: Mapping[str, str]
    action: str
    environments: Mapping[str, Environment]
    actions: Mapping[str, Mapping[str, str]]


def read(root: Path) -> Material:
    """Read everything below the root of a checkout.

    Raises
    ------
    CiError
        A workflow is no YAML mapping, or there is none.
    """
    paths = sorted((root / ".github/workflows").glob("*.y*ml"))
    if not paths:
        raise CiError(f"{root} has no workflow")
    return Material(
        {path.name: workflow.load(path) for path in paths},
        {path.name: path.read_text(encoding="utf-8") for path in paths},
        (root / LOCAL_ACTION / "action.yml").read_text(encoding="utf-8"),
        manifest.environments(root / "pixi.toml"),
        tomllib.loads((root / ACTIONS).read_text(encoding="utf-8")),
    )


def breaches(material: Material) -> list[str]:
    """Return a sentence for everything that breaks a rule."""
    found = [*_actions(material), *_unused(material)]
    for name, document in material.documents.items():
        of_file = [*_head(document, material.texts[name]), *_gate(document)]
        for job, described in document["jobs"].items():
            of_file += [f"{job}: {breach}" for breach in _job(described)]
            of_file += [f"{job}: {breach}" for breach in _tasks(job, described, material)]
        of_file += artifacts.breaches(document["jobs"])
        found += [f"{name}: {breach}" for breach in of_file]
    return list(dict.fromkeys(found))  # a matrix would say the same many times


def _head(document: Mapping[Any, Any], text: str) -> Iterator[str]:
    if document.get("permissions") != {}:
        yield "must begin with `permissions: {}`"
    if document.get("defaults", {}).get("run", {}).get("shell") != "bash":
        yield "must have bash as its shell, which stops at the first failure"
    events = document.get(_ON, {})
    for event in sorted(_UNSAFE_EVENTS & set(events)):
        yield f"must not run on {event}, which gives strangers' code our rights"
    for found in _HIDING.finditer(text):
        yield f"{found[0]!r} hides a failure"
    if "secrets." in text:
        yield "must use no stored secret"


def _gate(document: Mapping[Any, Any]) -> Iterator[str]:
    all_jobs = document["jobs"]
    if len(all_jobs) == 1:
        return
    gate = all_jobs.get(GATE)
    if gate is None:
        yield "has several jobs and no gate"
        return
    for job in all_jobs:
        if job != GATE and job not in gate.get("needs", []):
            yield f"{job} is not in the gate"
    if gate.get("if") != "always()":
        yield "the gate must run always, or a failure skips it and it counts as passed"
    if gate.get("env", {}).get("NEEDS") != "${{ toJSON(needs) }}":
        yield "the gate must be given NEEDS"
    if not any("ci-gate" in str(step.get("run")) for step in gate["steps"]):
        yield "the gate must run ci-gate"


def _job(job: Mapping[str, Any]) -> Iterator[str]:
    if "permissions" not in job:
        yield "must state its permissions"
    if "timeout-minutes" not in job:
        yield "must have a time limit"
    if "if" in job and job["if"] != "always()":
        yield "must not have a condition: a skipped job would have to count as passed"
    for step in job["steps"]:
        if "if" in step and step["if"] not in _STEP_CONDITIONS:
            yield f"a step has the condition {step['if']!r}"
        if "shell" in step:
            yield "a step has a shell of its own"
        checkout = str(step.get("uses", "")).startswith("actions/checkout@")
        if checkout and step.get("with", {}).get("persist-credentials") is not False:
            yield "a checkout keeps its credentials"


def _tasks(name: str, job: Mapping[str, Any], material: Material) -> Iterator[str]:
    try:
        for values in jobs.combinations(job):
            platform = jobs.platform(job, values)
            installed = _installed(job, values)
            for environment in sorted(installed):
                yield from _environment(environment, platform, material)
            runs = [_run(name, step, job, values) for step in job["steps"] if "run" in step]
            for run in runs:
                yield from _task(run, installed, material)
            for environment in sorted(installed - {run.environment for run in runs}):
                yield f"installs the environment {environment} and runs nothing in it"
    except CiError as error:
        yield str(error)


def _installed(job: Mapping[str, Any], values: Mapping[str, str]) -> set[str]:
    return {
        each
        for step in job["steps"]
        if step.get("uses") == LOCAL_ACTION
        for each in jobs.filled(str(step.get("with", {}).get("environments", "")), values).split()
    }


def _environment(name: str, platform: str, material: Material) -> Iterator[str]:
    if name not in material.environments:
        yield f"pixi.toml has no environment {name}"
    elif platform not in material.environments[name].platforms:
        yield f"the environment {name} does not exist on {platform}"


def _task(run: workflow.TaskRun, installed: set[str], material: Material) -> Iterator[str]:
    if run.environment not in installed:
        yield f"{run.step}: the job does not install the environment {run.environment}"
        return
    environment = material.environments.get(run.environment)
    if environment is not None and run.task not in environment.tasks:
        yield f"{run.step}: the environment {run.environment} has no task {run.task}"


def _run(
    name: str, step: Mapping[str, Any], job: Mapping[str, Any], values: Mapping[str, str]
) -> workflow.TaskRun:
    described = {**job.get("env", {}), **step.get("env", {})}
    variables = {key: jobs.filled(str(text), values) for key, text in described.items()}
    return workflow.task_run(name, step).in_environment(variables)


def _actions(material: Material) -> Iterator[str]:
    texts = {**material.texts, "action.yml": material.action}
    used = set()
    for name, text in texts.items():
        for found in _USES.finditer(text):
            reference, rest = found[1], found[2].strip()
            if reference == LOCAL_ACTION:
                continue
            action, _, commit = reference.partition("@")
            used.add(action)
            pinned = material.actions.get(action)
            if pinned is None:
                yield f"{name}: {action} is not in {ACTIONS}"
            elif commit != pinned["commit"]:
                yield f"{name}: {reference} is not at the commit of {ACTIONS}"
            elif rest != f"# {pinned['version']}":
                yield f"{name}: {reference} must be followed by # {pinned['version']}"
    for action in sorted(set(material.actions) - used):
        yield f"{ACTIONS}: no workflow uses {action}"


def _unused(material: Material) -> Iterator[str]:
    used = set()
    for document in material.documents.values():
        for job in document["jobs"].values():
            with suppress(CiError):  # said by the rule on tasks
                used |= {
                    name for values in jobs.combinations(job) for name in _installed(job, values)
                }
    for name in sorted(set(material.environments) - used):
        yield f"pixi.toml: no workflow uses the environment {name}"
