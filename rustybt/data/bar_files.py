"""Bars on disk: Arrow IPC, read in place through a memory map, or Parquet.

A file holds the five flat columns of `BarColumns`. What places their rows, sids and ordinals and
the sessions or minutes of the axis, is in the metadata of its schema.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rustybt.data._equities import COLUMNS, BarColumns
from rustybt.data._minute_bar_internal import MarketMinutes
from rustybt.errors import RustybtError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

VERSION = 1
_HEADER = b"rustybt"
_ARRAYS = ("sids", "first", "last", "opens", "closes")
# On disk whole numbers are little-endian.
_STORED = np.dtype("<i8")


class DamagedBarsError(RustybtError, ValueError):
    """A file of bars cannot be read."""


class BarTable(NamedTuple):
    """Bars with the market's schedule that places them.

    `opens` and `closes` are the sessions, twice, of daily bars; of minute bars they are the first
    and the last minute of every stretch of trading.
    """

    columns: BarColumns
    frequency: str
    calendar: str
    start_session: int
    end_session: int
    opens: NDArray[np.int64]
    closes: NDArray[np.int64]


def write_arrow(path: Path, table: BarTable) -> None:
    """Write bars to an Arrow IPC file: it appears under its name when it is whole."""
    import pyarrow as pa

    batch = _batch(table)
    with _aside(path) as aside:
        with pa.OSFile(str(aside), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        _publish(aside, path)


def write_parquet(path: Path, table: BarTable) -> None:
    """Write bars to a Parquet file, small and exact, with the sid and time of each row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = table.columns
    lengths = columns.last - columns.first + 1
    ordinals = np.arange(int(lengths.sum())) - np.repeat(columns.offset - columns.first, lengths)
    whole = pa.Table.from_batches([_batch(table)])
    whole = whole.append_column("sid", pa.array(np.repeat(columns.sids, lengths)))
    times = columns.axis[ordinals].view("M8[ns]")
    whole = whole.append_column("time", pa.array(times))
    with _aside(path) as aside:
        pq.write_table(
            whole,
            aside,
            compression="zstd",
            compression_level=22,
            use_dictionary=False,
            column_encoding={"sid": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"},
            row_group_size=1 << 20,
        )
        _publish(aside, path)


def read_bars(path: Path) -> BarTable:
    """Read bars from a file of either format.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    DamagedBarsError
        If it is no file of bars, is truncated, or was written by a later version of rustybt.
    """
    import pyarrow as pa

    if not path.is_file():
        raise FileNotFoundError(f"there is no file of bars at {path}")
    try:
        data, metadata = _parquet(path) if path.suffix == ".parquet" else _arrow(path)
        return _table(path, data, metadata)
    except (pa.ArrowInvalid, OSError, KeyError, ValueError) as error:
        if isinstance(error, DamagedBarsError):
            raise
        raise DamagedBarsError(
            msg=f"{path} is damaged or no file of bars ({error}): ingest its bundle again"
        ) from None


def _batch(table: BarTable) -> pa.RecordBatch:
    import pyarrow as pa

    columns = table.columns
    arrays = [
        pa.Array.from_buffers(
            pa.float64(), columns.column(name).size, [None, pa.py_buffer(columns.column(name))]
        )
        for name in COLUMNS
    ]
    header = {
        "version": VERSION,
        "frequency": table.frequency,
        "calendar": table.calendar,
        "start_session": table.start_session,
        "end_session": table.end_session,
    }
    metadata: dict[bytes | str, bytes | str] = {_HEADER: json.dumps(header).encode()}
    placing = (columns.sids, columns.first, columns.last, table.opens, table.closes)
    for name, array in zip(_ARRAYS, placing, strict=True):
        metadata[name.encode()] = array.astype(_STORED).tobytes()
    schema = pa.schema([(name, pa.float64()) for name in COLUMNS], metadata=metadata)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _arrow(path: Path) -> tuple[dict[str, NDArray[np.float64]], Mapping[bytes, bytes]]:
    import pyarrow as pa

    reader = pa.ipc.open_file(pa.memory_map(str(path)))
    batch = reader.get_batch(0)
    data = {name: batch.column(name).to_numpy(zero_copy_only=True) for name in COLUMNS}
    return data, reader.schema.metadata or {}


def _parquet(path: Path) -> tuple[dict[str, NDArray[np.float64]], Mapping[bytes, bytes]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        whole = file.read(columns=list(COLUMNS), use_threads=False)
        metadata = file.schema_arrow.metadata or {}
    return {name: whole.column(name).to_numpy() for name in COLUMNS}, metadata


def _table(
    path: Path, data: dict[str, NDArray[np.float64]], metadata: Mapping[bytes, bytes]
) -> BarTable:
    header: dict[str, Any] = json.loads(metadata[_HEADER])
    if header["version"] > VERSION:
        raise DamagedBarsError(
            msg=f"{path} was written by a later version of rustybt: upgrade rustybt to read it"
        )
    sids, first, last, opens, closes = (
        np.frombuffer(metadata[name.encode()], dtype=_STORED).astype(np.int64) for name in _ARRAYS
    )
    daily = header["frequency"] == "session"
    axis = opens if daily else MarketMinutes(opens, closes).values()
    columns = BarColumns(sids, axis, first.astype(np.intp), last.astype(np.intp), **data)
    return BarTable(
        columns,
        header["frequency"],
        header["calendar"],
        header["start_session"],
        header["end_session"],
        opens,
        closes,
    )


def _publish(aside: Path, path: Path) -> None:
    with aside.open("rb+") as file:
        os.fsync(file.fileno())
    aside.replace(path)


class _aside:  # noqa: N801 - used as a function
    """A name beside a file to write it under; removed with what is left of a failure."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.folder = tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent)
        self.name = path.name

    def __enter__(self) -> Path:
        return Path(self.folder.name, self.name)

    def __exit__(self, *exc_info: object) -> None:
        self.folder.cleanup()
