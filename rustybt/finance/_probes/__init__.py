"""Known answers of the compiled modules of `rustybt.finance`."""
