"""The blocks of the documents: what kind each is, and how its commands are checked."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCED = re.compile(r"^```(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"(?<=\n)\n((?: {4,}\S.*\n(?:\n(?= {4,}\S))*)+)")
VARIABLE = re.compile(r"[A-Z_]+=\S*$")
PROGRAMS = {"./pixiw", "cargo", "conda", "git", "pip", "pixi", "python", "python3", "rustybt", "uv"}

# Blocks that are no commands: the beginning of their first line, and what holds them to the truth.
SHOWN = {
    "module  ": "the table of smoke: test_readme and the tests of smoke",
    "From  ": "the summary of the run above it: test_readme runs it",
    "declared ->": "the stages of the audit: test_the_stages_are_those_of_the_audit",
    "$ python tools/audit": "a session with the audit: its command is checked like any other",
    "conda: this machine's": "a line of build-conda: tests/tools/test_conda_machine.py",
    ".pixi/externals/": "folders of the externals channel: tests/tools/test_pixiw_clean.py",
    "measured  ": "figures of a run of the benchmarks on another day",
}
INLINE = re.compile(r"`(\./pixiw [^`]+)`")
# Shell loops over commands.
LOOPS = {"for", "do", "done"}


@dataclass(frozen=True)
class Block:
    """A block of a page."""

    page: Path
    kind: str
    text: str
    before: str
    """The paragraph above it."""

    @property
    def first(self) -> str:
        """Its first line."""
        return self.text.partition("\n")[0]


def blocks(page: Path) -> list[Block]:
    """Return the fenced and the indented blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found: list[tuple[int, Block]] = []
    for match in FENCED.finditer(text):
        above = text[: match.start()].rstrip().rpartition("\n\n")[2]
        found.append((match.start(), Block(page, match[1] or "plain", match[2], above)))
    # Offsets stay: what is fenced is blanked.
    plain = FENCED.sub(lambda match: re.sub(r"\S", ".", match[0].replace("    ", "....")), text)
    for match in INDENTED.finditer(plain):
        body = "\n".join(line.strip() for line in match[1].splitlines())
        above = text[: match.start()].rstrip().rpartition("\n\n")[2]
        found.append((match.start(), Block(page, "indented", body, above)))
    return [block for _, block in sorted(found, key=lambda item: item[0])]


def kind(block: Block) -> str:
    """Return "python", "text", "contents", "commands" or "shown"; raise for any other block."""
    if block.kind == "python":
        return block.kind
    # What a program prints: test_readme runs the program, which is the block above.
    if block.kind == "text" and block.before.endswith("```"):
        return block.kind
    if block.kind == "{toctree}":
        return "contents"
    if block.kind == "indented":
        if next(iter(commands(block)), None) is not None:
            _all_are_commands(block)
            return "commands"
        if any(block.first.startswith(known.rstrip()) for known in SHOWN):
            return "shown"
    raise ValueError(f"{block.page.name}: a block of unknown kind begins with {block.first!r}")


def _all_are_commands(block: Block) -> None:
    # A session, which begins with "$", shows what its commands print.
    if block.first.startswith("$ "):
        return
    for line in block.text.splitlines():
        # A synopsis goes on in brackets.
        known = not line.strip() or line.startswith("[") or line.split()[0] in LOOPS
        if not known and not any(commands(replace(block, text=line))):
            raise ValueError(f"{block.page.name}: {line!r} is among commands, but none itself")


def commands(block: Block) -> Iterator[list[str]]:
    """Yield the words of each command of a block; none if it does not begin with one."""
    found = False
    for line in block.text.splitlines():
        try:
            words = shlex.split(line.removeprefix("$ "), comments=True)
        except ValueError:
            return
        while words and VARIABLE.match(words[0]):
            words.pop(0)
        if words and words[0] in LOOPS:
            words = words[1:] if words[0] == "do" else []
        if not words:
            continue
        # "rustybt 0.1.0" begins a report, "rustybt run" a command.
        version = words[0] == "rustybt" and words[1][:1].isdigit()
        if words[0] not in PROGRAMS or version:
            if not found:
                return
            continue
        found = True
        yield words


def tasks() -> dict[str, set[str]]:
    """Return the tasks of each environment of the manifest."""
    manifest = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))
    found = {}
    for name, environment in manifest["environments"].items():
        features = environment["features"]
        found[name] = {
            task for feature in features for task in manifest["feature"][feature].get("tasks", {})
        }
    return found
