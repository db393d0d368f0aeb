"""The books of a simulation: positions, cash, and what is kept of every session."""

include "_positions.pxi"
include "_recording.pxi"
include "_ledger.pxi"
include "_expanding.pxi"
