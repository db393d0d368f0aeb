"""What goes wrong here, as one sentence."""


class ReleaseError(Exception):
    """A reason not to release."""
