"""rustybt: a backtesting engine that speaks the Zipline API.

Importing this package loads nothing but itself: the names below are imported when they are first
used, so that one broken compiled module breaks only those who need it.
"""

from __future__ import annotations

import sys

from rustybt._missing import MissingFinder

TYPE_CHECKING = False  # importing typing would cost more than this whole package
if TYPE_CHECKING:
    from rustybt import api, assets, data, finance, gens, indicators, lib, utils
    from rustybt._versions import show_versions
    from rustybt.assets._assets import Asset, Equity, Future
    from rustybt.cli.magic import load_ipython_extension
    from rustybt.extensions import extension_args
    from rustybt.utils.run_algo import run_algorithm

    __version__: str

__all__ = [
    "Asset",
    "Equity",
    "Future",
    "__version__",
    "api",
    "assets",
    "data",
    "extension_args",
    "finance",
    "gens",
    "indicators",
    "lib",
    "load_ipython_extension",
    "run_algorithm",
    "show_versions",
    "utils",
]

_HOMES = {
    "Asset": "rustybt.assets._assets",
    "Equity": "rustybt.assets._assets",
    "Future": "rustybt.assets._assets",
    "extension_args": "rustybt.extensions",
    "load_ipython_extension": "rustybt.cli.magic",
    "run_algorithm": "rustybt.utils.run_algo",
    "show_versions": "rustybt._versions",
}

MissingFinder.install(__path__[0])


def __getattr__(name: str) -> object:
    from importlib import import_module

    value: object
    if name == "__version__":
        value = import_module("rustybt._versions").version()
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in __all__:
        value = import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    setattr(sys.modules[__name__], name, value)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
