"""MiniJinja templates in commands, paths and arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARKS = ("{{", "{%", "{#")


def is_template(text: str) -> bool:
    """Tell whether a text has anything for MiniJinja to do."""
    return any(mark in text for mark in _MARKS)


def _as_pixi_prints(value: object) -> object:
    """Return booleans in small letters, as MiniJinja prints them in its own language."""
    return str(value).lower() if isinstance(value, bool) else value


def render(text: str, context: Mapping[str, object], where: str) -> str:
    """Render a template; a text without marks is returned as it is.

    Raises
    ------
    PixiwError
        Names the place and what MiniJinja says, as for an unknown variable.
    """
    if not is_template(text):
        return text
    import minijinja

    environment = minijinja.Environment(undefined_behavior="strict", finalizer=_as_pixi_prints)
    try:
        return environment.render_str(text, **context)
    except minijinja.TemplateError as error:
        reason = str(error).partition(" (in <string>")[0]
        message = f'{where} has a bad template "{text}": {reason}'
        raise PixiwError(message) from error
