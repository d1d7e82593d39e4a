"""Faults in events, handlers and replies: chapter 8."""

import asyncio
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import msgspec
from streamops_server.core.frames import Event, Reply, ReplyError
from streamops_server.core.outbox import Outbox
from streamops_server.core.outbox import encode as encode_frame
from streamops_server.core.session import Session
from streamops_server.session_runner import SessionRunner
from streamops_server.view_runner import ViewRunner

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("EVT-1", examples=FEW)
def an_unknown_event_is_answered_twice() -> None:
    @instead(Outbox, "add_reply")
    def add_reply(real: Real, self: Outbox, reply: Reply) -> None:
        real(self, reply)
        if isinstance(reply.error, ReplyError) and reply.error.code == "unknown_event":
            real(self, reply)


@fault("EVT-2")
def the_reply_overtakes_the_last_op() -> None:
    """In sessions that nothing holds up: of a window FLW-4 speaks."""

    def plain(outbox: Outbox) -> bool:
        return outbox.window is None and outbox.replay is None

    @instead(Outbox, "_release_replies")
    def release(real: Real, self: Outbox, out: list[bytes]) -> None:
        if not plain(self):
            real(self, out)
            return
        ready = self._views.barrier
        while self._replies and self._replies[0][0] < ready:
            _, reply = self._replies.popleft()
            out.append(encode_frame(reply))

    @instead(Outbox, "add_reply")
    def add(real: Real, self: Outbox, reply: Any) -> None:
        if plain(self):
            self._replies.append((self.order if self._views else 0, reply))
        else:
            real(self, reply)

    @instead(Outbox, "deadline")
    def deadline(real: Real, self: Outbox) -> float | None:
        if plain(self) and self.open and self._replies and self._replies[0][0] < self._views.barrier:
            return 0.0
        due: float | None = real(self)
        return due


@fault("EVT-3")
def the_final_view_comes_after_the_reply() -> None:
    ending: WeakSet[ViewRunner] = WeakSet()

    @instead(ViewRunner, "_final_view")
    def final_view(real: Real, self: ViewRunner) -> None:
        ending.add(self)
        real(self)
        ending.discard(self)

    @instead(ViewRunner, "_push")
    def push(real: Real, self: ViewRunner, html: str) -> object:
        if self in ending:
            return asyncio.get_running_loop().call_later(0.02, real, self, html)
        return real(self, html)


@fault("EVT-4", examples=FEW)
def four_handlers_run_at_a_time() -> None:
    pools: WeakKeyDictionary[ViewRunner, asyncio.Semaphore] = WeakKeyDictionary()

    @instead(ViewRunner, "_run_handler")
    async def handle(real: Real, self: ViewRunner, *args: Any) -> None:
        async with pools.setdefault(self, asyncio.Semaphore(4)):
            await real(self, *args)


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


@fault("EVT-8")
def an_error_shown_makes_the_event_fail() -> None:
    @instead(Session, "reply")
    def reply(real: Real, self: Session, ref: int, code: str | None = None, text: str = "") -> None:
        shown = any(queue.shown_error is not None for queue in self.program.streams.values())
        real(self, ref, code or ("app_error" if shown else None), text)
