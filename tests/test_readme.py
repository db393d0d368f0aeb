from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import sources

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_it_shows(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
    assert found is not None
    run = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", found[1]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout == found[2]


def test_the_smoke_table_lists_every_module() -> None:
    listed = re.findall(r"^    (rustybt\.\S+) .* ok$", README, re.MULTILINE)
    assert listed == [module.name for module in sources.find(ROOT)]


def test_every_link_leads_somewhere() -> None:
    pages = [README, (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")]
    links = {link for page in pages for link in re.findall(r"\]\(([^)#:]+)\)", page)}
    assert links
    assert {link for link in links if not (ROOT / link).exists()} == set()
