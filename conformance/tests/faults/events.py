"""Faults in events, handlers and replies: chapter 8."""

from collections.abc import Callable
from typing import Any

import msgspec
from streamops_server.core.frames import Event
from streamops_server.core.session import Session

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("EVT-6", examples=FEW)
def refs_may_repeat() -> None:
    @instead(Session, "_take_event")
    def take_event(real: Real, self: Session, event: Event) -> object:
        if not self.can_be_resumed:
            self._answers._last = 0
        return real(self, event)


@fault("EVT-7", examples=FEW)
def twice_as_many_events_are_taken() -> None:
    @instead(Session, "_take_event")
    def take_event(real: Real, self: Session, event: Event) -> object:
        limits = self.limits
        self.limits = msgspec.structs.replace(limits, max_events=2 * limits.max_events)
        try:
            return real(self, event)
        finally:
            self.limits = limits
