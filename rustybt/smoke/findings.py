"""What smoke has to say about one subject: a code and the case at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .codes import Code


@dataclass(frozen=True)
class Finding:
    """One thing found wrong.

    ``subject`` is a module, a dependency or the package; ``cause`` is a sentence on this case,
    and ``modules`` names the compiled modules that it takes away, if it is not about one of them.
    """

    code: Code
    subject: str
    cause: str
    modules: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the finding as docs/schemas/smoke-1.json describes it."""
        return {
            "code": self.code.name,
            "severity": self.code.severity,
            "subject": self.subject,
            "title": self.code.title,
            "cause": self.cause,
            "remedy": self.code.remedy,
            "modules": list(self.modules),
        }
