"""Known-answer probes of the compiled modules in `rustybt.gens`."""
