"""One session: handshake, heartbeat, events, lost connections, and the end (chapters 1, 7 to 11).

Does no I/O: `receive` takes what arrived and returns what the client asks of the program, `flush`
returns what to send, `deadline` says when to call it next, `closing` says that nothing follows.
A session that agreed on `resume` continues without a connection: `lost`, `resume`.
"""

from collections import deque
from collections.abc import Callable, Collection
from typing import Unpack

from msgspec import UNSET

from streamops_server.core import frames, resume
from streamops_server.core.closing import Close, Verdict, fatal_error
from streamops_server.core.errors import PeerViolation
from streamops_server.core.heartbeat import Heartbeat
from streamops_server.core.limits import Limits
from streamops_server.core.outbox import Outbox
from streamops_server.core.producers import Producer
from streamops_server.core.program import Program
from streamops_server.core.replay import Replay
from streamops_server.core.replies import Replies
from streamops_server.core.text import message, utf8_length
from streamops_server.core.views import Views
from streamops_server.core.welcome import make_welcome
from streamops_server.core.window import Window

_FLOOD_RETRY_MS = 1000
"""When a client that sent too many events may come back."""
_KEPT_SENT = 2
"""Sent operations get 1/2 of `replay_bytes`, what is accepted while the client is away the rest."""

_OF_THE_CONNECTION = ("heartbeat_timeout", "slow_consumer", "rate_limited")
"""Errors that end a connection and not its session, if that can be resumed (chapter 7)."""

Asked = frames.Hello | frames.Event | frames.Cancel
"""What a client asks of the program."""


