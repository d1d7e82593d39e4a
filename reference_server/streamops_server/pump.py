"""Sends a session's frames when they are due, and makes producers wait when too much is pending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from time import monotonic

from streamops_server.core.session import Session
from streamops_server.core.turn import Turn
from streamops_server.interfaces.transport import Connection
from streamops_server.program_code import ProgramCode

YIELD_EVERY = 32
"""Calls after which a producer lets others run, so that pings are answered."""
_BROKEN = 1011
"""The close code of a connection that failed here (RFC 6455)."""
LATE = 0.03
"""Seconds after which a flush that is due and did not happen shows that a producer does not await."""


class Pump:
    """The timers of one session. `ended` is called when the session has ended by itself."""

    def __init__(self, session: Session, connection: Connection, ended: Callable[[], None]) -> None:
        self._session = session
        self._connection: Connection | None = connection
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
        self._reschedule = False
        """Whether another deadline may follow the one that `_soon` serves."""
        self._calls = 0
        self._sending = ProgramCode("Sending frames", session.id)
        self._writing = ProgramCode("The transport", session.id)
        self.turn = Turn()
        self.schedule()

    def attach(self, connection: Connection | None) -> None:
        """The session has another connection now, or none."""
        self._connection = connection
        self._writable = True
        self._wake()
        self.schedule()

    def set_writable(self, writable: bool) -> None:
        """Whether the transport's buffer has room; without, operations stay and coalesce (FLW-7)."""
        self._writable = writable
        self.schedule()

    def touch(self) -> None:
        """An operation was accepted: schedule its sending, unless that is done (BAT-9)."""
        outbox = self._outbox
        if self._soon is not None or self._timer_at <= outbox.next_tick or outbox.is_full():
            return
        if (
            self._writable
            and self._connection is not None
            and outbox.open
            and outbox.next_tick <= self._loop.time()
        ):
            self._soon = self._loop.call_soon(self.flush)  # at once after a quiet interval (BAT-8)
            self.turn.ends = monotonic() + LATE
        else:
            self.schedule()

    def schedule(self) -> None:
        """Schedule a flush at the session's next deadline, unless an earlier one is scheduled."""
        deadline = self._session.deadline(writable=self._writable)
        if deadline is None or self._timer_at == -inf:
            return
        if deadline <= self._loop.time():
            # Not within this call: operations that are accepted in the same turn of the loop join the frame.
            self._soon = self._soon or self._loop.call_soon(self.flush)
            self._reschedule = True
            self.turn.ends = monotonic() + LATE
        elif deadline < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = deadline
            self._timer = self._loop.call_at(deadline, self._fire)
            self.turn.ends = monotonic() + deadline - self._loop.time() + LATE

    def _fire(self) -> None:
        self._timer, self._timer_at = None, inf
        self.flush()

    def flush(self) -> None:
        """Send what is due; close the connection after a fatal error."""
        self.turn.ends = inf
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        frames: list[bytes] = []
        with self._sending as sending:
            frames = self._session.flush(self._loop.time(), writable=self._writable)
        if sending.error is not None:  # nothing may follow what is missing now
            self._session.fail("internal", "The server failed")
            frames = self._session.flush(self._loop.time(), writable=self._writable)
        if self._session.ended:
            self._ended()
            return
        if frames and self._connection is not None:
            with self._writing as writing:
                self._connection.write_frames(frames)
            if writing.error is not None:  # the frames are lost, so the client has to come back for them
                self._connection.end(_BROKEN, "")
            if self._waiting:
                self._wake()
        closing = self._session.closing
        if closing is not None and frames and self._connection is not None:
            self._connection.end(closing.code, closing.reason)  # after the fatal error (ERR-8)
        if self._reschedule or self._timer is None or self._outbox.waits:
            self._reschedule = False
            self.schedule()

    def stop(self) -> None:
        """The session has ended: cancel the timers, and let no producer wait."""
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

    # -- backpressure ----------------------------------------------------------------------

    def is_full(self, name: str) -> bool:
        """Whether the stream's pending bytes reach their bound, or a detached session's do."""
        queue = self._streams.get(name)
        return (queue is not None and queue.pending_bytes >= self._bound) or self._session.is_full

    async def room(self, name: str) -> None:
        """Wait while the stream is full (FLW-7); let others run, by the count of calls and by `turn`."""
        self._calls += 1
        if self._calls % YIELD_EVERY == 0 or monotonic() > self.turn.ends:
            await asyncio.sleep(0)
        while self.is_full(name) and not self._session.program.closed:
            await self._next_wake()

    async def room_for_view(self) -> None:
        """Wait while the bytes of the views that are not sent reach the bound."""
        session = self._session
        if monotonic() > self.turn.ends:
            await asyncio.sleep(0)
        while (self._outbox.view_bytes >= self._bound or session.is_full) and not session.program.closed:
            await self._next_wake()

    def _next_wake(self) -> asyncio.Future[None]:
        future = self._loop.create_future()
        self._waiting.append(future)
        return future
