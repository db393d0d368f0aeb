"""Where results are stored, and how to find the first difference between two of them."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "results"
RELATIVE = 1e-9


def save(name: str, columns: dict[str, np.ndarray]) -> Path:
    """Write the columns of one case: a line of JSON with their types, their bytes, all as xz."""
    FOLDER.mkdir(exist_ok=True)
    heading = [[key, values.dtype.str, len(values)] for key, values in columns.items()]
    content = b"".join(np.ascontiguousarray(values).tobytes() for values in columns.values())
    path = FOLDER / f"{name}.xz"
    path.write_bytes(lzma.compress(json.dumps(heading).encode() + b"\n" + content, preset=9))
    return path


def load(name: str) -> dict[str, np.ndarray]:
    """Read the columns of one case."""
    heading, _, content = lzma.decompress((FOLDER / f"{name}.xz").read_bytes()).partition(b"\n")
    columns, offset = {}, 0
    for key, kind, count in json.loads(heading):
        columns[key] = np.frombuffer(content, kind, count, offset)
        offset += columns[key].nbytes
    return columns


def difference(
    expected: dict[str, np.ndarray],
    found: dict[str, np.ndarray],
    prefix: str,
    scales: dict[str, float] | None = None,
) -> str:
    """Return a sentence on the first session and column that differ, empty if none does.

    Numbers may differ by 1e-9 of the value, or of a column's scale where one is given; what is
    not a float must be equal.
    """
    wanted = {key: value for key, value in expected.items() if key.startswith(prefix)}
    given = {key: value for key, value in found.items() if key.startswith(prefix)}
    if set(wanted) != set(given):
        missing, more = sorted(set(wanted) - set(given)), sorted(set(given) - set(wanted))
        return f"columns differ: missing {missing}, unexpected {more}"
    sizes = {key: (len(wanted[key]), len(given[key])) for key in wanted}
    apart = {}
    for key, left in wanted.items():
        right = given[key]
        count = min(len(left), len(right))
        wrong = np.flatnonzero(~same(left[:count], right[:count], (scales or {}).get(key, 0.0)))
        if wrong.size:
            apart[key] = int(wrong[0])
        elif len(left) != len(right):
            apart[key] = count
    if not apart:
        return ""
    row = min(apart.values())
    lines = [
        f"{key}: expected {at(wanted[key], row)}, got {at(given[key], row)}"
        for key in sorted(apart)
        if apart[key] == row
    ]
    session = row if prefix == "perf/" else at(expected.get(f"{prefix}session", ()), row)
    day = at(expected["sessions"].astype("M8[D]"), session)
    rows = next(iter(sizes.values()))
    counts = "" if rows[0] == rows[1] else f" ({rows[0]} rows expected, {rows[1]} found)"
    context = {key: at(wanted[key], row) for key in wanted} if prefix != "perf/" else {}
    details = f"\n  expected row: {context}" if context else ""
    others = sorted(set(apart) - {line.partition(":")[0] for line in lines})
    later = f"\n  later also: {', '.join(others)}" if others else ""
    shown = "\n  ".join(lines)
    return f"first difference in row {row}, session {day}{counts}:\n  {shown}{details}{later}"


def same(left: np.ndarray, right: np.ndarray, scale: float = 0.0) -> np.ndarray:
    """Return where two columns are the same."""
    if left.dtype.kind == "f" and right.dtype.kind in "fi":
        near = np.isclose(right, left, rtol=RELATIVE, atol=RELATIVE * scale, equal_nan=True)
        return np.asarray(near)
    return np.asarray(left == right)


def at(values: np.ndarray | tuple[()], row: object) -> object:
    """Return an entry, or a word where there is none."""
    if not isinstance(row, int | np.integer) or row >= len(values):
        return "nothing"
    return values[row]
