"""The conda package: built from recipe/ and tested, over conda-forge or the machine's channel."""
