"""Templates in commands, paths and arguments.

Pixi renders them with MiniJinja; Jinja, its model, agrees on what a manifest needs, and conda-forge
has it for Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixiw.errors import PixiwError

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARKS = ("{{", "{%", "{#")


def is_template(text: str) -> bool:
    """Tell whether a text has anything for Jinja to do."""
    return any(mark in text for mark in _MARKS)


def _as_pixi_prints(value: object) -> object:
    """Return booleans in small letters, as MiniJinja prints them in its own language."""
    return str(value).lower() if isinstance(value, bool) else value


def render(text: str, context: Mapping[str, object], where: str) -> str:
    """Render a template; a text without marks is returned as it is.

    Raises
    ------
    PixiwError
        Names the place and what Jinja says, as for an unknown variable.
    """
    if not is_template(text):
        return text
    import jinja2

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        finalize=_as_pixi_prints,
        autoescape=False,  # noqa: S701 - commands are no HTML
        keep_trailing_newline=True,
    )
    try:
        return environment.from_string(text).render(context)
    except jinja2.TemplateError as error:
        message = f'{where} has a bad template "{text}": {error}'
        raise PixiwError(message) from error
