"""The one channel that the lock may name."""

from __future__ import annotations

NAME = "conda-forge"
URL = "https://conda.anaconda.org/conda-forge/"


def file_url(subdir: str, file_name: str) -> str:
    """Return the address of a package file."""
    return f"{URL}{subdir}/{file_name}"
