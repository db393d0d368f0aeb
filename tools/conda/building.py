"""Builds the recipe with rattler-build, and runs its tests in fresh environments."""

from __future__ import annotations

import os
import re
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import rattler_build
from rattler_build import RattlerBuildError, ToolConfiguration

from conda import normalised, numpy_range, reasons, variants
from conda.errors import CondaError, room
from progress import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rattler_build import RenderedVariant
    from rattler_build.progress import (
        BuildStepEvent,
        DownloadCompleteEvent,
        DownloadProgressEvent,
        DownloadStartEvent,
        LogEvent,
    )

    from conda.channels import Offer
    from conda.variants import Platforms

_SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin")
_LAST_LINES = 30
_LANDMARK = re.compile(r"Cythonizing (\S+)|building '(\S+)' extension|Compiling (\S+)")


@dataclass
class Listener:
    """Keeps the log of one build or test, and shows what it is at.

    Parameters
    ----------
    path
        File that the log goes to.
    step
        The line on the terminal.
    """

    path: Path
    step: Step
    lines: list[str] = field(default_factory=list)

    def on_log(self, event: LogEvent) -> None:
        """Note what was said."""
        lines = event.message.splitlines() or [""]
        self.lines += lines
        with self.path.open("a", encoding="utf-8") as log:
            log.writelines(f"{line}\n" for line in lines)
        found = _LANDMARK.search(event.message)
        if found:
            self.step.advance(next(name for name in found.groups() if name), by=0)
        elif event.span and event.span.strip():
            self.step.advance(event.span.strip(), by=0)

    def on_build_step(self, event: BuildStepEvent) -> None:
        """Show the step."""
        self.step.advance(event.step_name, by=0)

    def on_download_start(self, event: DownloadStartEvent) -> None:
        """Show what is downloaded."""
        self.step.advance(event.url.rpartition("/")[2], by=0)

    def on_download_progress(self, event: DownloadProgressEvent) -> None:
        """Stay with the name that is shown."""

    def on_download_complete(self, event: DownloadCompleteEvent) -> None:
        """Stay with the name that is shown."""

    def tail(self) -> str:
        """Return the end of the log, for a message."""
        return "\n".join(f"  {line}" for line in self.lines[-_LAST_LINES:])


