"""Conda packages out of what a machine has: interpreters, wheels, compilers (docs/externals.md)."""
