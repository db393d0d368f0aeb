"""Known answer of `rustybt.lib._labelwindow`."""

from __future__ import annotations

from rustybt.lib._labelwindow import AdjustedArrayWindow
from rustybt.lib.adjustment import ObjectOverwrite
from rustybt.lib.labelarray import LabelArray


def probe() -> tuple[object, object]:
    adjustments = {2: [ObjectOverwrite(0, 1, 0, 0, "c")], 3: [ObjectOverwrite(3, 3, 0, 0, "a")]}
    labels = LabelArray([["a"], ["b"], ["c"], [None]], None)
    windows = AdjustedArrayWindow(labels, {}, adjustments, 0, 2, 0, None)
    computed = [window.as_string_array().ravel().tolist() for window in windows]
    return computed, [["a", "b"], ["c", "c"], ["c", "a"]]
