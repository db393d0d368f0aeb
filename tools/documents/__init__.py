"""The documents: pages, and a reference made of the docstrings of the installed package."""
