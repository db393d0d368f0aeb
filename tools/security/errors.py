"""What goes wrong here, as one sentence."""


class SecurityError(Exception):
    """A scanner that could not do its work, or a waiver that makes no sense."""
