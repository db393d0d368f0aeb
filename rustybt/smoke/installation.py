"""The installed rustybt: where it is, which distribution it belongs to, what it should hold."""

from __future__ import annotations

import site
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from . import record
from .codes import Code
from .findings import Finding
from .interpreter import Interpreter
from .objects import guess_modules, module_name, shared_objects, tag

if TYPE_CHECKING:
    from .interpreter import Outcome
    from .record import Module, Record

PACKAGE = "rustybt"
Kind = Literal["site-packages", "editable", "checkout", "elsewhere"]

_USER_SITE = ("-E", "-P")  # what -I means, but for -s


@dataclass(frozen=True)
class Distribution:
    """The metadata that an installer left in the folder ``place``.

    ``source`` is the checkout of an editable install, where the installer wrote it down.
    """

    place: Path
    version: str | None
    requires: tuple[str, ...]
    editable: bool
    source: Path | None


@dataclass(frozen=True)
class Installation:
    """What an isolated interpreter finds under the name rustybt.

    ``folder`` is the package folder, ``kind`` how it came to be found; ``imports`` is whether
    ``import rustybt`` itself succeeds there. ``interpreter`` is the one that found it.
    """

    interpreter: Interpreter
    folder: Path | None
    kind: Kind | None
    distribution: Distribution | None
    record: Record | None
    modules: tuple[Module, ...]
    imports: bool
    findings: tuple[Finding, ...]


def find_installation(interpreter: Interpreter) -> Installation:
    """Ask `interpreter` what it finds; go on to the user's site-packages if that is nothing."""
    outcome = interpreter.ask("locate")
    if not outcome.steps and not outcome.crash and site.ENABLE_USER_SITE:
        in_user_site = replace(interpreter, flags=_USER_SITE)
        second = in_user_site.ask("locate")
        if second.steps:
            interpreter, outcome = in_user_site, second
    return _installation(interpreter, outcome)


def _installation(interpreter: Interpreter, outcome: Outcome) -> Installation:
    distributions = [_distribution(step) for step in outcome.all("distribution")]
    found = outcome.step("found")
    folder = Path(found["folder"]) if found else None
    distribution, others = _owner(folder, distributions)
    kind = _kind(folder, distribution)
    findings = _findings_on_metadata(outcome, folder, distribution, kind)
    findings += _findings_on_copies(outcome, folder, others)
    built: Record | None = None
    modules: tuple[Module, ...] = ()
    if folder is not None:
        findings += _findings_on_import(outcome, folder)
        try:
            built = record.read(folder)
            modules = built.modules
            findings += _findings_on_record(built, distribution, kind)
        except (FileNotFoundError, record.RecordError) as error:
            modules = guess_modules(folder)
            findings.append(_no_record(error, folder))
        if built is not None:
            findings += _undeclared(folder, built, kind)
    return Installation(
        interpreter=interpreter,
        folder=folder,
        kind=kind,
        distribution=distribution,
        record=built,
        modules=modules,
        imports=outcome.step("imported") is not None and outcome.status == 0,
        findings=tuple(findings),
    )


def _distribution(step: dict[str, Any]) -> Distribution:
    url = urlsplit(step["source"] or "")
    source = None
    if step["editable"] and url.scheme == "file":
        from urllib.request import url2pathname  # loads a web client: only where it must

        source = Path(url2pathname(url.path))
    return Distribution(
        place=Path(step["place"]),
        version=step["version"],
        requires=tuple(step["requires"]),
        editable=bool(step["editable"]),
        source=source,
    )


def _owner(
    folder: Path | None, distributions: list[Distribution]
) -> tuple[Distribution | None, list[Distribution]]:
    """Split `distributions` into the one that `folder` belongs to and the other installs."""
    editable = [item for item in distributions if item.editable]
    # A build leaves rustybt.egg-info in its checkout; that is no install of its own.
    sources = {item.source for item in editable}
    installed = [item for item in distributions if item.editable or item.place not in sources]
    beside = [item for item in installed if not item.editable and _holds(item.place, folder)]
    owner = next(iter([*beside, *editable, *installed]), None)
    return owner, [item for item in installed if item is not owner]


def _holds(place: Path, folder: Path | None) -> bool:
    return folder is not None and same(place, folder.parent)


def same(first: Path, second: Path) -> bool:
    """Return whether two paths lead to one file or folder."""
    try:
        return first.samefile(second)
    except OSError:
        return False


def _kind(folder: Path | None, distribution: Distribution | None) -> Kind | None:
    if folder is None:
        return None
    if distribution is not None and distribution.editable:
        is_source = distribution.source is None or _holds(distribution.source, folder)
        if is_source:
            return "editable"
    if is_checkout(folder):
        return "checkout"
    is_owned = distribution is None or _holds(distribution.place, folder)
    return "site-packages" if is_owned else "elsewhere"


