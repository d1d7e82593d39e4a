"""One session of one connection: handshake, heartbeat, events, and the end (chapters 1, 7, 8).

Sans-I/O: `receive` takes what arrived and returns what the program is to do, `flush` returns
what is to be sent, `deadline` says when to call it next, `closing` that nothing follows.
"""

from collections.abc import Collection

import msgspec
from msgspec import UNSET, UnsetType
from streamops_spec import load_protocol

from streamops_server.core import frames
from streamops_server.core.errors import PeerViolation
from streamops_server.core.limits import Limits
from streamops_server.core.outbox import Outbox
from streamops_server.core.program import Program
from streamops_server.core.text import message
from streamops_server.core.views import Views

_CLOSE = load_protocol().close_codes
_FLOOD_RETRY_MS = 1000
"""When a client that flooded the server with events may come back."""


class Close(msgspec.Struct, frozen=True):
    """The close to perform once what `flush` returned is sent; the reason is the code string."""

    code: int
    reason: str


class Session:
    """Made when a connection is; `now` is in seconds of any steady clock, `id` has ≥ 128 random bits."""

    def __init__(self, limits: Limits, id: str, now: float) -> None:
        self.limits = limits
        self.id = id
        self.outbox = Outbox(limits)
        self.program = Program(limits, self.outbox)
        self.views = Views(self.program, self.outbox)
        self.closing: Close | None = None
        self.unknown_frames = 0
        self.hello: frames.Hello | None = None
        self._waiting: list[frames.Event] = []
        self.is_mounted = False
        """Whether the mount has ended: from then on events are run."""
        self._last_ref = 0
        self._begun = now
        self._heard = now
        self._pinged = False

    # -- inbound ---------------------------------------------------------------------------

    def receive(self, data: str | bytes, now: float) -> list[frames.Hello | frames.Event]:
        """One inbound text frame; what it asks the program to do.

        A Hello is to be answered by `welcome` or `fail`, an Event by `reply`.
        """
        self._heard, self._pinged = now, False
        if self.closing is not None:
            return []
        try:
            self._check_length(data)
            return self._take(frames.decode(data))
        except PeerViolation as violation:
            self.fail(violation.code, violation.message)
            return []

    def receive_binary(self) -> None:
        self.fail("bad_frame", "Frames are text, this one is binary")  # FRM-14

    def _check_length(self, data: str | bytes) -> None:
        limit = self.limits.max_frame_bytes
        size = len(data) if isinstance(data, bytes) or data.isascii() else len(data.encode())
        if size > limit:  # LIM-2
            raise PeerViolation("frame_too_large", f"This frame has more than {limit} bytes")

    def _take(self, frame: frames.ClientFrame | frames.Unknown) -> list[frames.Hello | frames.Event]:
        if (self.hello is None) != isinstance(frame, frames.Hello):
            # CON-5, CON-6, FWD-5
            raise PeerViolation("bad_frame", "hello is the client's first frame, exactly once")
        if isinstance(frame, frames.Hello):
            self.hello = frame
            return [frame]
        if isinstance(frame, frames.Event):
            return self._take_event(frame)
        if isinstance(frame, frames.Ping):
            self._control(frames.Pong(frame.t))  # CON-12, CON-13
        self.unknown_frames += isinstance(frame, frames.Unknown)
        return []  # a pong was heard, ack and cancel were not agreed on

    def _take_event(self, event: frames.Event) -> list[frames.Hello | frames.Event]:
        if event.ref <= self._last_ref:  # EVT-6
            raise PeerViolation(
                "bad_frame", f"ref {event.ref} does not grow: {self._last_ref} came before it"
            )
        self._last_ref = event.ref
        if self.outbox.unanswered >= self.limits.max_events:
            self._refuse(event.ref)
            return []
        self.outbox.unanswered += 1
        if self.is_mounted:
            return [event]
        self._waiting.append(event)
        return []

    def _refuse(self, ref: int) -> None:
        """EVT-7: answered at once, behind nothing, so a flood has its answers before its close (4429)."""
        error = frames.ReplyError("rate_limited", f"More than {self.limits.max_events} events are unanswered")
        self.outbox.add_control(frames.encode(frames.Reply(ref, False, error)))
        if self.outbox.control_frames > self.limits.max_unread_frames:
            self.fail("rate_limited", "Too many events at once", retry_after_ms=_FLOOD_RETRY_MS)

    # -- the program's answers -------------------------------------------------------------

    def welcome(self, offered: Collection[str]) -> None:
        """Agree on the capabilities that both sides offer; the program may be called from now on."""
        assert self.hello is not None
        limits = self.limits
        self.program.caps = frozenset(self.hello.caps) & frozenset(offered)  # CON-4
        self.outbox.max_frame_bytes = self.hello.max_frame_bytes
        self.outbox.interval = 1 / min(limits.max_fps, self.hello.limits.max_fps)
        announced = frames.ServerLimits(
            limits.max_frame_bytes, limits.max_streams, limits.max_text_bytes,
            limits.max_fps, limits.max_events, limits.cancel_ms,
        )  # fmt: skip
        self._control(frames.Welcome(self.id, sorted(self.program.caps), announced, limits.heartbeat_ms))

    def mounted(self) -> list[frames.Event]:
        """The mount has ended, its first view been accepted: the events that waited for it, in order."""
        self.is_mounted = True
        self.outbox.open = True
        waiting, self._waiting = self._waiting, []
        return waiting

    def reply(self, ref: int, code: str | None = None, text: str = "") -> None:
        """Answer an event: it went well, or `code` and `text` say why not."""
        if code is None:
            self.outbox.add_reply(frames.Reply(ref, True))
        else:
            self.outbox.add_reply(frames.Reply(ref, False, frames.ReplyError(code, message(text))))

    def fail(
        self,
        code: str,
        text: str,
        *,
        close: str | None = None,
        retryable: bool | None = None,
        retry_after_ms: int | UnsetType = UNSET,
    ) -> None:
        """End the session: a fatal error with its verdict, then a close (ERR-8).

        `close` names the close code where `code` has none of its own. Only the first failure counts.
        """
        if self.closing is not None:
            return
        kind = _CLOSE[close or code]
        verdict = kind.retryable if retryable is None else retryable
        self.closing = Close(kind.close, code)
        self._control(frames.SessionError(code, message(text), True, verdict, retry_after_ms))
        self.program.closed = True

    # -- outbound --------------------------------------------------------------------------

    def deadline(self, *, writable: bool = True) -> float | None:
        """When to call `flush` next, in seconds; None once the session is closing."""
        if self.closing is not None:
            return 0.0 if self.outbox.control_frames else None
        quiet = self._silence_ends()
        pending = self.outbox.deadline() if writable else None
        return quiet if pending is None else min(pending, quiet)

    def flush(self, now: float, *, writable: bool = True) -> list[bytes]:
        """What is to be sent now, encoded, in order.

        With a transport that is not `writable` nothing is taken from the queues, so that they
        go on coalescing; only the session's last words are sent.
        """
        if self.closing is None and now >= self._silence_ends():
            self._break_silence()
        if self.closing is not None:
            self.outbox.open = False
            return self.outbox.flush(now)
        return self.outbox.flush(now) if writable else []

    def over(self) -> None:
        """The connection is gone, and with it the session: every call of the program is fenced."""
        self.program.closed = True

    def _silence_ends(self) -> float:
        if self.hello is None:
            return self._begun + self.limits.hello_timeout_ms / 1000
        return self._heard + self.limits.heartbeat_ms / 1000 * (2 if self._pinged else 1)

    def _break_silence(self) -> None:
        if self.hello is None:
            # CON-7
            self.fail("hello_timeout", f"No hello within {self.limits.hello_timeout_ms} ms")
        elif self._pinged:
            self.fail("heartbeat_timeout", f"Nothing was heard for {2 * self.limits.heartbeat_ms} ms")
        else:
            self._pinged = True
            self._control(frames.Ping())  # CON-11

    def _control(self, frame: frames.ServerFrame) -> None:
        self.outbox.add_control(frames.encode(frame))
        if self.outbox.control_frames > self.limits.max_unread_frames and self.closing is None:
            self._too_slow()

    def _too_slow(self) -> None:
        self.fail("slow_consumer", "Too many frames wait for this client to read")
