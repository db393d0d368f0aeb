"""Every block of the documents is run, or held to what it is about."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from documents.blocks import INLINE, PAGES, ROOT, SHOWN, Block, blocks, commands, kind, tasks
from rustybt.smoke import codes as smoke_codes

# Commands that are run, in a folder of their own.
RUN = {"bundles", "show-versions", "smoke", "run"}
# Programs whose commands need a network or another machine, with what is checked of them.
ELSEWHERE = {
    "cargo": {"vendor"},
    "conda": {"install"},
    "git": {"add", "tag", "worktree"},
    "pip": {"download", "install"},
    "pixi": {"add", "lock", "run", "update"},
    "uv": {"pip"},
}
PIXIW = {"run", "task", "clean", "install", "shell-hook"}


def every(wanted: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if kind(block) == wanted]


def named(block: Block) -> str:
    return f"{block.page.stem}: {block.first[:50]}"


@cache
def help_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", *command, "--help"],
        cwd=ROOT if command[0].startswith("tools") else Path(sys.prefix),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(words: list[str], folder: Path) -> None:
    """Raise AssertionError unless a command can be given as it is written."""
    program, *arguments = words
    match program, arguments:
        case "./pixiw", _:
            check_task(arguments)
        case "rustybt", [command, *_] if command in RUN:
            run(["-m", "rustybt", *arguments], folder)
        case "rustybt", [command, *rest]:
            check_options(rest, help_of("-m", "rustybt", command))
        case "python", ["-P", "-m", "rustybt.smoke"] | ["-m", "rustybt.smoke"]:
            run(["-m", "rustybt.smoke"], folder)
        case "python3", ["-m", "pip", command, *_]:
            assert command in ELSEWHERE["pip"], f"pip {command} is not known here"
        case "python", [script, *rest]:
            given = rest if script == "-P" else [script, *rest]
            assert (ROOT / given[0]).exists(), f"there is no {given[0]}"
            subcommand = given[1:2] if given[1:] and given[1].isalpha() else []
            check_options(given[1:], help_of(given[0], *subcommand))
        case _, [command, *_]:
            assert command in ELSEWHERE[program], f"{program} {command} is not known here"
        case _:
            pytest.fail(f"{program} without arguments")


def check_task(arguments: list[str]) -> None:
    command, *rest = arguments
    assert command in PIXIW, f"pixiw has no command {command}"
    if command != "run":
        return
    environment, wanted = None, list(rest)
    while wanted and wanted[0].startswith("-"):
        option = wanted.pop(0)
        if option in {"-e", "--environment"}:
            environment = wanted.pop(0)
        else:
            assert option in {"--channel", "--frozen", "--locked"}, f"pixiw run has no {option}"
            if option == "--channel":
                assert wanted.pop(0) in {"conda-forge", "externals"}
    known = tasks()
    task = wanted[0]
    places = [name for name in known if task in known[name]]
    assert places, f"there is no task {task}"
    if environment is not None:
        expanded = environment.partition("|")[0]
        assert expanded in known, f"there is no environment {expanded}"
        assert task in known[expanded], f"{expanded} has no task {task}"


def check_options(arguments: list[str], text: str) -> None:
    for option in re.findall(r"--[a-z-]+", " ".join(arguments)):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", text), f"there is no option {option}"


def run(arguments: list[str], folder: Path) -> None:
    words = [str(ROOT / word) if word.startswith("examples/") else word for word in arguments]
    done = subprocess.run(
        [sys.executable, "-P", *words],
        cwd=folder,
        env={**os.environ, "RUSTYBT_ROOT": str(folder / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout


def test_every_block_is_of_a_known_kind() -> None:
    kinds = [kind(block) for page in PAGES for block in blocks(page)]
    assert kinds.count("python") >= 4
    assert kinds.count("commands") >= 20
    assert kinds.count("shown") >= 5


@pytest.mark.parametrize("block", every("commands"), ids=named)
def test_commands_can_be_given(block: Block, tmp_path: Path) -> None:
    for program in files_of(block.page):
        (tmp_path / program.name).write_text(program.text, encoding="utf-8")
    for words in commands(block):
        check(words, tmp_path)


class Written:
    """A file that a page has its reader write."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text


def files_of(page: Path) -> list[Written]:
    found = []
    for block in blocks(page):
        told = re.search(r"[Ww]rite a file `(\S+)`:$", block.before)
        if block.kind == "python" and told:
            found.append(Written(told[1], block.text))
    return found


def test_every_sample_of_output_is_on_a_page() -> None:
    shown = [block.first for block in every("shown")]
    for known in SHOWN:
        assert any(first.startswith(known.rstrip()) for first in shown) or known.startswith("$")


def test_the_stages_are_those_of_the_audit() -> None:
    from audit.stages import Stage

    (shown,) = [block.first for block in every("shown") if block.first.startswith("declared ->")]
    names = ["git" if name == "tracked in git" else name for name in shown.split(" -> ")]
    assert len(names) == len(list(Stage))


