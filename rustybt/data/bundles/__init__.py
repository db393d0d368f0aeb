"""Bundles: named sets of data, ingested once and loaded by backtests."""

from rustybt.data.bundles.core import (
    BadClean,
    BundleData,
    BundleError,
    RegisteredBundle,
    UnknownBundle,
    bundles,
    clean,
    from_bundle_ingest_dirname,
    ingest,
    ingestions_for_bundle,
    load,
    register,
    register_embedded,
    to_bundle_ingest_dirname,
    unregister,
)
from rustybt.data.bundles.csvdir import csvdir_bundle, csvdir_equities
from rustybt.data.bundles.sample import load_sample

__all__ = [
    "BadClean",
    "BundleData",
    "BundleError",
    "RegisteredBundle",
    "UnknownBundle",
    "bundles",
    "clean",
    "csvdir_equities",
    "from_bundle_ingest_dirname",
    "ingest",
    "ingestions_for_bundle",
    "load",
    "register",
    "to_bundle_ingest_dirname",
    "unregister",
]

register("csvdir", csvdir_bundle)
register_embedded("sample", load_sample, "XNYS")