@dataclass(frozen=True)
class Workshop:
    """Folders and channels of one run.

    Parameters
    ----------
    folder
        Everything but the packages stays below it; logs too.
    offer
        Channels and variants.
    platforms
        What is built for what.
    epoch
        Time that the packages carry, in seconds since 1970.
    """

    folder: Path
    offer: Offer
    platforms: Platforms
    epoch: int

    @property
    def output(self) -> Path:
        """Channel that the packages are built into."""
        return self.folder / "output"

    def build(self, recipe: Path) -> list[Path]:
        """Build every variant of the recipe, and return the packages.

        Each is tested, unless it is for another platform than this machine's.

        Raises
        ------
        CondaError
            A build or a test fails; the message has the end of its log.
        """
        rendered = variants.render(recipe, self.offer.pins, self.platforms)
        if not rendered:
            raise CondaError(f"the recipe {recipe} skips every variant on {self.platforms.target}")
        self._begin()
        variants.write(self.offer.pins, self.folder / "variants.json")
        packages = []
        with _outside(self.folder / "bin", self.platforms.build):
            for variant in rendered:
                for package in self._build(variant):
                    if self.platforms.target == self.platforms.build:
                        self._test(package, variant)
                    else:
                        note = f"conda: {package.name} is for another machine: not tested here"
                        print(note, file=sys.stderr)
                    packages.append(package)
        return packages

    def _begin(self) -> None:
        shutil.rmtree(self.output, ignore_errors=True)
        for log in self.folder.glob("*.log"):
            log.unlink()
        self.output.mkdir(parents=True)

    def _build(self, variant: RenderedVariant) -> list[Path]:
        title = f"building {_title(variant)}"
        with Step(title) as step:
            listener = Listener(self.folder / f"build-{_label(variant)}.log", step)
            try:
                built = variant.run_build(
                    tool_config=ToolConfiguration(test_strategy="skip"),
                    output_dir=self.output,
                    channels=list(self.offer.channels),
                    progress_callback=listener,
                    no_build_id=True,  # the time of the build, in the name of its folder
                )
            except RattlerBuildError as error:
                raise self._failure(title, error, listener) from error
            packages = [Path(path) for path in built.packages]
            for package in packages:
                normalised.normalise(package, self.epoch)
            normalised.index(self.output)
        return packages

    def _test(self, path: Path, variant: RenderedVariant) -> None:
        title = f"testing {path.name}"
        channels = [self.output.absolute().as_uri(), *self.offer.channels]
        package = rattler_build.Package.from_file(path)
        if not package.tests:
            raise CondaError(f"{path.name} carries no test: the recipe must have some")
        with Step(title, len(package.tests)) as step:
            for number, test in enumerate(package.tests):
                what = type(test).__name__
                listener = Listener(self.folder / f"test-{_label(variant)}-{number + 1}.log", step)
                try:
                    result = package.run_test(number, channel=channels, progress_callback=listener)
                except RattlerBuildError as error:
                    raise self._failure(f"{title} ({what})", error, listener) from error
                if not result.success:
                    listener.lines = listener.lines or list(result.output)
                    message = (
                        f"{title} failed in its test {number + 1} ({what}); the whole log is "
                        f"{listener.path}\n{listener.tail()}"
                    )
                    raise CondaError(message)
                step.advance(what)
        tried = numpy_range.check(package, channels, self.platforms.target, self.folder)
        if tried is not None:
            print(f"conda: {path.name} passes over {tried}", file=sys.stderr)

    def _failure(self, title: str, error: RattlerBuildError, listener: Listener) -> CondaError:
        said = re.sub(r"^Py\w+Error: ", "", str(error))
        full = room(said, listener.tail(), self.folder)
        if full is not None:
            return full
        wanted = reasons.specs(listener.lines)
        if "resolve dependencies" in said and wanted:
            channels = [self.output.absolute().as_uri(), *self.offer.channels]
            reason = reasons.unsolvable(channels, wanted, self.platforms.target)
            if reason is not None:
                return CondaError(
                    f"{title}: no packages meet {', '.join(wanted)} over "
                    f"{', '.join(self.offer.channels)}:\n{reason}"
                )
        return CondaError(
            f"{title} failed: {said}; the whole log is {listener.path}\n{listener.tail()}"
        )


def publish(output: Path, folder: Path, platform: str) -> list[Path]:
    """Put the packages and their index in the place of older ones, all at once.

    Returns
    -------
    list of Path
        The packages where they lie now.
    """
    aside = folder.with_name(f"{folder.name}.new")
    old = folder.with_name(f"{folder.name}.old")
    for left in (aside, old):
        shutil.rmtree(left, ignore_errors=True)
    for name in (platform, "noarch"):
        shutil.copytree(output / name, aside / name)
    for package in aside.glob("*/*.conda"):
        package.chmod(
            0o644
        )  # rattler-build writes them for their owner only, and a channel is read
    if folder.exists():
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return sorted(folder.glob("*/*.conda"))


def _label(variant: RenderedVariant) -> str:
    python = variant.variant.get("python")
    return f"py{variants.minor(python).replace('.', '')}" if python else "any"


def _title(variant: RenderedVariant) -> str:
    package = variant.recipe.package
    python = variant.variant.get("python")
    suffix = f" for Python {variants.minor(python)}" if python else ""
    return f"{package.name} {package.version}{suffix}"


@contextmanager
def _outside(folder: Path, platform: str) -> Iterator[None]:
    """Give builds a PATH without this environment, so that only what the recipe names is found.

    rattler-build itself needs patchelf on Linux, which it looks for on PATH.
    """
    before = os.environ["PATH"]
    os.environ["PATH"] = os.pathsep.join(_search(folder, platform, before))
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _search(folder: Path, platform: str, path: str) -> Sequence[str]:
    if platform.startswith("win"):
        return path.split(os.pathsep)
    if not platform.startswith("linux"):
        return _SYSTEM
    patchelf = shutil.which("patchelf", path=path)
    if patchelf is None:
        message = "patchelf is not on PATH: run this through ./pixiw run build-conda"
        raise CondaError(message)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "patchelf").symlink_to(Path(patchelf).resolve())
    return (str(folder.absolute()), *_SYSTEM)
