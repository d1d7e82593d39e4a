"""Faults in what is ignored: chapter 15."""

import json
from collections.abc import Callable
from typing import Any

from streamops_server.core import session
from streamops_server.core.errors import PeerViolation
from streamops_server.core.frames import Unknown
from streamops_server.core.session import Session

from .table import FEW, fault, instead

Real = Callable[..., Any]


def _refuse(unwelcome: Callable[[dict[str, Any]], bool]) -> None:
    """Well-formed frames like that are malformed all the same."""

    @instead(session.frames, "decode")
    def decode(real: Real, data: str) -> object:
        frame = real(data)
        if unwelcome(json.loads(data)):
            raise PeerViolation("bad_frame", "Unknown members")
        return frame


@fault("FWD-1", examples=FEW)
def an_unknown_member_of_an_event_is_refused() -> None:
    known = {"type", "ref", "event", "params"}
    _refuse(lambda frame: frame["type"] == "event" and not frame.keys() <= known)


@fault("FWD-2", examples=FEW)
def an_unknown_frame_type_is_fatal() -> None:
    @instead(Session, "_take")
    def take(real: Real, self: Session, frame: object) -> object:
        if isinstance(frame, Unknown):
            raise PeerViolation("bad_frame", f"There is no frame type {frame.type}")
        return real(self, frame)


@fault("FWD-3", examples=FEW)
def an_unknown_limit_is_refused() -> None:
    known = {"max_frame_bytes", "max_fps", "window"}
    _refuse(lambda frame: frame["type"] == "hello" and not frame["limits"].keys() <= known)


@fault("FWD-5", examples=FEW)
def an_unknown_type_before_hello_times_out() -> None:
    @instead(Session, "_take")
    def take(real: Real, self: Session, frame: object) -> object:
        if isinstance(frame, Unknown) and self.hello is None:
            raise PeerViolation("hello_timeout", "hello comes first")
        return real(self, frame)
