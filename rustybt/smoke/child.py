"""What smoke runs in an interpreter of its own, as a script: one question, asked by argument.

Every step that was reached is one line of JSON on standard output, written at once, so that a
crash tells how far it came. Imports as little as it can: its start is paid once a module.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from importlib.util import find_spec

REPR_LIMIT = 300
PACKAGE = "rustybt"


class Teller:
    """The way out for the steps; what the questioned code prints itself goes to stderr."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def step(self, name: str, **facts: object) -> None:
        """Write one step."""
        print(json.dumps({"step": name, **facts}), file=self._out, flush=True)


def describe(error: BaseException) -> dict[str, object]:
    """Return what `error` says, as plain values."""
    name = getattr(error, "name", None)
    return {
        "type": type(error).__name__,
        "message": " ".join(str(error).split()),
        "missing": name if isinstance(error, ModuleNotFoundError) else None,
    }


def shorten(value: object) -> str:
    """Return the repr of `value`, cut where a table would burst."""
    text = repr(value)
    return text if len(text) <= REPR_LIMIT else f"{text[:REPR_LIMIT]}..."


def difference(computed: object, expected: object, at: str = "") -> tuple[str, object, object]:
    """Return where two unequal answers first differ, and both values there."""
    parts: list[tuple[object, object, object]] = []
    if isinstance(computed, dict) and isinstance(expected, dict):
        is_alike = computed.keys() == expected.keys()
        parts = [(key, computed[key], expected[key]) for key in computed if is_alike]
    elif isinstance(computed, (list, tuple)) and isinstance(expected, type(computed)):
        is_alike = len(computed) == len(expected)
        parts = [(key, computed[key], expected[key]) for key in range(len(computed)) if is_alike]
    for key, left, right in parts:
        if left != right:
            return difference(left, right, f"{at}[{key!r}]")
    return at, computed, expected


def locate(teller: Teller) -> None:
    """Tell which distributions and copies of the package there are, and whether it imports."""
    from importlib import metadata
    from pathlib import Path

    for distribution in metadata.distributions(name=PACKAGE):
        place = str(distribution.locate_file(""))
        try:
            files = distribution.files or []
            url = json.loads(distribution.read_text("direct_url.json") or "{}")
            facts = {
                "version": distribution.metadata["Version"],
                "requires": distribution.requires or [],
                "editable": bool(url.get("dir_info", {}).get("editable"))
                or any("__editable__" in file.name for file in files),
                "source": url.get("url"),
            }
        except Exception as error:  # noqa: BLE001 - damaged metadata fails in many ways
            teller.step("unreadable distribution", place=place, **describe(error))
        else:
            teller.step("distribution", place=place, **facts)
    for entry in dict.fromkeys(sys.path):
        folder = Path(entry, PACKAGE)
        if (folder / "__init__.py").is_file() or any(folder.glob("_build_record.json")):
            teller.step("copy", folder=str(folder))
    try:
        spec = find_spec(PACKAGE)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        return
    teller.step(
        "found", folder=next(iter(spec.submodule_search_locations)), has_init=bool(spec.origin)
    )
    try:
        import_module(PACKAGE)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it raises is what is asked for
        teller.step("import failed", **describe(error))
    else:
        teller.step("imported")


def prove(teller: Teller, name: str) -> None:
    """Tell whether the module `name` imports, from where, and what its probe answers."""
    teller.step("started")
    try:
        module = import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001
        teller.step("import failed", **describe(error))
        return
    teller.step("imported", file=getattr(module, "__file__", None))
    package, _, stem = name.rpartition(".")
    home = f"{package}._probes.{stem}"
    try:
        probe = import_module(home).probe
    except (ModuleNotFoundError, AttributeError) as error:
        missing = getattr(error, "name", None)
        is_absent = isinstance(error, AttributeError) or f"{home}.".startswith(f"{missing}.")
        teller.step("no probe" if is_absent else "probe failed", **describe(error))
        return
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001
        teller.step("probe failed", **describe(error))
        return
    try:
        computed, expected = probe()
        is_right = bool(computed == expected)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001
        teller.step("probe failed", **describe(error))
        return
    facts = {} if is_right else _compared(computed, expected)
    teller.step("answered", right=is_right, **facts)


def _compared(computed: object, expected: object) -> dict[str, object]:
    at, left, right = difference(computed, expected)
    return {"at": at, "computed": shorten(left), "expected": shorten(right)}


def depend(teller: Teller, name: str) -> None:
    """Tell the version of the distribution `name` and whether what it installs imports."""
    from importlib import metadata

    teller.step("started")
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    teller.step("installed", version=distribution.metadata.get("Version"))
    for module in _top_level(distribution, name):
        try:
            import_module(module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001
            teller.step("import failed", module=module, **describe(error))
            return
    teller.step("imported")


def _top_level(distribution: object, name: str) -> list[str]:
    module = name.replace("-", "_")
    for candidate in (module, module.lower()):
        if find_spec(candidate) is not None:
            return [candidate]
    # Reading the list of files is slow, and needed only where the names differ.
    files = getattr(distribution, "files", None) or []
    tops = {file.parts[0] for file in files if file.name == "__init__.py" and len(file.parts) == 2}
    tops |= {file.stem for file in files if file.suffix == ".py" and len(file.parts) == 1}
    return sorted(tops) or [module]


def main(arguments: list[str]) -> None:
    """Answer the question in `arguments`."""
    teller = Teller()
    match arguments:
        case ["locate"]:
            locate(teller)
        case ["module", name]:
            prove(teller, name)
        case ["dependency", name]:
            depend(teller, name)
        case _:
            sys.exit(f"unknown question: {arguments}")


if __name__ == "__main__":
    main(sys.argv[1:])
