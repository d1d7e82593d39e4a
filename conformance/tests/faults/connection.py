"""Faults in the handshake, the heartbeat and the end: chapter 1."""

from collections.abc import Callable
from typing import Any

from streamops_server.core.session import Session

from .table import FEW, fault, instead

Real = Callable[..., Any]


def _taken(kind: type, answer: Callable[[Session, Any], bool]) -> None:
    """What `answer` says yes to of these frames goes no further."""

    @instead(Session, "_take")
    def take(real: Real, self: Session, frame: Any) -> list[Any]:
        found: list[Any] = [] if isinstance(frame, kind) and answer(self, frame) else real(self, frame)
        return found


@fault("CON-7", examples=FEW)
def a_silent_connection_has_five_seconds() -> None:
    @instead(Session, "_silence_ends")
    def ends(real: Real, self: Session) -> float:
        return float(real(self)) - (5 if self.hello is None else 0)


def _is_ordered(frame: bytes) -> bool:
    return frame.startswith((b'{"type":"stream"', b'{"type":"view"', b'{"type":"reply"'))


def _failing(change: Callable[[str, dict[str, Any]], str]) -> None:
    """`change` takes the code and the options of a failure, may change these, and gives the code."""

    @instead(Session, "fail")
    def fail(real: Real, self: Session, code: str, text: str, **options: Any) -> None:
        real(self, change(code, options), text, **options)
