"""The gate over the jobs of a workflow, and the plan of the test jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ci import cli, gate, matrix
from ci.errors import CiError
from ci.gate import FAILURE, NOT_HERE, SUCCESS, Outcome

if TYPE_CHECKING:
    from pathlib import Path


def needs(**results: str) -> str:
    """Return what GitHub gives for some jobs."""
    return json.dumps({job: {"result": result, "outputs": {}} for job, result in results.items()})


@pytest.mark.parametrize("result", ["failure", "cancelled", "skipped", "", "Success"])
def test_anything_but_success_fails(
    result: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.setenv("NEEDS", needs(lint="success", test=result))
    assert cli.main(["gate"]) == 1
    assert "1 of 2 did not pass: test" in capsys.readouterr().out


def test_success_of_all_passes_and_is_written_to_the_summary(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEEDS", needs(lint="success", test="success"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    assert cli.main(["gate"]) == 0
    assert "all 2 passed" in capsys.readouterr().out
    assert "all 2 passed" in (tmp_path / "summary").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"lint": "success"}', '{"lint": {}}'])
def test_what_names_no_result_is_no_success(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEEDS", text)
    assert cli.main(["gate"]) == 1
    assert capsys.readouterr().err.startswith("ci: NEEDS")


def test_without_needs_nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEEDS", raising=False)
    assert cli.main(["gate"]) == 1


def test_a_job_cannot_excuse_itself_as_a_local_run_does() -> None:
    with pytest.raises(CiError, match="no job of a workflow ends with 'not here'"):
        gate.outcomes(needs(lint="success", test=NOT_HERE))


def test_what_cannot_run_here_is_said_and_is_no_failure() -> None:
    found = [Outcome("lint", SUCCESS), Outcome("actions", NOT_HERE, "only conda-forge has it")]
    assert gate.passed(found)
    text = gate.table(found)
    assert "actions  not here: only conda-forge has it" in text
    assert text.endswith("1 of 2 passed, 1 cannot run here")


@pytest.mark.parametrize(
    "found", [[], [Outcome("actions", NOT_HERE, "why")], [Outcome("lint", FAILURE)]]
)
def test_nothing_that_succeeded_is_no_success(found: list[Outcome]) -> None:
    assert not gate.passed(found)
    assert "passed" not in gate.table(found).rpartition("\n")[2].replace("so nothing passed", "")


def test_every_python_on_every_platform_on_main() -> None:
    for event in ("push", "schedule"):
        found = matrix.jobs(event)
        assert len(found) == len(set(found)) == len(matrix.RUNNERS) * len(matrix.ENVIRONMENTS)


def test_a_pull_request_tests_every_platform_and_every_python() -> None:
    found = matrix.jobs("pull_request")
    assert {job.platform for job in found} == set(matrix.RUNNERS)
    assert {job.environment for job in found} == set(matrix.ENVIRONMENTS)
    assert set(found) < set(matrix.jobs("push"))


def test_the_plan_is_an_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    assert cli.main(["plan"]) == 0
    name, _, value = (tmp_path / "output").read_text(encoding="utf-8").partition("=")
    assert name == "matrix"
    assert json.loads(value) == matrix.as_json("pull_request")
    assert value.count("\n") == 1
