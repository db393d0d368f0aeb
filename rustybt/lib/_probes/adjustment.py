"""Known answer of `rustybt.lib.adjustment`."""

from __future__ import annotations

import numpy as np

from rustybt.lib import adjustment


def probe() -> tuple[object, object]:
    numbers = np.arange(12.0).reshape(4, 3)
    adjustment.Float64Multiply(0, 1, 0, 1, 2.0).mutate(numbers)
    adjustment.Float64Add(1, 2, 1, 1, 0.5).mutate(numbers)
    adjustment.Float64Overwrite(3, 3, 0, 0, -1.0).mutate(numbers)
    adjustment.Float641DArrayOverwrite(0, 1, 2, 2, [7.0, 8.0]).mutate(numbers)

    integers = np.zeros((2, 2), dtype=np.int64)
    adjustment.Int64Overwrite(0, 1, 1, 1, 5).mutate(integers)
    adjustment.Datetime64Overwrite(1, 1, 0, 0, np.datetime64(9, "ns")).mutate(integers)

    truths = np.zeros((2, 2), dtype=np.bool_)
    adjustment.BooleanOverwrite(0, 0, 0, 1, True).mutate(truths)
    adjustment.Boolean1DArrayOverwrite(0, 1, 0, 0, [False, True]).mutate(truths)

    moments = np.zeros((2, 2), dtype="datetime64[ns]")
    instants = np.array([3, 4], dtype="datetime64[ns]")
    adjustment.Datetime641DArrayOverwrite(0, 1, 1, 1, instants).mutate(moments)

    objects = np.full((2, 2), None, dtype=object)
    adjustment.ObjectOverwrite(0, 0, 0, 1, "a").mutate(objects)
    adjustment.Object1DArrayOverwrite(0, 1, 1, 1, ["b", "c"]).mutate(objects)

    dates = np.array(["2020-01-01", "2020-01-03", "2020-01-05"], dtype="datetime64[ns]")
    start, end = np.datetime64("2020-01-02", "ns"), np.datetime64("2020-01-05", "ns")
    made = adjustment.make_adjustment_from_labels(
        dates, [20, 10], start, end, 10, adjustment.ADD, 1.5
    )

    also_made = adjustment.make_adjustment_from_indices(1, 2, 1, 1, adjustment.ADD, 1.5)

    computed = [
        numbers.tolist(),
        integers.tolist(),
        truths.tolist(),
        moments.tolist(),
        objects.tolist(),
        repr(made),
        made == also_made,
    ]
    expected = [
        [[0.0, 2.0, 7.0], [6.0, 8.5, 8.0], [6.0, 7.5, 8.0], [-1.0, 10.0, 11.0]],
        [[0, 5], [9, 5]],
        [[False, True], [True, False]],
        [[0, 3], [0, 4]],
        [["a", "b"], [None, "c"]],
        "Float64Add(first_row=1, last_row=2, first_col=1, last_col=1, value=1.5)",
        True,
    ]
    return computed, expected
