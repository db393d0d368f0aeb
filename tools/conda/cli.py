"""Command line: `python tools/conda build | prove | conda-build | sync-recipe | ...`."""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from artefacts.checkout import Checkout
from artefacts.errors import ArtefactError
from artefacts.packing import epoch_of
from conda import modules
from conda.errors import CondaError, room
from externals.archive import write_aside
from externals.failure import ExternalsError
from pixiw.errors import PixiwError
from pixiw.lock import FileLock
from pixiw.manifest import read_manifest
from pixiw.platforms import current_subdir
from pixiw.preparation import CHANNEL, CHANNELS, check_channel
from pixiw.route import Route, address, choose_route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conda.channels import Offer
    from conda.variants import Platforms

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(argv)
    commands = {
        "build": _build,
        "prove": _prove,
        "conda-build": _conda_build,
        "sync-recipe": _sync,
        "staged-recipes": _staged,
    }
    try:
        return commands[options.command](options)
    except (CondaError, ExternalsError, ArtefactError, PixiwError) as error:
        print(f"conda: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        full = room(f"(os error {error.errno})", "", ROOT)
        if full is None:
            raise
        print(f"conda: {full}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("conda: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tools/conda", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="build and test the package")
    building.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="X.Y",
        help="only for this Python (may be repeated; default: all at hand)",
    )
    building.add_argument("--channel", choices=CHANNELS, help="default: what can be reached")
    building.add_argument("--target-platform", metavar="SUBDIR", help="default: this machine's")
    building.add_argument("--outdir", type=Path, default=ROOT / "dist/conda", metavar="DIR")
    proving = commands.add_parser("prove", help="install the built packages and run smoke there")
    proving.add_argument("--channel", choices=CHANNELS, help="default: what can be reached")
    proving.add_argument("--packages", type=Path, default=ROOT / "dist/conda", metavar="DIR")
    commands.add_parser("conda-build", help="build and test the recipe with conda-build proper")
    syncing = commands.add_parser("sync-recipe", help="name every compiled module in the recipe")
    syncing.add_argument("--check", action="store_true", help="write nothing, tell what differs")
    staging = commands.add_parser(
        "staged-recipes", help="render the recipe as a submission to conda-forge"
    )
    staging.add_argument("--sdist", type=Path, help="default: that in dist/default")
    staging.add_argument("--url", required=True, help="where the sdist is released")
    staging.add_argument("--outdir", type=Path, default=ROOT / "dist/staged-recipes/rustybt")
    return parser


def _require_binding() -> None:
    """Refuse to go on without rattler-build's Python binding.

    Raises
    ------
    CondaError
        It is not installed.
    """
    if find_spec("rattler_build") is None:
        message = (
            "py-rattler-build is not installed here: run this through ./pixiw run build-conda "
            "(conda-forge has no py-rattler-build for osx-64; build on another platform there)"
        )
        raise CondaError(message)


def _build(options: argparse.Namespace) -> int:
    _require_binding()
    from conda import building, staging, variants

    here = current_subdir()
    platforms = variants.Platforms(here, options.target_platform or here)
    environment = Checkout(ROOT).environment(os.environ)
    os.environ |= environment  # the recipe hands SOURCE_DATE_EPOCH on to the build
    folder = ROOT / "build/conda"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock", waiting=f"another build is using {folder}"):
        recipe = staging.lay_out(ROOT, folder / "source")
        offer = _offer(options.channel, recipe, platforms, options.python)
        workshop = building.Workshop(folder, offer, platforms, epoch_of(environment))
        workshop.build(recipe)
        packages = building.publish(workshop.output, options.outdir.resolve(), platforms.target)
    for package in packages:
        print(f"{package}  {package.stat().st_size / 1e6:.2f} MB")
    return 0


def _offer(
    channel: str | None, recipe: Path, platforms: Platforms, pythons: Sequence[str]
) -> Offer:
    from conda import channels, variants

    names = read_manifest(ROOT / "pixi.toml").workspace.channels
    forced = channel or check_channel(os.environ.get(CHANNEL) or None, CHANNEL)
    memory = ROOT / ".pixi/pixiw/route.json"
    route, reason = choose_route(Route(forced) if forced else None, names, memory)
    print(f"conda: {reason}", file=sys.stderr)
    if route is Route.CONDA_FORGE:
        pins = variants.read(recipe.with_name("variants.yaml"), platforms)
        return channels.conda_forge(names, pins, pythons)
    os.environ.setdefault("RATTLER_CACHE_DIR", str(ROOT / ".pixi/externals/cache/build"))
    return channels.externals(ROOT, recipe, platforms, pythons)


def _prove(options: argparse.Namespace) -> int:
    _require_binding()
    from conda import proving, staging, variants

    here = current_subdir()
    folder: Path = options.packages.resolve()
    proving.packages(folder, here)  # said before anything is assembled
    build = ROOT / "build/conda"
    build.mkdir(parents=True, exist_ok=True)
    with FileLock(build / "lock", waiting=f"another build is using {build}"):
        recipe = staging.lay_out(ROOT, build / "source")
        offer = _offer(options.channel, recipe, variants.Platforms(here, here), [])
    for name in proving.prove(folder, offer.channels, here):
        print(f"{name}: every module proved")
    return 0


def _conda_build(_: argparse.Namespace) -> int:
    from conda import conda_build, staging

    environment = Checkout(ROOT).environment(os.environ)
    folder = ROOT / "build/conda-build"
    folder.mkdir(parents=True, exist_ok=True)
    channels = [address(name) for name in read_manifest(ROOT / "pixi.toml").workspace.channels]
    with FileLock(folder / "lock", waiting=f"another build is using {folder}"):
        recipe = staging.lay_out(ROOT, folder / "source")
        epoch = str(epoch_of(environment))
        for package in conda_build.build(recipe, channels, folder / "output", epoch):
            print(package)
    return 0


def _sync(options: argparse.Namespace) -> int:
    path = ROOT / modules.RECIPE
    text = path.read_text(encoding="utf-8")
    if options.check:
        differing = modules.missing(text, ROOT)
        if differing:
            message = (
                f"{modules.RECIPE} and the compiled modules differ in {', '.join(differing)}; "
                "run: python tools/conda sync-recipe"
            )
            raise CondaError(message)
        return 0
    wanted = modules.synced(text, ROOT)
    if wanted != text:
        write_aside(path, wanted.encode())
    print(f"{modules.RECIPE}: {len(modules.imported(ROOT))} compiled modules")
    return 0


def _staged(options: argparse.Namespace) -> int:
    from conda import staged

    sdist = options.sdist or _only_sdist(ROOT / "dist/default")
    for path in staged.submission(ROOT, sdist, options.url, options.outdir):
        print(path)
    return 0


def _only_sdist(folder: Path) -> Path:
    found = sorted(folder.glob("*.tar.gz"))
    if len(found) != 1:
        message = f"{folder} must hold one sdist, found {len(found)}; run ./pixiw run build"
        raise CondaError(message)
    return found[0]
