"""Faults in the handshake, the heartbeat and the end: chapter 1.

Patches, because these are not on the wire: how long a silent connection may last.
"""

from collections.abc import Callable
from typing import Any

from streamops_server.core.heartbeat import Heartbeat

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("CON-7", examples=FEW)
def a_silent_connection_has_five_seconds() -> None:
    @instead(Heartbeat, "__init__")
    def init(real: Real, self: Heartbeat, limits: object, now: float) -> None:
        real(self, limits, now)
        self.deadline -= 5
