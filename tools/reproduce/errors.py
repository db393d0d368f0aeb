"""What can go wrong in words."""


class ReproduceError(Exception):
    """A failure whose text is one sentence for the user."""
