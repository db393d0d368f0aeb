"""What can go wrong in words."""


class ArtefactError(Exception):
    """A failure whose text is one sentence for the user."""
