"""Versions and ranges of versions, as PEP 440 orders and matches them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

_VERSION = re.compile(
    r"""\s*v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<pre_number>\d+)?)?
    (?:-(?P<post_implicit>\d+)|(?P<post>[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>\d+)?))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d+)?)?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*(~=|===|==|!=|<=|>=|<|>)\s*([^\s,;]+)\s*")
_PRE = {"a": "a", "alpha": "a", "b": "b", "beta": "b"}
_BEFORE_ALL, _AFTER_ALL = -1, 1  # the ranks of what a version does not have
_NUMBERED = 0


class VersionError(ValueError):
    """A text that is no version, or no range of versions."""


@dataclass(frozen=True)
class Version:
    """A version in its parts; ``pre`` is ("a" | "b" | "rc", number)."""

    epoch: int
    release: tuple[int, ...]
    pre: tuple[str, int] | None
    post: int | None
    dev: int | None
    local: str | None

    @classmethod
    def parse(cls, text: str) -> Version:
        """Parse `text`; raises VersionError if PEP 440 knows no such version."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise VersionError(f"{text!r} is no version")
        pre = post = dev = None
        if match["pre"]:
            pre = (_PRE.get(match["pre"].lower(), "rc"), int(match["pre_number"] or 0))
        if match["post_implicit"] or match["post"]:
            post = int(match["post_implicit"] or match["post_number"] or 0)
        if match["dev"]:
            dev = int(match["dev_number"] or 0)
        return cls(
            epoch=int(match["epoch"] or 0),
            release=tuple(int(part) for part in match["release"].split(".")),
            pre=pre,
            post=post,
            dev=dev,
            local=re.sub("[-_]", ".", match["local"].lower()) if match["local"] else None,
        )

    @property
    def public(self) -> tuple[Any, ...]:
        """The sort key without the local label."""
        release = self.release
        while release and release[-1] == 0:
            release = release[:-1]
        pre: tuple[Any, ...] = (_AFTER_ALL,)
        if self.pre is not None:
            pre = (_NUMBERED, *self.pre)
        elif self.post is None and self.dev is not None:
            pre = (_BEFORE_ALL,)  # 1.0.dev1 comes before 1.0a1
        post = -1 if self.post is None else self.post
        dev = (_AFTER_ALL,) if self.dev is None else (_NUMBERED, self.dev)
        return (self.epoch, release, pre, post, dev)

    @property
    def key(self) -> tuple[Any, ...]:
        """The sort key."""
        labels = self.local.split(".") if self.local else []
        # Numbers come after words.
        ranked = ((1, int(label)) if label.isdigit() else (0, label) for label in labels)
        return (self.public, tuple(ranked))

    @property
    def is_prerelease(self) -> bool:
        """Whether it is an alpha, beta, candidate or development release."""
        return self.pre is not None or self.dev is not None

    def starts_with(self, prefix: Version) -> bool:
        """Return whether this version is one of ``prefix.*``."""
        length = len(prefix.release)
        padded = (self.release + (0,) * length)[:length]
        return self.epoch == prefix.epoch and padded == prefix.release

    def is_same_release(self, other: Version) -> bool:
        """Return whether both are of one release, however marked."""
        length = max(len(self.release), len(other.release))
        mine, theirs = (version.release + (0,) * length for version in (self, other))
        return self.epoch == other.epoch and mine[:length] == theirs[:length]


def contains(spec: str, text: str) -> bool:
    """Return whether version `text` fits the range `spec`, such as ``>=2,<3``.

    An installed pre-release fits where its place in the order does, as for ``pip check``.

    Raises
    ------
    VersionError
        If either cannot be understood.
    """
    clauses = [clause for clause in spec.split(",") if clause.strip()]
    return all(_fits(clause, text) for clause in clauses)


def _fits(clause: str, text: str) -> bool:
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        raise VersionError(f"{clause.strip()!r} is no range of versions")
    operator, bound = match.groups()
    if operator == "===":
        return bound.lower() == text.strip().lower()
    version = Version.parse(text)
    if bound.endswith(".*"):
        if operator not in {"==", "!="}:
            raise VersionError(f"{clause.strip()!r} is no range of versions")
        return version.starts_with(Version.parse(bound[:-2])) == (operator == "==")
    return _compare(operator, version, Version.parse(bound))


def _compare(operator: str, version: Version, bound: Version) -> bool:
    match operator:
        case "==" | "!=":
            # A local label counts only if the range names one.
            is_equal = version.key == bound.key if bound.local else version.public == bound.public
            return is_equal == (operator == "==")
        case ">=":
            return version.public >= bound.public
        case "<=":
            return version.public <= bound.public
        case "<":
            # 3.0rc1 is before 3.0, but `<3` means what comes before 3.0's first pre-release.
            limit = bound if bound.is_prerelease else replace(bound, dev=0)
            return version.public < limit.public
        case ">":
            # 2.0.post1 is after 2.0, but `>2.0` means the releases after it.
            has_posts = bound.post is None and bound.dev is None
            is_its_post = version.is_same_release(bound) and version.pre == bound.pre
            return version.public > bound.public and not (has_posts and is_its_post)
        case _:  # ~=
            if len(bound.release) < 2:
                raise VersionError("`~=` needs a version of two parts or more")
            series = Version(bound.epoch, bound.release[:-1], None, None, None, None)
            return version.public >= bound.public and version.starts_with(series)
