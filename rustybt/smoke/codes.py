"""What smoke can find wrong: every code, its meaning and its remedy."""

from __future__ import annotations

from enum import Enum
from typing import Literal, NamedTuple

Severity = Literal["failure", "note"]

_REINSTALL = (
    "reinstall rustybt: `./pixiw run install` in a checkout, "
    "`pip install --force-reinstall --no-deps rustybt` anywhere else"
)
_REBUILD = "build it again: `pip install --editable .` in that checkout"
_ONE_COPY = "keep one: `pip uninstall rustybt` until none is left, then install once"


class _Meaning(NamedTuple):
    title: str
    remedy: str
    severity: Severity = "failure"


class Code(Enum):
    """A stable code for one cause; the hundreds say which part of the install it is in.

    SM1xx the installation, SM2xx a compiled module, SM3xx its answer and origin, SM4xx a
    dependency. A code is never given to another cause.
    """

    SM101 = _Meaning("not installed", "install it: `./pixiw run install` or `pip install rustybt`")
    SM102 = _Meaning(
        "installed, but its package folder cannot be found",
        f"a checkout was moved or files were deleted; {_REINSTALL}",
    )
    SM103 = _Meaning("no distribution installed this package", _REINSTALL)
    SM104 = _Meaning("installed more than once", _ONE_COPY)
    SM105 = _Meaning("no build record", _REINSTALL)
    SM106 = _Meaning("invalid build record", _REINSTALL)
    SM107 = _Meaning("the package itself does not import", _REINSTALL)
    SM108 = _Meaning(
        "found elsewhere than where it is installed",
        "remove the .pth file or the second install that leads there",
    )
    SM109 = _Meaning(
        "shadowed where Python was started",
        "run elsewhere, or with `python -P` (PYTHONSAFEPATH=1), and take it off PYTHONPATH",
    )
    SM110 = _Meaning(
        "would be shadowed in this directory",
        "here, start Python with `python -P` or PYTHONSAFEPATH=1",
        "note",
    )
    SM111 = _Meaning("unreadable distribution metadata", _REINSTALL)

    SM201 = _Meaning("missing from the install", _REINSTALL)
    SM202 = _Meaning("the editable install holds no shared object", _REBUILD)
    SM203 = _Meaning(
        "the Rust extension is missing",
        f"it is part of rustybt, never optional; {_REINSTALL}",
    )
    SM204 = _Meaning(
        "built for another Python", f"run the Python that it was built for, or {_REINSTALL}"
    )
    SM205 = _Meaning(
        "a shared object that the build record does not list",
        f"the wheel was packed from a dirty tree; {_REINSTALL}",
    )
    SM206 = _Meaning("another file is imported in its place", f"remove that file, or {_REINSTALL}")
    SM207 = _Meaning(
        "undefined symbol",
        f"it was built against other versions than those installed; {_REINSTALL}",
    )
    SM208 = _Meaning(
        "a shared library that it needs is missing",
        f"install the library, or {_REINSTALL}",
    )
    SM209 = _Meaning("not a loadable shared object", f"the file is damaged; {_REINSTALL}")
    SM210 = _Meaning(
        "built against another numpy", f"install the numpy that it was built for, or {_REINSTALL}"
    )
    SM211 = _Meaning("its import fails", _REINSTALL)
    SM212 = _Meaning("it crashes the interpreter", _REINSTALL)
    SM213 = _Meaning(
        "no answer in time", "look what it waits for, or allow more with `--timeout SECONDS`"
    )
    SM214 = _Meaning("it ends the interpreter", _REINSTALL)

    SM301 = _Meaning("no known-answer probe", _REINSTALL)
    SM302 = _Meaning("its probe fails", _REINSTALL)
    SM303 = _Meaning("wrong answer", _REINSTALL)
    SM304 = _Meaning("no fingerprint of its sources", _REINSTALL)
    SM305 = _Meaning("stale: not built from the sources of this build record", _REINSTALL)
    SM306 = _Meaning("stale: the sources have changed since it was built", _REBUILD)
    SM307 = _Meaning(
        "its sources cannot be compared", "use a whole checkout, with its tools/ folder", "note"
    )

    SM401 = _Meaning("dependency not installed", "install it: `pip install` that range")
    SM402 = _Meaning("dependency does not import", "reinstall it: `pip install --force-reinstall`")
    SM403 = _Meaning(
        "dependency out of the declared range", "install one that fits: `pip install` that range"
    )
    SM404 = _Meaning(
        "dependency without a comparable version",
        "reinstall it: `pip install --force-reinstall`",
        "note",
    )

    @property
    def title(self) -> str:
        """The cause in general."""
        return self.value.title

    @property
    def remedy(self) -> str:
        """What mends it."""
        return self.value.remedy

    @property
    def severity(self) -> Severity:
        """Whether it makes smoke fail; with ``--strict`` a note does too."""
        return self.value.severity
