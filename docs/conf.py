"""How Sphinx builds the documents; tools/documents calls it."""

from __future__ import annotations

import inspect
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "rustybt"
author = "the rustybt developers"
release = version = metadata.version("rustybt")
root_doc = "docs/index"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "conda_sphinx_theme",
]
html_theme = "conda_sphinx_theme"
html_title = "rustybt"
html_theme_options = {
    "logo": {"text": "rustybt"},
    "navbar_center": [],
    "show_toc_level": 2,
    "use_edit_page_button": False,
    # conda's own chat and footer do not belong here.
    "zulip_url": "",
    "footer_start": ["copyright"],
    "footer_end": [],
}
copyright = author  # noqa: A001 - Sphinx's name
html_show_sourcelink = False

myst_enable_extensions = ["html_image"]
myst_heading_anchors = 4

# Docstrings are numpydoc's; a name in single backticks is code.
default_role = "code"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_typehints = "none"
autodoc_class_signature = "mixed"
# Words of a docstring's types, as in "shape (sessions,)", are looked up as names and found twice.
suppress_warnings = ["ref.python"]
autodoc_member_order = "bysource"


def _method(what: str, name: str) -> Any:
    """Return the method of the algorithm that a function of rustybt.api calls."""
    from rustybt.algorithm import TradingAlgorithm

    module, _, function = name.rpartition(".")
    if what != "function" or module != "rustybt.api":
        return None
    return getattr(TradingAlgorithm, function, None)


def _api_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str, returned: str
) -> tuple[str, str] | None:
    method = _method(what, name)
    if method is None:
        return None
    known = inspect.signature(method)
    own = [parameter for key, parameter in known.parameters.items() if key != "self"]
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in own]
    empty = inspect.Signature.empty
    return str(known.replace(parameters=plain, return_annotation=empty)), ""


def _api_docstring(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    method = _method(what, name)
    if method is not None:
        lines[:] = (inspect.getdoc(method) or "").splitlines()


def _skip_foreign(
    app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out what other packages document, as the methods of a pandas Series."""
    return True if str(getattr(obj, "__module__", "")).startswith("pandas") else None


def setup(app: Sphinx) -> None:
    """Have the functions of rustybt.api documented as the methods that they call."""
    app.connect("autodoc-skip-member", _skip_foreign)
    app.connect("autodoc-process-signature", _api_signature)
    # Before napoleon, which makes reStructuredText of numpydoc's sections.
    app.connect("autodoc-process-docstring", _api_docstring, priority=100)
