"""Proof that an installed rustybt works, module by module: ``python -m rustybt.smoke``.

Standard library only, and nothing of rustybt outside this folder, so that it can say what is true
of an install whose other parts are broken. What it reports is described in docs/smoke.md.
"""
