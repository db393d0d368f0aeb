"""What the audit says when it cannot do its work."""

from __future__ import annotations


class AuditError(Exception):
    """The input cannot be audited; the message is one sentence for the user."""
