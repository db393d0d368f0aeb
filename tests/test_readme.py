from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import sources
from documents.blocks import PAGES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^    (rustybt run .*)\n\n.*\n\n((?:    .*\n)+)", re.MULTILINE)


@pytest.mark.parametrize(
    ("code", "shown"),
    [found for page in PAGES for found in EXAMPLE.findall(page.read_text(encoding="utf-8"))],
)
def test_examples_print_what_they_show(code: str, shown: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout == shown


def test_every_python_block_is_such_an_example_or_a_file_to_write() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        files = len(re.findall(r"^Write a file `\S+`:\n\n```python\n", text, re.MULTILINE))
        assert text.count("```python\n") == len(EXAMPLE.findall(text)) + files, page


def test_the_command_shows_what_it_prints(tmp_path: Path) -> None:
    found = COMMAND.search(README)
    assert found is not None
    words = [str(ROOT / word) if word.endswith(".py") else word for word in found[1].split()]
    run = subprocess.run(
        [sys.executable, "-P", "-m", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout == "".join(line[4:] + "\n" for line in found[2].splitlines())
    assert (tmp_path / "report.html").is_file()


def test_the_smoke_table_lists_every_module() -> None:
    listed = re.findall(r"^    (rustybt\.\S+) .* ok$", README, re.MULTILINE)
    assert listed == [module.name for module in sources.find(ROOT)]


def test_every_link_leads_somewhere() -> None:
    pages = [README, (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")]
    links = {link for page in pages for link in re.findall(r"\]\(([^)#:]+)\)", page)}
    assert links
    assert {link for link in links if not (ROOT / link).exists()} == set()
