"""The conda package: built and tested from recipe/, over conda-forge or the machine's own channel."""
