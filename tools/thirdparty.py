"""Licences of the crates that are linked into the Rust module, as one THIRDPARTY.yml.

The conda recipe ships the file beside the project's own licence. It has the fields that
cargo-bundle-licenses writes, and is made the same way on every machine: by Python and cargo alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LICENCE_FILE = re.compile(
    r"(licen[cs]e|copying|notice|unlicense|copyright)([-._].*)?", re.IGNORECASE
)


class ThirdPartyError(Exception):
    """A failure whose text is one sentence for the user."""


@dataclass(frozen=True)
class Crate:
    """A crate of somebody else, and the licences it states.

    Parameters
    ----------
    name, version, repository
        As its Cargo.toml has them.
    expression
        Its licence as an SPDX expression.
    texts
        Name and content of each of its licence files.
    """

    name: str
    version: str
    repository: str
    expression: str
    texts: tuple[tuple[str, str], ...]


def metadata(manifest: Path, target: str | None) -> dict[str, Any]:
    """Ask cargo which crates a manifest resolves to.

    Parameters
    ----------
    manifest
        Cargo.toml of the crate.
    target
        Rust's name of the platform to build for; None for every platform.

    Raises
    ------
    ThirdPartyError
        cargo is missing, or cannot tell.
    """
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    command += ["--manifest-path", str(manifest)]
    if target:
        command += ["--filter-platform", target]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        message = "cargo is not on PATH: the recipe needs compiler('rust')"
        raise ThirdPartyError(message) from None
    if run.returncode != 0:
        raise ThirdPartyError(f"cargo cannot resolve {manifest}: {run.stderr.strip()}")
    resolved: dict[str, Any] = json.loads(run.stdout)
    return resolved


def crates(resolved: dict[str, Any]) -> tuple[Crate, ...]:
    """Return the crates of others that the root crate links, sorted by name and version.

    Build scripts and test dependencies end in no binary and are left out.

    Raises
    ------
    ThirdPartyError
        A crate comes without licence or without its text.
    """
    nodes = {node["id"]: node for node in resolved["resolve"]["nodes"]}
    waiting = [resolved["resolve"]["root"]]
    linked: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in linked:
            continue
        linked.add(name)
        waiting += [
            edge["pkg"]
            for edge in nodes[name]["deps"]
            if any(kind["kind"] is None for kind in edge["dep_kinds"])
        ]
    # A crate without a source lies in this very tree.
    foreign = [
        _crate(package)
        for package in resolved["packages"]
        if package["id"] in linked and package["source"] is not None
    ]
    return tuple(sorted(foreign, key=lambda crate: (crate.name, crate.version)))


def _crate(package: dict[str, Any]) -> Crate:
    title = f"the crate {package['name']} {package['version']}"
    folder = Path(package["manifest_path"]).parent
    files = sorted(
        path for path in folder.iterdir() if path.is_file() and _LICENCE_FILE.fullmatch(path.name)
    )
    if package["license_file"]:
        files = sorted({*files, folder / package["license_file"]})
    if not files:
        message = f"{title} has no licence file: ask its authors for one, or replace the crate"
        raise ThirdPartyError(message)
    if not package["license"] and not package["license_file"]:
        raise ThirdPartyError(f"{title} states no licence: replace it")
    return Crate(
        package["name"],
        package["version"],
        package["repository"] or "",
        package["license"] or f"LicenseRef-{package['name']}",
        tuple((path.name, path.read_text(encoding="utf-8", errors="replace")) for path in files),
    )


def render(root: str, found: tuple[Crate, ...]) -> str:
    """Return the YAML text for the crates linked into the crate `root`."""
    lines = [f"root_name: {root}", "third_party_libraries:"]
    for crate in found:
        lines += [
            f"  - package_name: {json.dumps(crate.name)}",
            f"    package_version: {json.dumps(crate.version)}",
            f"    repository: {json.dumps(crate.repository)}",
            f"    license: {json.dumps(crate.expression)}",
            "    licenses:",
        ]
        for name, text in crate.texts:
            lines += [f"      - file: {json.dumps(name)}", "        text: |2"]
            lines += [f"          {line}".rstrip() for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Write the file and return the exit code."""
    parser = argparse.ArgumentParser(prog="thirdparty", description=__doc__)
    parser.add_argument("--manifest", type=Path, required=True, help="Cargo.toml of the module")
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    options = parser.parse_args(argv)
    try:
        resolved = metadata(options.manifest, os.environ.get("CARGO_BUILD_TARGET"))
        root = resolved["resolve"]["root"]
        name = next(p["name"] for p in resolved["packages"] if p["id"] == root)
        found = crates(resolved)
        aside = options.output.with_name(f"{options.output.name}.tmp")
        aside.write_text(render(name, found), encoding="utf-8")
        aside.replace(options.output)
    except ThirdPartyError as error:
        print(f"thirdparty: {error}", file=sys.stderr)
        return 1
    print(f"{options.output}: licences of {len(found)} crates")
    return 0


if __name__ == "__main__":
    sys.exit(main())
