"""Sends what a session has to send when it is due, and makes producers wait when too much is pending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from math import inf
from typing import Protocol

from streamops_server.core.owners import Producer
from streamops_server.core.session import Session

CALLER: ContextVar[Producer] = ContextVar("streamops_caller")
"""The producer whose code runs now."""

CALLS_PER_BREATH = 32
TOKENS_PER_BREATH = 256
"""Calls, and tokens that joined a call, after which a producer lets others run: it cannot starve pings."""


class Channel(Protocol):
    """One connection."""

    def write_frames(self, frames: list[bytes]) -> None:
        """Send at once, without waiting."""

    def end(self, code: int, reason: str) -> None:
        """Close, after what was written."""


class Pump:
    """`channel` is where the session's frames go, if it has a connection; `ended` is told of its end."""

    def __init__(self, session: Session, channel: Channel, ended: Callable[[], None]) -> None:
        self._session = session
        self._channel: Channel | None = channel
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._bound = session.limits.max_pending_bytes
        self._streams = session.program.streams
        self._outbox = session.outbox
        self._writable = True
        self._waiting: list[asyncio.Future[None]] = []
        self._soon: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf
        self._look_again = False
        """Whether a deadline may hide behind the one that `_soon` serves."""
        self._calls = 0
        self.schedule()

    def attach(self, channel: Channel | None) -> None:
        """There is another connection now, or none."""
        self._channel = channel
        self._writable = True
        self._wake()
        self.schedule()

    def set_writable(self, writable: bool) -> None:
        """Whether the transport takes more; while not, operations stay and coalesce (FLW-7)."""
        self._writable = writable
        self.schedule()

    def touch(self) -> None:
        """An operation was accepted: see to it that it will be sent (BAT-9)."""
        outbox = self._outbox
        if self._soon is not None or self._timer_at <= outbox.next_tick or outbox.is_full:
            return
        if (
            self._writable
            and self._channel is not None
            and outbox.open
            and outbox.next_tick <= self._loop.time()
        ):
            self._soon = self._loop.call_soon(self.flush)  # after a quiet interval: at once (BAT-8)
        else:
            self.schedule()

    def schedule(self) -> None:
        """Arrange for a flush at the session's next deadline, if it comes before the arranged one."""
        deadline = self._session.deadline(writable=self._writable)
        if deadline is None or self._timer_at == -inf:
            return
        if deadline <= self._loop.time():
            # Not within this call: operations accepted before the loop comes round join the frame.
            self._soon = self._soon or self._loop.call_soon(self.flush)
            self._look_again = True
        elif deadline < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = deadline
            self._timer = self._loop.call_at(deadline, self._fire)

    def _fire(self) -> None:
        self._timer, self._timer_at = None, inf
        self.flush()

    def flush(self) -> None:
        """Send what is due; close after a session's last words."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        frames = self._session.flush(self._loop.time(), writable=self._writable)
        if self._session.ended:
            self._ended()
            return
        if frames and self._channel is not None:
            self._channel.write_frames(frames)
            if self._waiting:
                self._wake()
        closing = self._session.closing
        if closing is not None and frames and self._channel is not None:
            self._channel.end(closing.code, closing.reason)  # a fatal error is among the last frames (ERR-8)
        if self._look_again or self._timer is None or self._outbox.waits:
            self._look_again = False
            self.schedule()

    def stop(self) -> None:
        """The session has ended: no timer, and nobody waits any more."""
        for handle in (self._soon, self._timer):
            if handle is not None:
                handle.cancel()
        self._soon, self._timer_at = None, -inf
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    # Producers

    def is_full(self, name: str) -> bool:
        """Whether the stream's pending bytes reach their bound, or the session's while nobody reads."""
        queue = self._streams.get(name)
        return (queue is not None and queue.pending_bytes >= self._bound) or self._session.is_full

    async def room(self, name: str) -> None:
        """Wait while the stream is full (FLW-7), and let others run now and then."""
        self._calls += 1
        if self._calls % CALLS_PER_BREATH == 0:
            await asyncio.sleep(0)
        while self.is_full(name) and not self._session.program.closed:
            await self._turn()

    async def room_for_view(self) -> None:
        """Wait while the views that have not been sent reach the bound: their bytes count too."""
        session = self._session
        while (self._outbox.view_bytes >= self._bound or session.is_full) and not session.program.closed:
            await self._turn()

    def _turn(self) -> asyncio.Future[None]:
        future = self._loop.create_future()
        self._waiting.append(future)
        return future
