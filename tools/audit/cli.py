"""The command line of the audit."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from audit import artefacts, installed, json_report, report
from audit.causes import Cause, matching
from audit.checks import CHECKS, leftovers
from audit.errors import AuditError
from audit.journey import follow
from audit.material import Material
from audit.policy import load
from audit.project import Project
from audit.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from audit.contents import Contents

HEALTHY, FINDINGS, UNUSABLE = 0, 1, 2
_NONE = "none"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the audit; return 0 if healthy, 1 with findings, 2 if the input cannot be audited."""
    options = _parser().parse_args(arguments)
    try:
        chosen = _chosen(options.select, options.ignore)
        with ExitStack() as stack:
            material = _material(options, stack)
            findings = [
                finding
                for check in CHECKS
                for finding in check(material)
                if finding.cause in chosen
            ]
            journey = follow(material, findings)
            notes = _notes(material)
            if options.json:
                text = json_report.render(material, journey, notes)
            else:
                text = report.render(material, journey, notes, colour=_colour())
    except AuditError as error:
        for line in str(error).splitlines():
            print(f"audit: {line}", file=sys.stderr)
        return UNUSABLE
    except OSError as error:
        print(f"audit: {error.filename} cannot be read: {error.strerror}", file=sys.stderr)
        return UNUSABLE
    sys.stdout.write(text)
    return FINDINGS if journey.findings else HEALTHY


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audit",
        description="Follow every module from its declaration to its installation, and name the "
        "first stage at which it is lost.",
        epilog="Exit status: 0 healthy, 1 findings, 2 the input cannot be audited. "
        "The codes are explained in docs/audit.md.",
    )
    parser.add_argument(
        "artefacts",
        nargs="*",
        type=Path,
        metavar="ARTEFACT",
        help="a wheel, an sdist, a conda package, or a folder of them (default: those of "
        "dist/<environment>, built for the purpose where there are none)",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--dist", type=Path, metavar="DIR", help="audit the artefacts in DIR")
    source.add_argument(
        "--build", action="store_true", help="build fresh artefacts in a temporary folder"
    )
    parser.add_argument(
        "--installed",
        metavar="PREFIX|PYTHON",
        help="the environment whose installation is audited, or 'none' (default: the one that "
        "runs the audit)",
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(__file__).resolve().parents[2],
        metavar="DIR",
        help="the checkout (default: the one this tool lies in)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    for name, what in (("select", "report only"), ("ignore", "do not report")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="CODE",
            help=f"{what} codes that start so (AU4, AU411); commas separate several",
        )
    return parser


def _chosen(select: Iterable[str], ignore: Iterable[str]) -> frozenset[Cause]:
    selected, ignored = (
        [prefix for word in words for prefix in word.split(",") if prefix]
        for words in (select, ignore)
    )
    for prefix in (*selected, *ignored):
        if not matching(prefix):
            raise AuditError(f"no code starts with {prefix!r}: docs/audit.md lists them")
    chosen = frozenset(Cause) if not selected else frozenset().union(*map(matching, selected))
    return chosen.difference(*map(matching, ignored))


def _material(options: argparse.Namespace, stack: ExitStack) -> Material:
    """Gather checkout, artefacts and installation; one error names all that cannot be read."""
    root: Path = options.root.resolve()
    project = Project(root, load())
    labels = _artefacts(options, root, stack)
    contents: list[Contents] = []
    errors: list[str] = []
    for path, label in labels.items():
        try:
            contents.append(artefacts.read(path, label))
        except AuditError as error:
            errors.append(str(error))
    if errors:
        raise AuditError("\n".join(errors))
    unknown = {
        stage: f"no {stage.label} was given"
        for stage in (Stage.SDIST, Stage.WHEEL, Stage.CONDA)
        if not any(each.stage is stage for each in contents)
    }
    if project.tracking.unknown is not None:
        unknown[Stage.TRACKED] = project.tracking.unknown
    installation = _installation(options.installed, project)
    if isinstance(installation, str):
        unknown[Stage.INSTALLED] = installation
    else:
        contents.append(installation)
    order = list(Stage)
    contents.sort(key=lambda each: (order.index(each.stage), each.label))
    return Material(
        project, tuple(contents), {stage: unknown[stage] for stage in order if stage in unknown}
    )


def _artefacts(options: argparse.Namespace, root: Path, stack: ExitStack) -> dict[Path, str]:
    """Return the artefacts and how the report names them."""
    if options.build and options.artefacts:
        raise AuditError("--build makes the artefacts to audit: name none beside it")
    if options.artefacts or options.dist is not None:
        named = [*options.artefacts, *([options.dist] if options.dist is not None else [])]
        return {path: str(path) for path in artefacts.expand(named)}
    left = [] if options.build else artefacts.built(root)
    if left:
        return {path: path.relative_to(root).as_posix() for path in left}
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="audit-")))
    # The folder's random name would make two reports differ.
    return {path: path.name for path in artefacts.build(root, folder)}


def _installation(wanted: str | None, project: Project) -> installed.Installation | str:
    """Return the installation to audit, or why there is none to audit."""
    if wanted == _NONE:
        return "--installed none"
    interpreter = installed.running() if wanted is None else installed.find_interpreter(wanted)
    found = installed.read(interpreter, project.policy)
    if wanted is None and not found.places:
        return f"{project.policy.distribution} is not installed in {found.label}; see --installed"
    return found


def _notes(material: Material) -> list[str]:
    unknown = [
        f"the stage {stage.label!r} was not examined: {reason}"
        for stage, reason in material.unknown.items()
    ]
    return unknown + leftovers.notes(material)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
