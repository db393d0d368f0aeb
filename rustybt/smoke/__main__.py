"""``python -m rustybt.smoke``, or ``python FOLDER/rustybt/smoke`` where rustybt is broken."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

if __package__:
    from .cli import main
else:
    # Run by path: this folder becomes a package of its own, so that rustybt need not import,
    # and leaves sys.path, where its modules would pass for top-level ones.
    _ALIAS = "rustybt_smoke"
    _FOLDER = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != _FOLDER]
    _spec = importlib.util.spec_from_file_location(
        _ALIAS, _FOLDER / "__init__.py", submodule_search_locations=[str(_FOLDER)]
    )
    if _spec is None or _spec.loader is None:
        sys.exit(f"smoke: {_FOLDER} is no package")
    sys.modules[_ALIAS] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_ALIAS])
    main = importlib.import_module(f"{_ALIAS}.cli").main

if __name__ == "__main__":
    sys.exit(main())
