"""The perf frame of a backtest as a file: Parquet, CSV or pickle."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
import pandas as pd

from rustybt._files import written_aside
from rustybt.assets import Asset

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".pickle": "pickle",
    ".pkl": "pickle",
}
PARTIAL = "partial"
NESTED = ("orders", "positions", "transactions")


class PerfFileError(ValueError):
    """A file name whose suffix names no format."""


def file_format(path: Path) -> str:
    """Return the format that the suffix of `path` names: ``parquet``, ``csv`` or ``pickle``.

    Raises
    ------
    PerfFileError
        If it names none.
    """
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        known = ", ".join(SUFFIXES)
        raise PerfFileError(f"{path}: the name must end in one of {known}") from None


def write_perf(perf: pd.DataFrame, path: Path, *, partial: str | None = None) -> None:
    """Write `perf` in the format of the suffix of `path`.

    A pickle holds the frame as it is. The other formats know no assets: there orders, positions
    and transactions say ``sid`` and ``symbol``, as lists of structs in Parquet and as JSON in CSV.

    Parameters
    ----------
    perf
        What ``run_algorithm`` returned.
    path
        Where to write; written under another name first, then renamed.
    partial
        Why the backtest ended early, if it did. The file then has one more column, ``partial``,
        with this reason in every row.

    Raises
    ------
    PerfFileError
        If the suffix names no format.
    OSError
        If the file cannot be written.
    """
    kind = file_format(path)
    if partial is not None:
        perf = perf.assign(**{PARTIAL: partial})
    with written_aside(path) as aside:
        match kind:
            case "parquet":
                _write_parquet(perf, aside)
            case "csv":
                write_csv(perf, aside)
            case _:
                perf.to_pickle(aside)


def write_csv(perf: pd.DataFrame, target: Path | TextIO) -> None:
    """Write `perf` as CSV to `target`, a path or an open text file."""
    flat = perf.copy()
    for name in flat.columns:
        if flat[name].dtype == object:
            flat[name] = pd.Series([_csv_cell(value) for value in flat[name]], index=flat.index)
    flat.to_csv(target, index_label="period_end", lineterminator="\n")


def _csv_cell(value: object) -> object:
    plain = _plain(value)
    return json.dumps(plain) if isinstance(plain, (list, dict)) else plain


def _plain(value: object) -> object:
    """Return `value` made of what JSON knows."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Asset):
        return value.symbol
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return str(value)


def _plain_mapping(value: Mapping[Any, Any]) -> dict[str, object]:
    plain: dict[str, object] = {}
    for key, item in value.items():
        if key == "sid" and isinstance(item, Asset):
            plain |= {"sid": item.sid, "symbol": item.symbol}
        else:
            plain[str(key)] = _plain(item)
    return plain


def _write_parquet(perf: pd.DataFrame, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = perf.copy()
    nested = {
        name: _nested_array(flat.pop(name), schema)
        for name, schema in _schemas().items()
        if name in flat.columns
    }
    for name in flat.columns:
        if flat[name].dtype == object:
            flat[name] = _storable(flat[name])
    flat.index = flat.index.rename("period_end")
    table = pa.Table.from_pandas(flat)
    for name, values in nested.items():
        table = table.append_column(name, values)
    pq.write_table(table, path, compression="zstd")


def _schemas() -> dict[str, dict[str, pa.DataType]]:
    import pyarrow as pa

    time = pa.timestamp("us", tz="UTC")  # nested nanoseconds would be read back as integers
    asset = {"sid": pa.int64(), "symbol": pa.string()}
    return {
        "orders": {
            **asset,
            "id": pa.string(),
            "created": time,
            "dt": time,
            "status": pa.string(),
            "reason": pa.string(),
            "amount": pa.int64(),
            "filled": pa.int64(),
            "commission": pa.float64(),
            "stop": pa.float64(),
            "limit": pa.float64(),
            "stop_reached": pa.bool_(),
            "limit_reached": pa.bool_(),
        },
        "positions": {
            **asset,
            "amount": pa.int64(),
            "cost_basis": pa.float64(),
            "last_sale_price": pa.float64(),
        },
        "transactions": {
            **asset,
            "dt": time,
            "order_id": pa.string(),
            "amount": pa.int64(),
            "price": pa.float64(),
            "commission": pa.float64(),
        },
    }


def _nested_array(
    column: Iterable[Iterable[Mapping[str, Any]]], schema: dict[str, pa.DataType]
) -> pa.Array:
    import pyarrow as pa

    offsets = [0]
    rows: list[Mapping[str, Any]] = []
    for session in column:
        rows += session
        offsets.append(len(rows))
    fields = [
        pa.array([_field(row, name) for row in rows], type=kind) for name, kind in schema.items()
    ]
    structs = pa.StructArray.from_arrays(fields, names=list(schema))
    return pa.ListArray.from_arrays(pa.array(offsets, type=pa.int32()), structs)


def _field(row: Mapping[str, Any], name: str) -> object:
    if name in {"sid", "symbol"}:
        return getattr(row["sid"], name)
    value = row.get(name)
    return value.name if isinstance(value, Enum) else value


def _storable(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of Python objects as Arrow knows it, as text where it knows no better."""
    import pyarrow as pa

    try:
        return pd.Series(pa.array(column, from_pandas=True).to_pandas(), index=column.index)
    except pa.ArrowException:
        return pd.Series([json.dumps(_plain(value)) for value in column], index=column.index)
