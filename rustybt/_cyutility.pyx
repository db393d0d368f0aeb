# What the other Cython modules have in common: their memoryviews, and the functions that Cython
# itself brings. This file declares the module; its C comes from Cython (see SHARED in setup.py),
# and nothing that is written here would be part of it.
