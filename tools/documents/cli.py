"""The command: ``python -P tools/documents [--json]``."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pinned
from documents import reference

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "docs"
# What pages link to beside docs/.
BESIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "benchmarks/README.md")


def main(argv: list[str] | None = None) -> int:
    """Build the site into build/docs/html; return 0, or 1 with Sphinx's warnings."""
    parser = argparse.ArgumentParser(prog="documents", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the result for programs")
    options = parser.parse_args(argv)
    try:
        tools = pinned.folder("docs")
    except pinned.PinnedError as error:
        print(f"documents: {error}", file=sys.stderr)
        return 1
    source = prepared(BUILD / "source")
    aside = BUILD / f"html.{os.getpid()}"
    done = _sphinx(source, aside, tools)
    pages = len(list(aside.rglob("*.html"))) if aside.is_dir() else 0
    if done.returncode == 0:
        _publish(aside)
    else:
        shutil.rmtree(aside, ignore_errors=True)
    warnings = [line.replace(f"{source}{os.sep}", "") for line in done.stderr.splitlines() if line]
    if options.json:
        result = {"version": 1, "pages": pages, "warnings": warnings, "ok": done.returncode == 0}
        print(json.dumps(result, indent=2))
    elif done.returncode == 0:
        print(f"{pages} pages in {(BUILD / 'html').relative_to(ROOT)}, without a warning")
    else:
        print("\n".join(warnings), file=sys.stderr)
        print(f"documents: {len(warnings)} warnings, no site was written", file=sys.stderr)
    return min(done.returncode, 1)


def prepared(source: Path) -> Path:
    """Write what Sphinx reads: the pages as they lie in the checkout, and those of the modules.

    Parameters
    ----------
    source : Path
        The folder to write, in the place of what it holds.
    """
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "docs", source / "docs")
    shutil.copytree(ROOT / "examples", source / "examples")
    for name in BESIDE:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    pages = source / "docs" / "reference"
    pages.mkdir()
    names = reference.public_modules()
    (pages / "index.rst").write_text(reference.index(names), encoding="utf-8")
    for name in names:
        (pages / f"{name}.rst").write_text(reference.page(name), encoding="utf-8")
    return source


def _sphinx(source: Path, target: Path, tools: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "sphinx", "--builder", "html", "--quiet"]
    command += ["--fail-on-warning", "--keep-going", "--fresh-env", "--jobs", "auto"]
    command += ["--conf-dir", str(source / "docs"), "--doctree-dir", str(BUILD / "doctrees")]
    return subprocess.run(
        [*command, str(source), str(target)],
        # The stubs have no docstrings: what is documented are the compiled modules themselves.
        env={
            **os.environ,
            "PYTHONPATH": str(tools),
            "SPHINX_AUTODOC_IGNORE_NATIVE_MODULE_TYPE_STUBS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def _publish(aside: Path) -> None:
    """Put a finished site in the place of the one before."""
    html = BUILD / "html"
    old = BUILD / f"html.old.{os.getpid()}"
    # The pages lie as in the checkout; who opens the folder is led to the first one.
    start = '<!doctype html><meta http-equiv="refresh" content="0; url=docs/index.html">\n'
    (aside / "index.html").write_text(start, encoding="utf-8")
    if html.exists():
        html.rename(old)
    aside.rename(html)
    shutil.rmtree(old, ignore_errors=True)
