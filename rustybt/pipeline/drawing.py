"""Drawings of pipelines, by Graphviz."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from rustybt.pipeline.term import AssetExists, LoadableTerm

if TYPE_CHECKING:
    from rustybt.pipeline.graph import TermGraph
    from rustybt.pipeline.term import Term

FORMATS = ("svg", "png", "jpeg")


class Drawing:
    """A drawing of a graph.

    Attributes
    ----------
    data : bytes
        The image.
    format : str
        "svg", "png" or "jpeg".
    """

    def __init__(self, data: bytes, format: str) -> None:  # noqa: A002 - as Graphviz calls it
        self.data = data
        self.format = format

    def _image(self, format: str) -> bytes | None:  # noqa: A002
        return self.data if self.format == format else None

    def _repr_svg_(self) -> str | None:
        return self.data.decode() if self.format == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self._image("png")

    def _repr_jpeg_(self) -> bytes | None:
        return self._image("jpeg")


def dot(graph: TermGraph) -> str:
    """Return a graph in the language of Graphviz.

    Parameters
    ----------
    graph : TermGraph

    Returns
    -------
    str
        Arrows go from a term to those that need it; the mask that all have is left out.
    """
    shown = [term for term in graph.ordered() if not isinstance(term, AssetExists)]
    places = {term: place for place, term in enumerate(shown)}
    names = {term: name for name, term in graph.outputs.items() if name != graph.screen_name}
    lines = ["digraph pipeline {", "  rankdir=TB;", "  node [shape=box, fontname=Helvetica];"]
    lines += [f"  {place} {_attributes(term, names.get(term))};" for term, place in places.items()]
    lines += [
        f"  {places[other]} -> {place};"
        for term, place in places.items()
        for other in graph.dependencies[term]
        if other in places
    ]
    return "\n".join([*lines, "}"])


def _attributes(term: Term, name: str | None) -> str:
    label = term.graph_repr().replace('"', '\\"')
    if name is not None:
        quoted = name.replace('"', '\\"')
        label = f"{quoted}\\n{label}"
    style = ", style=filled, fillcolor=lightgrey" if isinstance(term, LoadableTerm) else ""
    return f'[label="{label}"{style}]'


def draw(graph: TermGraph, format: str) -> Drawing:  # noqa: A002 - as Graphviz calls it
    """Return a drawing of a graph.

    Parameters
    ----------
    graph : TermGraph
    format : {"svg", "png", "jpeg"}

    Raises
    ------
    ValueError
        If there is no such format.
    RuntimeError
        If Graphviz is not installed.
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    program = shutil.which("dot")
    if program is None:
        raise RuntimeError("drawing a pipeline needs Graphviz: its program dot is not on PATH")
    done = subprocess.run(  # noqa: S603 - Graphviz, with fixed arguments
        [program, f"-T{format}"], input=dot(graph).encode(), capture_output=True, check=True
    )
    return Drawing(done.stdout, format)