class Session:
    """Begins with a connection. `now` is in seconds of a monotonic clock, `id` has ≥ 128 random bits."""

    def __init__(self, limits: Limits, id: str, now: float) -> None:
        self.limits = limits
        self.id = id
        self.outbox = Outbox(limits)
        self.program = Program(limits, self.outbox)
        self.views = Views(self.program, self.outbox)
        self.closing: Close | None = None
        """Set once a fatal error was accepted; nothing follows it."""
        self.unknown_frames = 0
        self.hello: frames.Hello | None = None
        self.attached = True
        """Whether there is a connection."""
        self._parts = False
        """Whether `closing` ends the connection alone: the session waits for the next one (RES-1)."""
        self.ended = False
        """Whether the session is over without a fatal error: nobody came back in time."""
        self.is_mounted = False
        """Whether the mount has ended: only then do events run."""
        self._replies = Replies(limits.max_events)
        self._cancels: deque[tuple[float, str, int]] = deque()
        """When each cancelled run is ended here, with its stream and number."""
        self._waiting: list[frames.Event] = []  # for the end of the mount
        self._attempt = 0  # the greatest `attempt` of a client that came back
        self._expires = now
        self._heartbeat = Heartbeat(limits, now)

    # -- inbound ---------------------------------------------------------------------------

    def receive(self, data: str | bytes, now: float) -> list[Asked]:
        """One inbound text frame; returns what it asks of the program.

        The caller answers a Hello with `welcome`, `resume` of another session, or `fail`; it
        answers an Event with `reply`, and passes a Cancel to `cancel`.
        """
        self._heartbeat.hear(now)
        if self.closing is not None:
            return []
        try:
            self._check_length(data)
            return self._take(frames.decode(data))
        except PeerViolation as violation:
            self.fail(violation.code, violation.message)
            return []

    def receive_binary(self) -> None:
        """A binary message came, which is never a frame."""
        self.fail("bad_frame", "A frame is a text message; this one is binary")  # FRM-14

    def _check_length(self, data: str | bytes) -> None:
        size = len(data) if isinstance(data, bytes) else utf8_length(data)
        if size > self.limits.max_frame_bytes:  # LIM-2
            raise PeerViolation("frame_too_large", f"This frame exceeds {self.limits.max_frame_bytes} bytes")

    def _take(self, frame: frames.ClientFrame | frames.Unknown) -> list[Asked]:
        if (self.hello is None) != isinstance(frame, frames.Hello):
            # CON-5, CON-6, FWD-5
            raise PeerViolation("bad_frame", "A client sends hello first, and only once")
        if isinstance(frame, frames.Hello):
            self.hello = frame
            self._heartbeat.greet()
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
        return []

    def _acknowledged(self, ack: frames.Ack) -> None:
        """Cursors of unknown streams and beyond what was sent are ignored (FLW-3); without `ack` all are."""
        if self.outbox.window is None:
            return
        for name, cursor in ack.cursors.items():
            if name in self.program.streams:
                self.outbox.acknowledge(self.program.streams[name], cursor)
        if ack.view is not UNSET:
            self.outbox.acknowledge_view(ack.view)

    def _take_event(self, event: frames.Event) -> list[Asked]:
        if self._replies.is_repeated(event.ref):
            reply = self._replies.repeat(event.ref)
            if reply is not None:
                self.outbox.add_reply(reply)  # sent after what is replayed
            return []
        if self._replies.running + self.outbox.replies >= self.limits.max_events:
            self._refuse(event.ref)
            return []
        self._replies.begin(event.ref)
        if self.is_mounted:
            return [event]
        self._waiting.append(event)
        return []

    def _refuse(self, ref: int) -> None:
        """EVT-7: the refusal overtakes queued replies, so that a flood is answered before its close."""
        error = frames.ReplyError("rate_limited", f"More than {self.limits.max_events} events are unanswered")
        self.outbox.add_control(frames.encode(frames.Reply(ref, False, error)))
        if self.outbox.control_frames > self.limits.max_unread_frames:
            self.fail("rate_limited", "Too many events at once", retry_after_ms=_FLOOD_RETRY_MS)

    # -- the program -----------------------------------------------------------------------

    def welcome(self, offered: Collection[str]) -> None:
        """Agree on the capabilities that both sides offer. From now on the program may be called."""
        assert self.hello is not None
        self.program.caps = frozenset(self.hello.caps) & frozenset(offered)  # CON-4
        self.outbox.max_frame_bytes = self.hello.max_frame_bytes
        if self.can_be_resumed:
            self.outbox.replay = Replay(self.limits.replay_bytes // _KEPT_SENT)
        self._control(self._greeting(self.hello))

    @property
    def can_be_resumed(self) -> bool:
        """Whether the session agreed on the capability `resume`."""
        return "resume" in self.program.caps

    def _greeting(self, hello: frames.Hello) -> frames.Welcome:
        """The welcome to a client with this hello; applies the hello's limits."""
        self.outbox.interval = 1 / min(self.limits.max_fps, hello.limits.max_fps)
        if "ack" in self.program.caps:
            self.outbox.window = Window(1 if hello.limits.window is UNSET else hello.limits.window)
        return make_welcome(self.id, self.program.caps, self.limits)

    def mounted(self) -> list[frames.Event]:
        """The mount has ended, and its first view was accepted. Returns the events that waited, in order."""
        self.is_mounted = True
        self.outbox.open = True
        waiting, self._waiting = self._waiting, []
        return waiting

    def reply(self, ref: int, code: str | None = None, text: str = "") -> None:
        """Answer an event: it succeeded, or `code` and `text` say why not."""
        error = UNSET if code is None else frames.ReplyError(code, message(text))
        reply = frames.Reply(ref, code is None, error)
        if self._replies.end(reply, keep=self.can_be_resumed):
            self.outbox.add_reply(reply)

    def cancel(self, asked: frames.Cancel, now: float) -> Producer | None:
        """The producer whose tasks the caller has to cancel; None if the run is not open (FLW-10).

        None also for an owner that was stopped before: it may clean up, until `cancel_ms` is over (FLW-9).
        """
        owner = self.program.owner_of(asked.stream, asked.run)
        if owner is None:
            return None
        self._cancels.append((now + self.limits.cancel_ms / 1000, asked.stream, asked.run))
        if owner.stopped:
            return None
        owner.stop()
        return owner

    def fail(self, code: str, text: str, **options: Unpack[Verdict]) -> None:
        """End with a fatal error and a close; only the first counts. `options` are those of `fatal_error`."""
        if not self.attached:
            self.over()  # there is no client to tell
        if self.closing is not None or self.ended:
            return
        error, self.closing = fatal_error(code, text, **options)
        self._control(error)
        self._parts = self.can_be_resumed and code in _OF_THE_CONNECTION
        self.program.closed = not self._parts

    # -- lost connections ------------------------------------------------------------------

    def lost(self, now: float) -> bool:
        """The connection is gone. Returns whether the session continues, for `resume_ttl_ms` (RES-1)."""
        if not self.can_be_resumed or (self.closing is not None and not self._parts):
            self.over()
            return False
        self.attached, self.closing = False, None
        self.outbox.open = self.is_mounted
        self._expires = now + self.limits.resume_ttl_ms / 1000
        self.outbox.disconnect()
        self._replies.disconnect()
        return True

    def may_resume(self, hello: frames.Hello, offered: Collection[str]) -> bool:
        """Whether a connection with that hello can continue this session (RES-4, RES-11)."""
        if self.ended or (self.closing is not None and not self._parts):
            return False
        return resume.is_valid(hello, offered, self.program, self.outbox, self.views)

    def is_late(self, hello: frames.Hello) -> bool:
        """Whether the client has since come back on a later connection than this hello's (RES-20)."""
        asked = hello.resume
        return asked is not UNSET and asked.attempt is not UNSET and asked.attempt <= self._attempt

    def resume(self, hello: frames.Hello, now: float, fresh: Callable[[], Collection[str] | None]) -> None:
        """Continue on a new connection. Only for a hello that `may_resume`; its `view` is ignored.

        `fresh` accepts a view of the current state and returns the streams of its map; None without a view.
        """
        assert hello.resume is not UNSET
        self.attached = True
        self._attempt = self._attempt if hello.resume.attempt is UNSET else hello.resume.attempt
        self._heartbeat.hear(now)
        welcome = self._greeting(hello)
        welcome.resumed = resume.rewind(hello.resume, self.program, self.outbox, fresh)
        self._control(welcome)

    @property
    def is_full(self) -> bool:
        """Whether producers have to wait because no client is there to read (RES-1)."""
        return not self.attached and self.outbox.pending_bytes >= self.limits.replay_bytes

    def deadline(self, *, writable: bool = True) -> float | None:
        """When to call `flush` next, in seconds; None once the session has ended or its close was sent."""
        if self.ended:
            return None
        if self.closing is not None:
            return 0.0 if self.outbox.control_frames else None
        times = [self._expires if not self.attached else self._heartbeat.deadline]
        if self._cancels:
            times.append(self._cancels[0][0])
        if writable and self.attached and (pending := self.outbox.deadline()) is not None:
            times.append(pending)
        return min(times)

    def flush(self, now: float, *, writable: bool = True) -> list[bytes]:
        """What to send now, encoded, in order; nothing without a connection.

        While the transport is not `writable`, operations stay queued and coalesce. Only a fatal
        error is sent then.
        """
        while self._cancels and self._cancels[0][0] <= now:
            _, name, run = self._cancels.popleft()
            self.program.end_cancelled(name, run)
        if not self.attached:
            if now >= self._expires:
                self.over()
            return []
        if self.closing is None and now >= self._heartbeat.deadline:
            self._break_silence()
        if self.closing is not None:
            self.outbox.open = False
            return self.outbox.flush(now)
        return self.outbox.flush(now) if writable else []

    def over(self) -> None:
        """End the session without a close: every call of the program is fenced."""
        self.program.closed = self.ended = True

    def _break_silence(self) -> None:
        too_silent = self._heartbeat.expire()
        if too_silent is not None:
            self.fail(*too_silent)
        else:
            self._control(frames.Ping())  # CON-11

    def _control(self, frame: frames.ServerFrame) -> None:
        self.outbox.add_control(frames.encode(frame))
        if self.outbox.control_frames > self.limits.max_unread_frames and self.closing is None:
            self.fail("slow_consumer", "Too many frames wait for this client to read them")
