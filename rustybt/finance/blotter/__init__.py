"""Blotters: where orders wait to be filled."""

from __future__ import annotations

from rustybt.finance.blotter.blotter import Blotter
from rustybt.finance.blotter.simulation_blotter import SimulationBlotter

__all__ = ["Blotter", "SimulationBlotter"]
