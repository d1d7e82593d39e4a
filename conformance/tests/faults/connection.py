"""Faults in the handshake, the heartbeat and the end: chapter 1.

Patches, because these are not on the wire: how long a silent connection may last.
"""

from collections.abc import Callable
from typing import Any

from streamops_server.core.session import Session

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("CON-7", examples=FEW)
def a_silent_connection_has_five_seconds() -> None:
    @instead(Session, "_silence_ends")
    def ends(real: Real, self: Session) -> float:
        return float(real(self)) - (5 if self.hello is None else 0)
