"""Runs the tasks of ``pixi.toml`` where pixi itself, or its channel, is out of reach."""

__version__ = "0.1.0"

PIXI_VERSION = "0.77.0"
"""The pixi whose manifest and task semantics are followed."""
