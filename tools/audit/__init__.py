"""Follow every module of the package from its declaration to its installation.

The audit reads the checkout, the sdist, the wheels and an installation side by side, and names
the first stage at which a module is lost, with a stable code. It imports no part of the package.
"""
