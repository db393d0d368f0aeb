"""What goes wrong here, as one sentence."""


class CiError(Exception):
    """A mistake in a workflow or in how this tool was called."""