def test_every_code_is_explained() -> None:
    from audit.causes import Cause

    page = (ROOT / "docs" / "imports.md").read_text(encoding="utf-8")
    ranges = re.findall(r"\[([A-Z]{2})(\d{3}) to [A-Z]{2}(\d{3})\]", page)
    explained = "".join(
        (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("smoke.md", "audit.md")
    )
    known = {*(cause.value[0] for cause in Cause), *all_smoke_codes()}
    assert len(known) > 90
    for code in known:
        assert any(
            code[:2] == kind_ and int(first) <= int(code[2:]) <= int(last)
            for kind_, first, last in ranges
        ), f"{code} is in no row of imports.md"
        assert re.search(rf"^### {code}", explained, re.MULTILINE), f"{code} has no section"
    for code in re.findall(r"\b(?:SM|AU)\d{3}\b", page.partition("## All codes")[0]):
        assert code in known, f"imports.md names {code}, which there is not"


def all_smoke_codes() -> set[str]:
    source = Path(smoke_codes.__file__).read_text(encoding="utf-8")
    return set(re.findall(r"\bSM\d{3}\b", source))


def test_the_reference_has_every_public_module() -> None:
    from documents import reference

    names = reference.public_modules()
    for wanted in (
        "rustybt.api",
        "rustybt.assets",
        "rustybt.assets.continuous_futures",
        "rustybt.data.bundles",
        "rustybt.data.bundles.csvdir",
        "rustybt.data.data_portal",
        "rustybt.finance.blotter",
        "rustybt.finance.slippage",
        "rustybt.gens.sim_engine",
        "rustybt.indicators",
        "rustybt.lib.rank",
        "rustybt.pipeline.factors",
        "rustybt.utils.events",
    ):
        assert wanted in names
    assert not any("._" in name for name in names)
    folder = Path(smoke_codes.__file__).parents[1]
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(["rustybt", *(part for part in parts if part != "__init__")])
        assert (name in names) == reference.is_public(name), name


@pytest.mark.parametrize(
    ("module", "name", "home"),
    [
        ("rustybt", "Equity", "rustybt.assets"),
        ("rustybt.protocol", "BarData", "rustybt.protocol"),
        ("rustybt.pipeline", "Factor", "rustybt.pipeline.factors.factor"),
        ("rustybt.lib.rank", "is_missing", "rustybt.lib.rank"),
        ("rustybt.api", "order", "rustybt.api"),
    ],
)
def test_each_name_is_documented_once(module: str, name: str, home: str) -> None:
    from documents import reference

    (entry,) = [entry for entry in reference.entries(module) if entry.name == name]
    assert entry.home == home
    assert (f":: {module}.{name}" in reference.page(module)) == (home == module)
    assert f":: {home}.{name}" in reference.page(home)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("    ./pixiw run smok\n", "there is no task smok"),
        ("    ./pixiw run -e lint smoke\n", "lint has no task smoke"),
        ("    ./pixiw run -e py399 smoke\n", "there is no environment py399"),
        ("    ./pixiw make smoke\n", "pixiw has no command make"),
        ("    ./pixiw run --fast smoke\n", "pixiw run has no --fast"),
        ("    rustybt ingest --quick\n", "there is no option --quick"),
        ("    rustybt run missing.py\n", "missing.py"),
        ("    python tools/none\n", "there is no tools/none"),
        ("    python tools/audit --jason\n", "there is no option --jason"),
        ("    conda build .\n", "conda build is not known here"),
    ],
)
def test_a_wrong_command_is_found(text: str, sentence: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Do this:\n\n{text}\n", encoding="utf-8")
    (block,) = blocks(page)
    (words,) = commands(block)
    with pytest.raises(AssertionError, match=re.escape(sentence)):
        check(words, tmp_path)


@pytest.mark.parametrize("text", ["    make all\n", "```yaml\na: 1\n```\n", "```\nplain\n```\n"])
def test_a_block_of_unknown_kind_is_found(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"See:\n\n{text}\n", encoding="utf-8")
    (block,) = blocks(page)
    with pytest.raises(ValueError, match=r"page.md: a block of unknown kind begins with"):
        kind(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_inside_sentences_can_be_given(page: Path) -> None:
    for command in INLINE.findall(page.read_text(encoding="utf-8")):
        check_task(shlex.split(command)[1:])


def test_a_wrong_command_inside_a_sentence_is_found() -> None:
    (command,) = INLINE.findall("Run `./pixiw run smok` and `smoke` again.")
    with pytest.raises(AssertionError, match="there is no task smok"):
        check_task(shlex.split(command)[1:])


def test_a_line_that_is_no_command_is_found_among_commands(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Do:\n\n    ./pixiw run smoke\n    make all\n\n", encoding="utf-8")
    (block,) = blocks(page)
    with pytest.raises(ValueError, match=r"page.md: 'make all' is among commands"):
        kind(block)


def test_output_without_a_program_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("It prints:\n\n```text\n42\n```\n", encoding="utf-8")
    (block,) = blocks(page)
    with pytest.raises(ValueError, match=r"page.md: a block of unknown kind begins with '42'"):
        kind(block)


def test_every_function_of_the_api_has_its_signature_and_docstring() -> None:
    from documents import reference

    conf = runpy.run_path(str(ROOT / "docs" / "conf.py"))
    functions = [
        entry.name
        for entry in reference.entries("rustybt.api")
        if entry.directive == "autofunction" and entry.home == "rustybt.api"
    ]
    assert len(functions) > 30
    for name in functions:
        full = f"rustybt.api.{name}"
        shown = conf["_api_signature"](None, "function", full, None, None, "", "")
        assert shown is not None, f"{full} is no method of the algorithm"
        assert re.match(r"\((?!self)", shown[0]), f"{full} has the signature {shown[0]}"
        lines: list[str] = []
        conf["_api_docstring"](None, "function", full, None, None, lines)
        assert any(lines), f"{full} has no docstring"


def test_links_of_pages_lead_somewhere() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_no_page_is_left_out_of_the_contents() -> None:
    listed = set()
    for page in (ROOT / "docs" / "index.md", ROOT / "docs" / "decisions.md"):
        for block in blocks(page):
            if kind(block) == "contents":
                listed |= {line for line in block.text.splitlines() if line and line[0] != ":"}
    own = {
        str(page.relative_to(ROOT / "docs").with_suffix(""))
        for page in (ROOT / "docs").rglob("*.md")
    }
    assert own - listed == {"index"}
