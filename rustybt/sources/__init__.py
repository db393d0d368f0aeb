"""Data that a simulation is compared with."""
