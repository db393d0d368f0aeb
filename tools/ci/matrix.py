"""Platforms and Pythons that CI tests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass

RUNNERS = {
    "linux-64": "ubuntu-24.04",
    "linux-aarch64": "ubuntu-24.04-arm",
    "osx-64": "macos-15-intel",
    "osx-arm64": "macos-15",
    "win-64": "windows-2025",
}
ENVIRONMENTS = ("py311", "py312", "py313", "py314")
# On a pull request every Python runs on one platform, and the newest and the oldest on the rest.
FULL_PLATFORM = "linux-64"
EDGES = (ENVIRONMENTS[0], ENVIRONMENTS[-1])


@dataclass(frozen=True)
class Job:
    """One test job."""

    platform: str
    runner: str
    environment: str


def jobs(event: str) -> list[Job]:
    """Return the test jobs for a GitHub event: all of them, or a subset on a pull request."""
    return [
        Job(platform, runner, environment)
        for platform, runner in RUNNERS.items()
        for environment in ENVIRONMENTS
        if event != "pull_request" or platform == FULL_PLATFORM or environment in EDGES
    ]


def as_json(event: str) -> list[dict[str, str]]:
    """Return the jobs as a matrix' `include`."""
    return [asdict(job) for job in jobs(event)]
