"""The group of commands that ``rustybt`` shows."""

from __future__ import annotations

import os

import click

from rustybt.errors import RustybtError

COMMANDS = {
    "assets": ("rustybt.cli.assets", "assets"),
    "bundles": ("rustybt.cli.bundles", "bundles"),
    "clean": ("rustybt.cli.bundles", "clean"),
    "ingest": ("rustybt.cli.bundles", "ingest"),
    "run": ("rustybt.cli.run", "run"),
}
# These prove the installation, so they depend on nothing but Python (rustybt/__main__.py).
PROOFS = {
    "show-versions": "Print what was built and what it runs with.",
    "smoke": "Prove every compiled module of the installed rustybt, and its dependencies.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called or described."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return sorted({*COMMANDS, *PROOFS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command `cmd_name`, None if there is none."""
        if cmd_name in PROOFS:
            return click.Command(cmd_name, help=PROOFS[cmd_name])
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-e",
    "--extension",
    "extensions",
    multiple=True,
    metavar="FILE-OR-MODULE",
    help="Load this extension first: a file or a module. May be repeated.",
)
@click.option(
    "--strict-extensions/--non-strict-extensions",
    help="Stop when an extension cannot be loaded; without it, only a warning is shown.",
)
@click.option(
    "--default-extension/--no-default-extension",
    default=True,
    show_default=True,
    help="Load extension.py of the data folder, if there is one.",
)
@click.option(
    "-x",
    "arguments",
    multiple=True,
    metavar="KEY=VALUE",
    help="A value that extensions find in rustybt.extension_args. May be repeated.",
)
def group(
    extensions: tuple[str, ...],
    strict_extensions: bool,
    default_extension: bool,
    arguments: tuple[str, ...],
) -> None:
    """Backtest trading strategies written for the Zipline API."""
    from rustybt.extensions import create_args, extension_args
    from rustybt.utils.run_algo import load_extensions

    create_args(arguments, extension_args)
    load_extensions(default_extension, extensions, strict_extensions, os.environ)


def main(argv: list[str]) -> int:
    """Run the command line `argv`; a user's mistake is one sentence and exit status 1 or 2."""
    try:
        group.main(args=argv, prog_name="rustybt", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (RustybtError, OSError) as error:
        return fail(error)
    except (KeyboardInterrupt, click.Abort):
        click.echo("rustybt: interrupted", err=True)
        return 130
    return 0


def fail(error: Exception) -> int:
    """Say what `error` says, without its traceback; return the exit status."""
    click.echo(f"rustybt: {error}", err=True)
    return 1
