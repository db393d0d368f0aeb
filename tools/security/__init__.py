"""Scanners of sources, packages, crates, secrets and workflows, and one verdict over all."""
