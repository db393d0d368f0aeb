"""Versions, ranges and markers, against the packaging library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement as ReferenceRequirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version as ReferenceVersion

from rustybt.smoke.requirements import RequirementError, environment, evaluate, parse
from rustybt.smoke.versions import Version, VersionError, contains

numbers = st.integers(0, 3)
releases = st.lists(numbers, min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))
optional = st.tuples(
    st.sampled_from(["", "", "1!"]),
    releases,
    st.sampled_from(["", "", "", "a1", "b2", "rc1", "-alpha.1", "_c0"]),
    st.sampled_from(["", "", "", ".post1", "-1", ".rev0"]),
    st.sampled_from(["", "", "", ".dev0", "dev2"]),
)
public = optional.map("".join)
local = st.sampled_from(["", "", "+cpu", "+cpu.1", "+1.cpu"])
versions = st.tuples(public, local).map("".join)


@given(versions, versions)
def test_order(left: str, right: str) -> None:
    ours = (Version.parse(left).key, Version.parse(right).key)
    theirs = (ReferenceVersion(left), ReferenceVersion(right))
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (
        theirs[0] < theirs[1],
        theirs[0] == theirs[1],
    )


@given(versions, st.sampled_from([">=", "<=", ">", "<", "==", "!="]), public)
def test_ranges(version: str, operator: str, bound: str) -> None:
    expected = SpecifierSet(f"{operator}{bound}").contains(version, prereleases=True)
    assert contains(f"{operator}{bound}", version) == expected


@given(versions, st.sampled_from(["==", "!="]), releases)
def test_prefixes(version: str, operator: str, bound: str) -> None:
    expected = SpecifierSet(f"{operator}{bound}.*").contains(version, prereleases=True)
    assert contains(f"{operator}{bound}.*", version) == expected


@given(versions, st.lists(numbers, min_size=2, max_size=3), st.sampled_from(["", "a1", ".post1"]))
def test_compatible_releases(version: str, parts: list[int], mark: str) -> None:
    spec = f"~={'.'.join(map(str, parts))}{mark}"
    assert contains(spec, version) == SpecifierSet(spec).contains(version, prereleases=True)


@pytest.mark.parametrize(
    ("spec", "version", "fits"),
    [
        (">=2,<3", "2.4.6", True),
        (">=2,<3", "3.0.0", False),
        (">=2,<3", "3.0.0rc1", False),
        (">=2,<3", "2.5.0.dev0+git20260101", True),
        (">=2,<3", "1.26.4", False),
        (">=2,<3", "2.0.0rc1", False),
        (">=2.2,<4", "3.1.1.post1", True),
        ("==1.0", "1.0+local", True),
        ("===1.0", "1.0.0", False),
        ("", "1.0", True),
    ],
)
def test_installed_versions(spec: str, version: str, *, fits: bool) -> None:
    assert contains(spec, version) is fits


@pytest.mark.parametrize(
    ("spec", "version"),
    [(">=2", "unknown"), (">=2", ""), ("~~2", "2"), (">=2.*", "2"), ("~=2", "2"), (">=two", "2")],
)
def test_what_is_no_version(spec: str, version: str) -> None:
    with pytest.raises(VersionError):
        contains(spec, version)


def test_environment_is_that_of_markers() -> None:
    assert {**environment(), "extra": ""} == {**default_environment(), "extra": ""}


@pytest.mark.parametrize(
    "marker",
    [
        'python_version >= "3.11"',
        'python_version < "3.9"',
        "sys_platform == 'linux' or sys_platform == 'win32'",
        'extra == "test"',
        'extra == "test" and python_version > "3" or os_name == "posix"',
        'extra == "test" and (python_version > "3" or os_name == "posix")',
        'platform_machine in "x86_64 aarch64"',
        'platform_machine not in "x86_64 aarch64"',
        '"64" in platform_machine',
        'implementation_name == "cpython" and python_full_version != "3.11.0"',
        'platform_system != "Windows"',
        'python_version ~= "3.11"',
        'python_version == "3.*"',
    ],
)
def test_markers(marker: str) -> None:
    values = {**{key: str(value) for key, value in default_environment().items()}, "extra": ""}
    assert evaluate(marker, values) == Marker(marker).evaluate({"extra": ""})


@pytest.mark.parametrize(
    "marker",
    ["", "python_version", "python_version >= ", '"a" == "b" or', '("a" == "b"', '"a" ~= "b"',
     'nothing == "1"', 'os_name == "posix" os_name', "os_name = 'posix'"],
)  # fmt: skip
def test_what_is_no_marker(marker: str) -> None:
    with pytest.raises(RequirementError):
        evaluate(marker, environment())


@pytest.mark.parametrize(
    "text",
    [
        "numpy<3,>=2",
        "numpy (>=2,<3)",
        "pandas [performance] >=2.2 , <4",
        "zope.interface",
        "tzdata>=2022.7; sys_platform == 'win32' or python_version > '3'",
        "wheel @ https://example.invalid/wheel.whl",
    ],
)
def test_requirements(text: str) -> None:
    reference = ReferenceRequirement(text)
    requirement = parse(text, environment())
    assert requirement is not None
    assert requirement.name == reference.name
    assert SpecifierSet(requirement.spec) == reference.specifier


def test_requirements_of_extras_are_left_out() -> None:
    assert parse('pytest>=8; extra == "test"', environment()) is None


@pytest.mark.parametrize("text", ["", "-numpy", "numpy ~~ 2", "numpy >=2 <3", "numpy; os_name"])
def test_what_is_no_requirement(text: str) -> None:
    with pytest.raises(RequirementError):
        parse(text, environment())
