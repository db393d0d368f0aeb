"""sdist from the checkout, wheel from that sdist.

The wheel is never built from the checkout, so a source that the sdist forgot is missed at once.
Both happen in folders of their own under ``build/`` that persist, so that only what changed is
compiled again; where nothing did, the artefacts of the last build serve.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections import deque
from typing import TYPE_CHECKING

from artefacts import finished, packing, tree
from artefacts.checkout import Checkout
from artefacts.errors import ArtefactError
from pixiw.lock import FileLock
from progress import Step

if TYPE_CHECKING:
    from pathlib import Path

# What the build itself leaves in its folder, and must find there next time.
_PRODUCTS = frozenset({"build", "rust/target", "rustybt.egg-info"})
_LANDMARK = re.compile(r"Cythonizing (\S+)|building '(\S+)' extension|Compiling (\S+)")
_LAST_LINES = 25


def build(root: Path, outdir: Path) -> list[Path]:
    """Build the sdist and the wheel of the checkout at `root` into `outdir`.

    Returns
    -------
    list of Path
        The sdist and the wheel. Whatever other artefacts lay in `outdir` are gone.

    Raises
    ------
    ArtefactError
        When a step fails; `outdir` then holds what it held before.
    """
    checkout = Checkout(root)
    _require_compilers()
    work = root / "build" / _abi()
    work.mkdir(parents=True, exist_ok=True)
    with FileLock(work / "lock", waiting=f"another build is using {work}"):
        environment = checkout.environment(os.environ)
        epoch = packing.epoch_of(environment)
        contents = checkout.contents()
        key = finished.key(root, contents, environment)
        if not (work / "unfinished").exists():
            artefacts = finished.find(work, key)
            if artefacts is not None:
                return _publish(artefacts, outdir)
        _begin(work)
        log = work / "build.log"
        log.unlink(missing_ok=True)
        made = work / "made"
        shutil.rmtree(made, ignore_errors=True)
        source = work / "checkout"
        tree.sync(source, contents, keep=frozenset())
        sdist = _run("sdist", source, made, environment, log)
        packing.repack(sdist, epoch)
        unpacked = work / "sdist"
        tree.sync(unpacked, tree.sdist_contents(sdist), keep=_PRODUCTS)
        wheel = _run("wheel", unpacked, made, environment, log)
        packing.repack(wheel, epoch)
        finished.keep(work, key, [sdist, wheel])
        published = _publish([sdist, wheel], outdir)
        _end(work)
    return published


def _abi() -> str:
    debug = "-debug" if os.environ.get("RUSTYBT_DEBUG_CORE", "") not in {"", "0"} else ""
    return f"{sysconfig.get_config_var('SOABI') or sys.implementation.cache_tag}{debug}"


def _require_compilers() -> None:
    if shutil.which("cargo") is None:
        message = "cargo is not on PATH: install Rust, or run this through ./pixiw run build"
        raise ArtefactError(message)
    if sys.platform == "win32":
        return
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        message = f"the C compiler {compiler} is not on PATH: install it, or set CC to another"
        raise ArtefactError(message)
    header = f"{sysconfig.get_path('include')}/Python.h"
    if not os.path.exists(header):  # noqa: PTH110
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        message = f"{header} is missing: install the headers of Python {version} (python3-dev)"
        raise ArtefactError(message)


def _begin(work: Path) -> None:
    # A build that was killed may leave a half-written object with a fresh time: start anew.
    unfinished = work / "unfinished"
    if unfinished.exists():
        for name in ("checkout", "sdist", "made"):
            shutil.rmtree(work / name, ignore_errors=True)
        finished.forget(work)
    unfinished.touch()


def _end(work: Path) -> None:
    shutil.rmtree(work / "made")
    (work / "unfinished").unlink()


def _run(kind: str, source: Path, made: Path, environment: dict[str, str], log: Path) -> Path:
    before = set(made.glob("*"))
    command = [sys.executable, "-P", "-m", "build", f"--{kind}", "--no-isolation"]
    last: deque[str] = deque(maxlen=_LAST_LINES)
    with (
        Step(f"building the {kind}") as step,
        log.open("a", encoding="utf-8") as written,
        subprocess.Popen(
            [*command, "--outdir", str(made), str(source)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            written.write(line)
            last.append(line.rstrip())
            found = _LANDMARK.search(line)
            if found:
                step.advance(next(name for name in found.groups() if name), by=0)
        if process.wait() != 0:
            tail = "\n  ".join(last)
            raise ArtefactError(f"building the {kind} failed; the whole log is {log}\n  {tail}")
    (artefact,) = set(made.glob("*")) - before
    return artefact


def _publish(artefacts: list[Path], outdir: Path) -> list[Path]:
    aside = outdir.with_name(f"{outdir.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for artefact in artefacts:
        shutil.copy2(artefact, aside)
    old = outdir.with_name(f"{outdir.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if outdir.exists():
        outdir.rename(old)
    aside.rename(outdir)
    shutil.rmtree(old, ignore_errors=True)
    return [outdir / artefact.name for artefact in artefacts]
