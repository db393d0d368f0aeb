"""Known-answer probes of the compiled modules of this package."""
