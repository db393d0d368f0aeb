"""The task shell: its grammar against the system's shell, and every refusal."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixiw import shell
from pixiw.executor import Executor

posix = pytest.mark.skipif(shutil.which("sh") is None, reason="compares with the system's sh")
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), max_size=12)


def fields(text: str, variables: dict[str, str] | None = None) -> list[str]:
    (step,) = shell.parse(text)
    return [field for word in step.command.words for field in word.fields(variables or {})]


@given(st.lists(PRINTABLE, min_size=1, max_size=5))
def test_quoted_words_come_back_as_they_were(words: list[str]) -> None:
    assert fields(shlex.join(["program", *words])) == ["program", *words]


@given(PRINTABLE.filter(lambda text: "$" not in text))
def test_list_commands_keep_their_words(word: str) -> None:
    assert fields(f"program {shell.quoted(word)}") == ["program", word]


@pytest.mark.parametrize("word", ["$A", "${A}/x", "a $A"])
def test_variables_live_in_list_commands(word: str) -> None:
    assert fields(shell.quoted(word), {"A": "1"}) == [word.replace("${A}", "1").replace("$A", "1")]


@posix
@given(
    st.sampled_from(["true", "false"]),
    st.lists(
        st.tuples(
            st.sampled_from([" && ", " || ", " ; ", "&&", "||", ";"]),
            st.sampled_from(["true", "false", "exit 3"]),
        ),
        max_size=5,
    ),
    st.sampled_from(["", ";", " ; "]),
)
def test_lists_end_like_those_of_sh(first: str, more: list[tuple[str, str]], closing: str) -> None:
    text = first + "".join(sign + command for sign, command in more) + closing
    expected = subprocess.run(["sh", "-c", text], check=False).returncode
    assert Executor({}, Path.cwd()).run(shell.parse(text)) == expected


@posix
@pytest.mark.parametrize(
    "text",
    [
        'printf "%s|" a "b c" d\\ e',
        'printf "%s|" $A x$A "$A" "x${A}y" ${A}z',
        'printf "%s|" "$EMPTY" $EMPTY end',
        'printf \'%s|\' \'$A\' "a\\"b" "c\\\\d" "e\\$f" a\'b\'"c"',
        'B=1 C="$A" sh -c \'printf "%s|" "$B" "$C"\'',
        'B=local; printf "%s|" "$B"; sh -c \'printf "%s|" "$B"\'',
        'export B=out; sh -c \'printf "%s|" "$B"\'; unset B; sh -c \'printf "%s|" "$B"\'',
        'printf "%s|" cost$ "5$"',
        'cd / && printf "%s|" "$A" && sh -c pwd',
        "echo a  b; pwd",
        "false; true; exit 3; echo never",
        "exit 300 || true",
        "sh -c 'exit 9' || sh -c 'exit 4'",
        "sh -c 'exit 9' && echo no; sh -c 'exit 5'",
    ],
)
def test_words_and_builtins_are_those_of_sh(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    variables = {"A": " one  two ", "EMPTY": "", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    expected = subprocess.run(
        ["sh", "-c", text],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    code = Executor(variables, tmp_path).run(shell.parse(text))
    output = capfd.readouterr().out
    if text != "exit 300 || true":
        assert output == expected.stdout
        assert code == expected.returncode
    else:
        assert code == 300 % 256


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a | b", "a pipe"),
        ("a |& b", "a pipe"),
        ("a > b", "a redirect"),
        ("a 2>&1", "a redirect"),
        ("a < b", "a redirect"),
        ("a & b", "a background command"),
        ("(a)", "a subshell"),
        ("a $(b)", "a command substitution"),
        ('a "$(b)"', "a command substitution"),
        ("a `b`", "a command substitution"),
        ('a "`b`"', "a command substitution"),
        ("ls *.py", "a glob"),
        ("ls a?", "a glob"),
        ("ls [ab]", "a glob"),
        ("ls ~/a", "a tilde"),
        ("a # b", "a comment"),
        ("! a", "a negation"),
        ("a\nb", "a line break"),
        ("echo ${A:-b}", "a variable expansion other than"),
        ("echo ${A", "a variable expansion other than"),
        ("echo $?", r"the special variable \$\?"),
        ("echo $1", r"the special variable \$1"),
    ],
)
def test_what_is_beyond_it_is_refused_by_name(text: str, name: str) -> None:
    with pytest.raises(shell.ShellError, match=f"{name}.* is not supported by pixiw"):
        shell.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 'b", "a single quote is not closed"),
        ('a "b', "a double quote is not closed"),
        ("a \\", "a backslash at the end"),
        ("a &&", "a command is missing"),
        ("&& a", "a command is missing"),
        ("a && || b", "a command is missing"),
        ("a ; ; b", "a command is missing"),
        ("", "a command is missing"),
    ],
)
def test_what_is_not_finished_is_refused(text: str, message: str) -> None:
    with pytest.raises(shell.ShellError, match=message):
        shell.parse(text)


def test_arguments_go_to_the_last_command_untouched() -> None:
    steps = shell.with_arguments(shell.parse("A=1 first && second x"), ["$HOME", "a b", "*"])
    words = [field for word in steps[-1].command.words for field in word.fields({})]
    assert words == ["second", "x", "$HOME", "a b", "*"]
    assert len(steps[0].command.words) == 1


def test_a_program_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    executor = Executor({"PATH": str(tmp_path)}, tmp_path)
    assert executor.run(shell.parse("no-such-program")) == 127
    assert "no-such-program: command not found" in capfd.readouterr().err
    assert executor.run(shell.parse("./nor-this")) == 127


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no execute permission")
def test_a_program_that_cannot_be_executed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    assert Executor({}, tmp_path).run(shell.parse("./folder")) == 126
    assert "./folder: Permission denied" in capfd.readouterr().err


def test_cd_and_exit_say_what_is_wrong(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    executor = Executor({}, tmp_path)
    assert executor.run(shell.parse("cd nowhere")) == 1
    assert executor.run(shell.parse("exit many")) == 2
    errors = capfd.readouterr().err
    assert "cd: nowhere: no such folder" in errors
    assert "exit takes one number" in errors
