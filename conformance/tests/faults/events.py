"""Faults in events, handlers and replies: chapter 8.

Patches, because these are not on the wire: refs, and how many events there may be.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from streamops_server.core.frames import Event
from streamops_server.core.session import Session
from streamops_server.session_runner import SessionRunner

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("EVT-5", examples=FEW)
def even_events_start_late() -> None:
    @instead(SessionRunner, "_handle")
    def answer(real: Real, self: SessionRunner, event: Event) -> None:
        if event.ref % 2:
            real(self, event)
        else:
            asyncio.get_running_loop().call_later(0.1, real, self, event)


@fault("EVT-6", examples=FEW)
def refs_may_repeat() -> None:
    @instead(Session, "_take_event")
    def take_event(real: Real, self: Session, event: Event) -> object:
        if not self.can_be_resumed:
            self._replies._last = 0
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
