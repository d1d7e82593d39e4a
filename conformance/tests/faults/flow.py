"""Faults in flow control: chapter 9.

Patches, because these are not on the wire: what counts against the window, and who is served first.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from streamops_server.core.frames import Ack, Cancel, Ping
from streamops_server.core.framing import Entry
from streamops_server.core.outbox import Outbox
from streamops_server.core.session import Session
from streamops_server.core.stream import Stream
from streamops_server.core.waiting_streams import WaitingStreams
from streamops_server.session_runner import SessionRunner
from streamops_server.streaming import StreamingMixin
from streamops_server.view_runner import ViewRunner

from .order import no_early_merge
from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("FLW-1", examples=FEW)
def views_do_not_count() -> None:
    @instead(Outbox, "_view_frame")
    def view_frame(real: Real, self: Outbox) -> bytes:
        data: bytes = real(self)
        if self.window is not None:
            self.window._in_flight -= 1
            self.window._views.pop()
        return data


@fault("FLW-1", examples=FEW)
def views_have_a_window_of_their_own() -> None:
    serving: list[str] = []

    def is_full(self: Outbox) -> bool:
        if self.window is None:
            return False
        views = len(self.window._views)
        streams = self.window._in_flight - views
        flying = min(views, streams) if not serving else streams if serving[-1] == "streams" else views
        return flying >= self.window._size

    def in_turn(owner: type, name: str, what: str) -> None:
        @instead(owner, name)
        def call(real: Real, self: Any, *args: Any) -> Any:
            serving.append(what)
            try:
                return real(self, *args)
            finally:
                serving.pop()

    in_turn(Outbox, "flush", "views")
    in_turn(WaitingStreams, "serve", "streams")
    Outbox.is_full = is_full  # type: ignore[method-assign]  # reason: a fault is a patch


@fault("FLW-2", examples=FEW)
def a_full_window_makes_a_longer_queue() -> None:
    """With a window a frame is of one operation."""
    no_early_merge()

    @instead(Outbox, "_stream_frame")
    def frame(real: Real, self: Outbox, queue: Stream, taken: list[Entry]) -> bytes:
        if self.window is not None:
            queue._put_back(taken[1:])
            taken = taken[:1]
        data: bytes = real(self, queue, taken)
        return data


@fault("FLW-3", examples=FEW)
def an_ack_beyond_what_was_sent_acknowledges_all() -> None:
    @instead(Outbox, "acknowledge")
    def acknowledge(real: Real, self: Outbox, queue: Stream, cursor: int) -> None:
        real(self, queue, min(cursor, queue.sent))


@fault("FLW-3", examples=FEW)
def an_ack_of_an_unknown_stream_opens_the_window() -> None:
    @instead(Session, "_acknowledged")
    def acknowledged(real: Real, self: Session, ack: Ack) -> None:
        real(self, ack)
        if not ack.cursors.keys() <= self.program.streams.keys():
            for queue in self.program.streams.values():
                self.outbox.acknowledge(queue, queue.sent)


@fault("FLW-3", examples=FEW)
def an_ack_of_an_unknown_stream_ends_the_session() -> None:
    @instead(Session, "_acknowledged")
    def acknowledged(real: Real, self: Session, ack: Ack) -> None:
        real(self, ack)
        if self.outbox.window is not None and not ack.cursors.keys() <= self.program.streams.keys():
            self.fail("bad_frame", "There is no such stream")


@fault("FLW-4")
def a_reply_overtakes_a_full_window() -> None:
    @instead(Outbox, "_release_replies")
    def release(real: Real, self: Outbox, out: list[bytes]) -> None:
        if self.is_full():
            self._replies = type(self._replies)((-1, reply) for _, reply in self._replies)
        real(self, out)

    @instead(Outbox, "deadline")
    def deadline(real: Real, self: Outbox) -> float | None:
        due: float | None = real(self)
        return 0.0 if self.open and self._replies and self.is_full() else due


@fault("FLW-4", examples=FEW)
def a_pong_waits_for_the_window() -> None:
    held: WeakKeyDictionary[Session, list[Ping]] = WeakKeyDictionary()

    @instead(Session, "_take")
    def take(real: Real, self: Session, frame: Any) -> list[Any]:
        if isinstance(frame, Ping) and self.hello is not None and self.outbox.is_full():
            held.setdefault(self, []).append(frame)
            return []
        found: list[Any] = real(self, frame)
        if not self.outbox.is_full():
            for ping in held.pop(self, []):
                real(self, ping)
        return found


@fault("FLW-4", examples=FEW)
def a_cancel_is_not_read_under_a_full_window() -> None:
    @instead(SessionRunner, "_cancel")
    def cancel(real: Real, self: SessionRunner, asked: Cancel) -> None:
        if not self.session.outbox.is_full():
            real(self, asked)


@fault("FLW-7", examples=FEW)
def texts_are_dropped_under_pressure() -> None:
    @instead(StreamingMixin, "stream_text")
    async def stream_text(real: Real, self: StreamingMixin, name: str, text: str, **more: Any) -> None:
        backend = self._streamops_backend
        pump = backend._pump if isinstance(backend, ViewRunner) else None
        if pump is None or pump._writable or not pump.is_full(name):
            await real(self, name, text, **more)


@fault("FLW-8", examples=FEW)
def the_stream_with_most_to_send_is_served_first() -> None:
    turn = property(lambda self: -self.pending_bytes, lambda _, __: None)
    Stream.turn = turn  # type: ignore[assignment]  # reason: a fault is a patch
    WaitingStreams._congested = property(lambda _: True, lambda _, __: None)  # type: ignore[assignment]  # reason: as above