def is_checkout(folder: Path) -> bool:
    """Return whether the package `folder` lies in a source tree."""
    return (folder.parent / "pyproject.toml").is_file()


def _findings_on_metadata(
    outcome: Outcome, folder: Path | None, distribution: Distribution | None, kind: Kind | None
) -> list[Finding]:
    findings = [
        Finding(Code.SM111, PACKAGE, f"its metadata in {step['place']}: {step['message']}")
        for step in outcome.all("unreadable distribution")
    ]
    if distribution is not None and distribution.version is None:
        cause = f"its metadata in {distribution.place} names no version"
        findings.append(Finding(Code.SM111, PACKAGE, cause))
    if distribution is None and folder is None:
        if not findings:
            where = "an isolated interpreter finds neither a distribution nor a package rustybt"
            findings.append(Finding(Code.SM101, PACKAGE, where))
    elif distribution is None and not findings:
        cause = f"{folder} is importable, but no metadata says what installed it"
        findings.append(Finding(Code.SM103, PACKAGE, cause))
    elif distribution is not None and folder is None:
        where = f"the metadata in {distribution.place} is there, the package is not"
        if distribution.editable:
            where = f"it is an editable install of {distribution.source}, which holds no rustybt"
        findings.append(Finding(Code.SM102, PACKAGE, where))
    elif distribution is not None and kind in {"checkout", "elsewhere"}:
        owner = distribution.source if distribution.editable else distribution.place
        cause = f"{folder} is imported, but the installed distribution is in {owner}"
        findings.append(Finding(Code.SM108, PACKAGE, cause))
    return findings


def _findings_on_copies(
    outcome: Outcome, folder: Path | None, others: list[Distribution]
) -> list[Finding]:
    copies = [Path(step["folder"]) for step in outcome.all("copy")]
    extra = [str(copy) for copy in copies if folder is not None and not same(copy, folder)]
    extra += [f"the metadata of version {item.version} in {item.place}" for item in others]
    if not extra:
        return []
    cause = f"{folder} is imported; beside it there is {', '.join(extra)}"
    return [Finding(Code.SM104, PACKAGE, cause)]


def _findings_on_import(outcome: Outcome, folder: Path) -> list[Finding]:
    found, failed = outcome.step("found"), outcome.step("import failed")
    if found is not None and not found["has_init"]:
        return [Finding(Code.SM107, PACKAGE, f"{folder / '__init__.py'} is missing")]
    if failed is not None:
        cause = f"`import rustybt` raises {failed['type']}: {failed['message']}"
        return [Finding(Code.SM107, PACKAGE, cause)]
    if outcome.timed_out:
        return [Finding(Code.SM107, PACKAGE, "`import rustybt` does not end")]
    if outcome.crash or outcome.status or outcome.step("imported") is None:
        ending = outcome.crash or f"exit status {outcome.status}: {outcome.last_words}"
        return [Finding(Code.SM107, PACKAGE, f"`import rustybt` ends with {ending}")]
    return []


def _findings_on_record(
    built: Record, distribution: Distribution | None, kind: Kind | None
) -> list[Finding]:
    # An editable install's metadata keeps the version it was installed with.
    known = distribution.version if distribution is not None and kind == "site-packages" else None
    if known is None or known == built.package:
        return []
    cause = f"the record is of version {built.package}, the metadata of {known}"
    return [Finding(Code.SM106, PACKAGE, cause)]


def _no_record(error: FileNotFoundError | record.RecordError, folder: Path) -> Finding:
    code, cause = Code.SM106, str(error)
    if isinstance(error, FileNotFoundError):
        code, cause = Code.SM105, f"{folder / record.FILE} is missing"
        if is_checkout(folder):
            cause += ": this is an unbuilt checkout"
    return Finding(code, PACKAGE, f"{cause}; the modules below are what the folder tells of")


def _undeclared(folder: Path, built: Record, kind: Kind | None) -> list[Finding]:
    declared = {module.file for module in built.modules}
    absent = {
        module.name for module in built.modules if not (folder.parent / module.file).is_file()
    }
    names = {module.name for module in built.modules}
    findings = []
    for path in shared_objects(folder):
        file, name = path.relative_to(folder.parent).as_posix(), module_name(folder, path)
        # One checkout may hold builds for several Pythons; an install is for one. What lies in
        # the place of an absent module is reported with that module.
        is_other_build = name in (names if kind == "editable" else absent)
        if file not in declared and not is_other_build:
            findings.append(Finding(Code.SM205, name, f"{file} (ABI tag {tag(path)})"))
    return findings
