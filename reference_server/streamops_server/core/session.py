"""One session: handshake, heartbeat, events, lost connections, and the end (chapters 1, 7 to 11).

Sans-I/O: `receive` takes what arrived and returns what the program is to do, `flush` returns
what is to be sent, `deadline` says when to call it next, `closing` that nothing follows.
A session that agreed on `resume` goes on without a connection: `lost`, `resume`.
"""

from collections import deque
from collections.abc import Callable, Collection

import msgspec
from msgspec import UNSET, UnsetType
from streamops_spec import load_protocol

from streamops_server.core import frames, resume
from streamops_server.core.answers import Answers
from streamops_server.core.errors import PeerViolation
from streamops_server.core.limits import Limits
from streamops_server.core.outbox import Outbox
from streamops_server.core.owners import Producer
from streamops_server.core.program import Program
from streamops_server.core.replay import Replay
from streamops_server.core.text import message
from streamops_server.core.views import Views

_CLOSE = load_protocol().close_codes
_FLOOD_RETRY_MS = 1000
"""When a client that flooded the server with events may come back."""
_KEPT_SENT = 2
"""The part of `replay_bytes` that holds what was sent: as much again is left for when the client is away."""

Asked = frames.Hello | frames.Event | frames.Cancel
"""What a client asks of the program."""


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
        self.attached = True
        """Whether there is a connection."""
        self.ended = False
        """Whether it has outlived its time without one."""
        self._answers = Answers(limits.max_events)
        self._cancels: deque[tuple[float, str, int]] = deque()
        self._waiting: list[frames.Event] = []
        self.is_mounted = False
        """Whether the mount has ended: from then on events are run."""
        self._attempt = 0
        """The greatest with which a client has come back."""
        self._begun = now
        self._expires = now
        self._heard = now
        self._pinged = False

    # -- inbound ---------------------------------------------------------------------------

    def receive(self, data: str | bytes, now: float) -> list[Asked]:
        """One inbound text frame; what it asks the program to do.

        A Hello is to be answered by `welcome` or `fail`, an Event by `reply`, a Cancel given to `cancel`.
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

    def _take(self, frame: frames.ClientFrame | frames.Unknown) -> list[Asked]:
        if (self.hello is None) != isinstance(frame, frames.Hello):
            # CON-5, CON-6, FWD-5
            raise PeerViolation("bad_frame", "hello is the client's first frame, exactly once")
        if isinstance(frame, frames.Hello):
            self.hello = frame
            return [frame]
        if isinstance(frame, frames.Event):
            return self._take_event(frame)
        if isinstance(frame, frames.Cancel):
            return [frame]
        if isinstance(frame, frames.Ping):
            self._control(frames.Pong(frame.t))  # CON-12, CON-13
        elif isinstance(frame, frames.Ack):
            self._acknowledged(frame)
        self.unknown_frames += isinstance(frame, frames.Unknown)
        return []  # a pong was heard

    def _acknowledged(self, ack: frames.Ack) -> None:
        """What was not sent, or is no stream, is ignored (FLW-3), as is all of it without `ack`."""
        if self.outbox.window is None:
            return
        for name, cursor in ack.cursors.items():
            if name in self.program.streams:
                self.outbox.acknowledge(self.program.streams[name], cursor)
        if ack.view is not UNSET:
            self.outbox.acknowledge_view(ack.view)

    def _take_event(self, event: frames.Event) -> list[Asked]:
        if self._answers.is_repeated(event.ref):
            reply = self._answers.repeat(event.ref)
            if reply is not None:
                self.outbox.add_reply(reply)  # after what is replayed
            return []
        if self._answers.running + self.outbox.replies >= self.limits.max_events:
            self._refuse(event.ref)
            return []
        self._answers.begin(event.ref)
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
        self.program.caps = frozenset(self.hello.caps) & frozenset(offered)  # CON-4
        self.outbox.max_frame_bytes = self.hello.max_frame_bytes
        if self.can_be_resumed:
            self.outbox.replay = Replay(self.limits.replay_bytes // _KEPT_SENT)
        self._control(self._greeting(self.hello))

    @property
    def can_be_resumed(self) -> bool:
        return "resume" in self.program.caps

    def _greeting(self, hello: frames.Hello) -> frames.Welcome:
        """The welcome to a client that has these limits."""
        limits = self.limits
        self.outbox.interval = 1 / min(limits.max_fps, hello.limits.max_fps)
        if "ack" in self.program.caps:
            self.outbox.window = 1 if hello.limits.window is UNSET else hello.limits.window
        announced = frames.ServerLimits(
            limits.max_frame_bytes, limits.max_streams, limits.max_text_bytes,
            limits.max_fps, limits.max_events, limits.cancel_ms,
        )  # fmt: skip
        welcome = frames.Welcome(self.id, sorted(self.program.caps), announced, limits.heartbeat_ms)
        if self.can_be_resumed:
            announced.replay_bytes = limits.replay_bytes
            welcome.resume_ttl_ms = limits.resume_ttl_ms
        return welcome

    def mounted(self) -> list[frames.Event]:
        """The mount has ended, its first view been accepted: the events that waited for it, in order."""
        self.is_mounted = True
        self.outbox.open = True
        waiting, self._waiting = self._waiting, []
        return waiting

    def reply(self, ref: int, code: str | None = None, text: str = "") -> None:
        """Answer an event: it went well, or `code` and `text` say why not."""
        error = UNSET if code is None else frames.ReplyError(code, message(text))
        reply = frames.Reply(ref, code is None, error)
        if self._answers.end(reply, keep=self.can_be_resumed):
            self.outbox.add_reply(reply)

    def cancel(self, asked: frames.Cancel, now: float) -> Producer | None:
        """Whose work the client wants to end: its tasks are to be cancelled. None: nobody's (FLW-10), or
        it knows already, and is not to be disturbed while it cleans up.

        What it does not end itself within `cancel_ms` is ended here (FLW-9).
        """
        owner = self.program.owner_of(asked.stream, asked.run)
        if owner is None:
            return None
        self._cancels.append((now + self.limits.cancel_ms / 1000, asked.stream, asked.run))
        if owner.stopped:
            return None
        owner.stop()
        return owner

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
        if not self.attached:
            self.over()  # nobody is there to be told
        if self.closing is not None or self.ended:
            return
        kind = _CLOSE[close or code]
        verdict = kind.retryable if retryable is None else retryable
        self.closing = Close(kind.close, code)
        self._control(frames.SessionError(code, message(text), True, verdict, retry_after_ms))
        self.program.closed = True

    # -- lost connections ------------------------------------------------------------------

    def lost(self, now: float) -> bool:
        """The connection is gone. Whether the session goes on, for `resume_ttl_ms` (RES-1)."""
        if not self.can_be_resumed or self.closing is not None:
            self.over()
            return False
        self.attached = False
        self._expires = now + self.limits.resume_ttl_ms / 1000
        self.outbox.disconnect()
        self._answers.disconnect()
        return True

    def may_resume(self, hello: frames.Hello, offered: Collection[str]) -> bool:
        """Whether that hello can be answered by going on with this session (RES-4, RES-11)."""
        if self.closing is not None or self.ended:
            return False
        return resume.is_valid(hello, offered, self.program, self.outbox, self.views)

    def is_late(self, hello: frames.Hello) -> bool:
        """Whether its client has come back since, on another connection (RES-20)."""
        attempt = UNSET if hello.resume is UNSET else hello.resume.attempt
        return attempt is not UNSET and attempt <= self._attempt

    def resume(self, hello: frames.Hello, now: float, fresh: Callable[[], Collection[str] | None]) -> None:
        """Go on, on a new connection whose hello `may_resume`; its `view` is ignored.

        `fresh` accepts a view as things are now and returns the streams of its map; None: there is no view.
        """
        assert hello.resume is not UNSET
        self.attached = True
        self._attempt = self._attempt if hello.resume.attempt is UNSET else hello.resume.attempt
        self._heard, self._pinged = now, False
        welcome = self._greeting(hello)
        welcome.resumed = resume.rewind(hello.resume, self.program, self.outbox, fresh)
        self._control(welcome)

    @property
    def is_full(self) -> bool:
        """Whether producers have to wait because nobody is there to read (RES-1)."""
        return not self.attached and self.outbox.pending_bytes >= self.limits.replay_bytes

    # -- outbound --------------------------------------------------------------------------

    def deadline(self, *, writable: bool = True) -> float | None:
        """When to call `flush` next, in seconds; None once the session is closing, or has ended."""
        if self.ended:
            return None
        if self.closing is not None:
            return 0.0 if self.outbox.control_frames else None
        times = [self._expires if not self.attached else self._silence_ends()]
        if self._cancels:
            times.append(self._cancels[0][0])
        if writable and self.attached and (pending := self.outbox.deadline()) is not None:
            times.append(pending)
        return min(times)

    def flush(self, now: float, *, writable: bool = True) -> list[bytes]:
        """What is to be sent now, encoded, in order.

        With a transport that is not `writable` nothing is taken from the queues, so that they
        go on coalescing; only the session's last words are sent. Without a connection nothing is.
        """
        while self._cancels and self._cancels[0][0] <= now:
            _, name, run = self._cancels.popleft()
            self.program.end_cancelled(name, run)
        if not self.attached:
            if now >= self._expires:
                self.over()
            return []
        if self.closing is None and now >= self._silence_ends():
            self._break_silence()
        if self.closing is not None:
            self.outbox.open = False
            return self.outbox.flush(now)
        return self.outbox.flush(now) if writable else []

    def over(self) -> None:
        """The session has ended: every call of the program is fenced."""
        self.program.closed = self.ended = True

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
