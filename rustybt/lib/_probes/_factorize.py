"""Known answers of `rustybt.lib._factorize`."""

import numpy as np

from rustybt.lib import _factorize


def probe() -> tuple[object, object]:
    """Return (computed, expected) codes, categories and dtypes."""
    values = np.array(["b", "a", None, "c", "a"], dtype=object)
    many = np.array([f"{i:03}" for i in range(256)], dtype=object)

    computed = [
        [
            (codes.tolist(), categories.tolist(), reverse)
            for codes, categories, reverse in (
                _factorize.factorize_strings(values, None, sort=True),
                _factorize.factorize_strings(values, None, sort=False),
                _factorize.factorize_strings_known_categories(values, ["c", "b"], None, sort=True),
                _factorize.factorize_strings_known_categories(values, ["c", "b"], None, sort=False),
            )
        ],
        [
            _factorize.factorize_strings(labels, "", sort=True)[0].dtype.name
            for labels in (many[:255], many)
        ],
        [
            _factorize.smallest_uint_that_can_hold(value).name
            for value in (0, 255, 256, 65_536, 2**32)
        ],
    ]
    expected = [
        [
            ([2, 1, 0, 3, 1], [None, "a", "b", "c"], {None: 0, "a": 1, "b": 2, "c": 3}),
            ([1, 2, 0, 3, 2], [None, "b", "a", "c"], {None: 0, "b": 1, "a": 2, "c": 3}),
            ([1, 0, 0, 2, 0], [None, "b", "c"], {None: 0, "b": 1, "c": 2}),
            ([2, 0, 0, 1, 0], [None, "c", "b"], {None: 0, "c": 1, "b": 2}),
        ],
        ["uint8", "uint16"],
        ["uint8", "uint8", "uint16", "uint32", "uint64"],
    ]
    return computed, expected
