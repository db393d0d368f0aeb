"""Known answers of `rustybt.lib.rank`."""

import numpy as np

from rustybt.lib import rank


def probe() -> tuple[object, object]:
    """Return (computed, expected) ranks, maxima and missing values."""
    nan = float("nan")
    data = np.array([[2.0, nan, -1.0, 2.0, 7.0], [0.5, 0.5, 0.5, -np.inf, 9.0]])
    mask = np.array([[True, True, True, True, True], [True, True, True, True, False]])
    whole = np.arange(100)[np.newaxis, :] * 37 % 100  # long enough for the radix sort

    computed = [
        [
            np.nan_to_num(rank.masked_rankdata_2d(data, mask, nan, method, ascending)).tolist()
            for method in ("ordinal", "average", "min", "max", "dense")
            for ascending in (True, False)
        ],
        rank.rankdata_2d_ordinal(whole)[0, :4].tolist(),
        rank.rankdata_2d_ordinal(data)[0].tolist(),
        rank.rankdata_1d_descending(np.array([1, 3, 3, 2]), "average").tolist(),
        np.nan_to_num(rank.rankdata_2d_f64(data, "max", False))[0].tolist(),
        rank.grouped_masked_is_maximal(
            np.array([[4, 5, 5, 1, 8]]), np.array([[0, 0, 0, -1, -1]]), mask[1:]
        ).tolist(),
        rank.is_missing(data[0], nan).tolist(),
    ]
    expected = [
        [
            [[2.0, 0.0, 1.0, 3.0, 4.0], [2.0, 3.0, 4.0, 1.0, 0.0]],
            [[2.0, 0.0, 4.0, 3.0, 1.0], [1.0, 2.0, 3.0, 4.0, 0.0]],
            [[2.5, 0.0, 1.0, 2.5, 4.0], [3.0, 3.0, 3.0, 1.0, 0.0]],
            [[2.5, 0.0, 4.0, 2.5, 1.0], [2.0, 2.0, 2.0, 4.0, 0.0]],
            [[2.0, 0.0, 1.0, 2.0, 4.0], [2.0, 2.0, 2.0, 1.0, 0.0]],
            [[2.0, 0.0, 4.0, 2.0, 1.0], [1.0, 1.0, 1.0, 4.0, 0.0]],
            [[3.0, 0.0, 1.0, 3.0, 4.0], [4.0, 4.0, 4.0, 1.0, 0.0]],
            [[3.0, 0.0, 4.0, 3.0, 1.0], [3.0, 3.0, 3.0, 4.0, 0.0]],
            [[2.0, 0.0, 1.0, 2.0, 3.0], [2.0, 2.0, 2.0, 1.0, 0.0]],
            [[2.0, 0.0, 3.0, 2.0, 1.0], [1.0, 1.0, 1.0, 2.0, 0.0]],
        ],
        [1.0, 38.0, 75.0, 12.0],
        [2.0, 5.0, 1.0, 3.0, 4.0],
        [4.0, 1.5, 1.5, 3.0],
        [3.0, 0.0, 4.0, 3.0, 1.0],
        [[False, True, False, True, False]],
        [False, True, False, False, False],
    ]
    return computed, expected
