"""``rustybt assets``: what a bundle has data of."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from .options import Time

if TYPE_CHECKING:
    import pandas as pd

    from rustybt.assets import Asset

VERSION = 1


@click.command()
@click.argument("symbols", nargs=-1)
@click.option(
    "-b",
    "--bundle",
    default="sample",
    show_default=True,
    metavar="BUNDLE",
    help="The bundle to look into.",
)
@click.option(
    "--bundle-timestamp",
    type=Time(),
    help="Use what was last ingested at or before this time.  [default: now]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON (version 1), no table.")
def assets(
    symbols: tuple[str, ...], bundle: str, bundle_timestamp: pd.Timestamp | None, as_json: bool
) -> None:
    """List the assets of a bundle: all of them, or those with SYMBOLS."""
    from rustybt.data import bundles as registry

    with registry.load(bundle, os.environ, bundle_timestamp) as data:
        finder = data.asset_finder
        found = list(finder.retrieve_all(finder.sids))
    found.sort(key=lambda asset: (asset.symbol, asset.sid))
    if symbols:
        wanted = {symbol.upper() for symbol in symbols}
        found = [asset for asset in found if asset.symbol.upper() in wanted]
        missing = sorted(wanted - {asset.symbol.upper() for asset in found})
        if missing:
            raise click.ClickException(
                f"{bundle} has no asset with the symbol {', '.join(missing)}"
            )
    rows = [_row(asset) for asset in found]
    if as_json:
        click.echo(json.dumps({"version": VERSION, "bundle": bundle, "assets": rows}, indent=2))
        return
    if not rows:
        click.echo(f"{bundle} has no assets")
        return
    names = list(rows[0])
    cells = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names))]
    for row in cells:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())


def _row(asset: Asset) -> dict[str, Any]:
    return {
        "sid": asset.sid,
        "symbol": asset.symbol,
        "type": type(asset).__name__,
        "exchange": asset.exchange,
        "start": f"{asset.start_date:%Y-%m-%d}",
        "end": f"{asset.end_date:%Y-%m-%d}",
        "name": asset.asset_name,
    }
