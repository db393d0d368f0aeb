"""Commands that make, list and remove the data of bundles."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from .options import Time

if TYPE_CHECKING:
    import pandas as pd


@click.command()
@click.option("-b", "--bundle", required=True, metavar="BUNDLE", help="The bundle to ingest.")
@click.option(
    "--assets-version",
    "assets_versions",
    type=int,
    multiple=True,
    help="Also write the asset database in this older version. May be repeated.",
)
@click.option(
    "--show-progress/--no-show-progress",
    default=True,
    show_default=True,
    help="Show progress on a terminal.",
)
@click.option(
    "--lenient",
    is_flag=True,
    help="Report bars that are wrong and leave them out, instead of refusing the data.",
)
def ingest(
    bundle: str, assets_versions: tuple[int, ...], show_progress: bool, lenient: bool
) -> None:
    """Ingest the data of a bundle."""
    import pandas as pd

    from rustybt.data import bundles as registry

    registry.ingest(
        bundle,
        os.environ,
        pd.Timestamp.now(tz="UTC"),
        assets_versions,
        show_progress and sys.stderr.isatty() and not os.environ.get("CI"),
        lenient=lenient,
    )


@click.command()
@click.option("-b", "--bundle", required=True, metavar="BUNDLE", help="The bundle to clean.")
@click.option("-e", "--before", type=Time(), help="Remove what was ingested before this time.")
@click.option("-a", "--after", type=Time(), help="Remove what was ingested after this time.")
@click.option(
    "-k",
    "--keep-last",
    type=click.IntRange(min=0),
    metavar="N",
    help="Remove all but the last N ingestions; not together with --before or --after.",
)
def clean(
    bundle: str, before: pd.Timestamp | None, after: pd.Timestamp | None, keep_last: int | None
) -> None:
    """Remove data that was ingested."""
    from rustybt.data import bundles as registry

    if keep_last is not None and (before is not None or after is not None):
        raise click.UsageError("--keep-last goes without --before and --after")
    if keep_last is None and before is None and after is None:
        raise click.UsageError("say what to remove: --before, --after or --keep-last")
    removed = registry.clean(bundle, before, after, keep_last)
    click.echo(f"{bundle}: {len(removed)} removed")


@click.command()
def bundles() -> None:
    """List bundles and when their data was ingested."""
    from rustybt.data import bundles as registry

    names = sorted(registry.bundles)
    width = max(len(name) for name in names)
    for name in names:
        times = registry.ingestions_for_bundle(name)
        shown = [f"{time:%Y-%m-%d %H:%M:%S}" for time in times] or ["-"]
        for label, time in zip([name, *[""] * (len(shown) - 1)], shown, strict=True):
            click.echo(f"{label.ljust(width)}  {time}")
