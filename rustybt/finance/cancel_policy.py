"""Cancel policies: whether an event of the clock cancels the open orders."""

from __future__ import annotations

from abc import ABC, abstractmethod


class CancelPolicy(ABC):
    """Base of cancel policies.

    Attributes
    ----------
    warn_on_cancel : bool
        Whether the log is told of every order that the policy cancels.
    """

    warn_on_cancel: bool = False

    @abstractmethod
    def should_cancel(self, event: int) -> bool:
        """Tell whether all open orders are cancelled.

        Parameters
        ----------
        event : int
            What the clock emits, one of the constants of `rustybt.gens.sim_engine`.
        """


class EODCancel(CancelPolicy):
    """Orders still open at the end of a session are cancelled.

    Parameters
    ----------
    warn_on_cancel : bool, default True
        Whether the log is told of each.
    """

    def __init__(self, warn_on_cancel: bool = True) -> None:
        self.warn_on_cancel = warn_on_cancel

    def should_cancel(self, event: int) -> bool:
        """Tell whether the session ends."""
        from rustybt.gens.sim_engine import SESSION_END  # imports pandas: not with this module

        return event == SESSION_END


class NeverCancel(CancelPolicy):
    """Orders stay open until they are filled or a strategy cancels them."""

    def should_cancel(self, event: int) -> bool:  # noqa: ARG002 - the same for all events
        """Return False."""
        return False
