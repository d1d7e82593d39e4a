"""Faults in the handshake, the heartbeat and the end: chapter 1.

Patches, because these are not on the wire: how long a silent connection may last, and how input is read.
"""

import json
from collections.abc import Callable
from typing import Any

from streamops_server.core import frames
from streamops_server.core.errors import PeerViolation
from streamops_server.core.heartbeat import Heartbeat
from streamops_server.core.session import Session

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("CON-7", examples=FEW)
def a_silent_connection_has_five_seconds() -> None:
    @instead(Heartbeat, "__init__")
    def init(real: Real, self: Heartbeat, limits: object, now: float) -> None:
        real(self, limits, now)
        self.deadline -= 5


@fault("CON-3", examples=FEW)
def a_ping_comes_before_the_hello() -> None:
    early = frames.Ping("early")

    @instead(Session, "__init__")
    def init(real: Real, self: Session, *args: Any) -> None:
        real(self, *args)
        self._control(early)

    @instead(Session, "_take")
    def take(real: Real, self: Session, frame: object) -> object:
        return [] if frame == frames.Pong("early") else real(self, frame)


@fault("FRM-15", examples=FEW)
def names_of_members_match_in_any_case() -> None:
    @instead(frames, "decode")
    def decode(real: Real, data: str | bytes) -> object:
        try:
            found = json.loads(data)
        except ValueError:
            return real(data)
        if not isinstance(found, dict) or "RUN" not in found:
            return real(data)
        return real(json.dumps({name.lower(): value for name, value in found.items()}))


@fault("FWD-2", examples=FEW)
def an_ack_without_its_capability_is_the_end() -> None:
    @instead(Session, "_acknowledged")
    def acknowledged(real: Real, self: Session, ack: frames.Ack) -> None:
        if self.outbox.window is None:
            raise PeerViolation("bad_frame", "ack was not agreed")
        real(self, ack)
