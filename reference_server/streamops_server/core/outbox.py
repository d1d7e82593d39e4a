"""Decides what is sent when, and in which order (chapters 5, 6, 8, 9, 12).

Rule 1: each accepted operation has an order number. A view is a barrier in that order, a reply is
sent after everything accepted before it, a `start` after every operation accepted before it.
Rule 2: the streams of a session share one clock, its views have another; each ticks at most `fps`
times a second.
Rule 3: no frame goes past the client's window. While it is full, everything goes on merging (FLW-1, FLW-2).
"""

from collections import deque
from collections.abc import Collection
from math import inf

from streamops_server.core.frames import Reply, encode
from streamops_server.core.framing import Entry
from streamops_server.core.limits import Limits
from streamops_server.core.ops import Op
from streamops_server.core.producers import Producer
from streamops_server.core.replay import Replay
from streamops_server.core.stream import Stream
from streamops_server.core.view_queue import Cursors, PendingView, ViewQueue
from streamops_server.core.waiting_streams import WaitingStreams
from streamops_server.core.window import Window


class Outbox:
    """What was accepted and is not sent: operations by stream, views, replies, control frames."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.max_frame_bytes = 0
        """The client's bound; set by the handshake."""
        self.interval = 0.0
        """Seconds between two frames of a stream, and between two views; set by the handshake."""
        self.window: Window | None = None
        """None without the capability `ack`."""
        self.replay: Replay | None = None
        """What was sent; None in a session that cannot be resumed."""
        self.open = False
        """Whether `welcome` and, with `view`, the first view have been accepted (CON-8)."""
        self.order = 0
        """How many operations the session has accepted."""
        self.next_tick = 0.0
        """When streams may be sent again, in seconds."""
        self._next_view = 0.0
        self._streams = WaitingStreams()
        self._views = ViewQueue()
        self._replies: deque[tuple[int, Reply]] = deque()
        self._control: list[bytes] = []
        self._sent_version = 0

    @property
    def control_frames(self) -> int:
        """How many control frames wait."""
        return len(self._control)

    @property
    def view_bytes(self) -> int:
        """Bytes of the views that are not sent."""
        return self._views.bytes

    @property
    def pending_bytes(self) -> int:
        """Bytes of operations and views that are not sent, and of those kept for a replay."""
        kept = self.replay.bytes if self.replay is not None else 0
        return self._streams.pending_bytes + self._views.bytes + kept

    @property
    def replies(self) -> int:
        """How many replies wait."""
        return len(self._replies)

    @property
    def waits(self) -> bool:
        """Whether anything was accepted and is not sent."""
        return bool(self._streams or self._views or self._replies or self._control)

    # -- accepting -------------------------------------------------------------------------

    def add_control(self, frame: bytes) -> None:
        """Accept a frame without an order: it is sent first."""
        self._control.append(frame)

    def add(self, stream: Stream, op: Op, size: int) -> None:
        """Accept one operation, in constant time; `size` is the bytes of its content."""
        self.order += 1
        stream.add(op, self.order, size)
        if not stream.muted:
            self._streams.add(stream)

    def seal(self, writer: Producer | None = None) -> None:
        """Let nothing join what was accepted: on all streams, or on those that `writer` could extend."""
        self._streams.seal(writer)

    def add_view(self, data: bytes, version: int, cursors: Cursors = (), *, first: bool = False) -> None:
        """Accept a view: a barrier after everything accepted, or before it if it is the `first`.

        `cursors` are the streams of its map with their numbers (RES-4).
        """
        if self._views.last_order == self.order:
            self._views.pop_last()  # no operation came since: the newer view replaces it (VIEW-6)
        self.seal()  # VIEW-5
        self._views.add(PendingView(0 if first else self.order, data, version, cursors))

    def add_reply(self, reply: Reply) -> None:
        """Accept a reply: it is sent after everything accepted before it (EVT-2, EVT-3)."""
        self._replies.append((self.order, reply))

    # -- acknowledgements ------------------------------------------------------------------

    def is_full(self) -> bool:
        """Whether the client has to acknowledge before anything more is sent (FLW-1)."""
        if self.window is None:
            return False
        # A client never has more in flight than can be replayed.
        too_much = self.replay is not None and self.replay.full
        return self.window.is_full or (too_much and not self.window.is_empty)

    def acknowledge(self, stream: Stream, cursor: int) -> None:
        """The client has the stream up to `cursor`; one beyond what was sent is ignored (FLW-3)."""
        if cursor > stream.sent:
            return
        assert self.window is not None
        self.window.acknowledge(stream.name, cursor)
        if self.replay is not None:
            self.replay.acknowledged(stream, cursor)

    def acknowledge_view(self, version: int) -> None:
        """The client has the views up to `version`; one beyond what was sent is ignored. Needs `ack`."""
        if version > self._sent_version:
            return
        assert self.window is not None
        self.window.acknowledge_view(version)
        if self.replay is not None:
            self.replay.acknowledged_view(version)

    # -- lost connections ------------------------------------------------------------------

    def disconnect(self) -> None:
        """Drop control frames and replies, which belong to the lost connection, and empty the window."""
        self._control = []
        self._replies.clear()
        if self.window is not None:
            self.window.clear()

    def rewind(self, cursors: list[tuple[Stream, int]], version: int | None) -> None:
        """Re-queue what the client lacks: what follows each cursor, and the views after `version`.

        Without a `version` no view is sent again.
        """
        assert self.replay is not None
        self._views.put_back(self.replay.rewind(cursors, version))
        acknowledges = self.window is not None  # a resume says what has arrived, as an ack does
        if acknowledges and version is not None:
            self.replay.acknowledged_view(version)
        for stream, cursor in cursors:
            if acknowledges:
                self.replay.acknowledged(stream, cursor)
            self._streams.update(stream)

    def give_up(self, stream: Stream, *, muted: bool) -> None:
        """Do not send what the client missed on a stream; `muted`, nor the rest of its run."""
        assert self.replay is not None
        self.replay.acknowledged(stream, stream.sent)
        stream.give_up(muted=muted)
        self._streams.update(stream)

    @property
    def has_many_views(self) -> bool:
        """Whether the views to send again are larger than a log may be: one fresh view is smaller."""
        assert self.replay is not None
        count, kept = self.replay.views
        return len(self._views) + count > 1 and self._views.bytes + kept > self._limits.replay_bytes

    def unlist(self, names: Collection[str]) -> None:
        """Remove these streams from queued views, which are older than their entry in `resumed` (RES-5)."""
        self._views.unlist(names)

    def only_last_view(self) -> None:
        """Drop all views but the newest, a fresh one. A client that has only older ones needs it."""
        assert self.replay is not None
        last = self._views.pop_last()
        self._views.clear()
        self._views.add(last)
        self.replay.forget_views(last.version)

    # -- sending ---------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `flush` will have something to send, in seconds; None if nothing waits for time alone."""
        if self._control:
            return 0.0
        if not self.open or not self.waits:
            return None
        first, barrier = self._streams.first_order(), self._views.barrier
        if self._replies and self._replies[0][0] < min(first, barrier):
            return 0.0
        if self.is_full():
            return None
        if first < inf and first <= barrier:
            return self.next_tick
        return self._next_view if self._views else None

    def flush(self, now: float) -> list[bytes]:
        """Everything that may be sent now, in order, as encoded frames."""
        out = self._control.copy()
        if not self.open:
            self._control.clear()
            return out
        due = now >= self.next_tick
        ticked = False
        while True:
            if due:
                before = len(out)
                limit = self._views.barrier + 1  # VIEW-5
                self._streams.serve(limit, self.is_full, self._stream_frame, out)
                ticked = ticked or len(out) > before
            if self._replies:
                self._release_replies(out)
            barrier = self._views.barrier
            if barrier == inf or self._streams.first_order() <= barrier or now < self._next_view:
                break
            if self.is_full():
                break
            self._next_view = now + self.interval  # VIEW-9
            out.append(self._view_frame())
        if ticked:
            self.next_tick = now + self.interval  # BAT-7
        self._control.clear()  # only now: if a frame cannot be made, these are sent with the fatal error
        return out

    def _view_frame(self) -> bytes:
        view = self._views.pop_first()
        self._sent_version = view.version
        if self.window is not None:
            self.window.sent_view(view.version)
        if self.replay is not None:
            for stream, seq in view.cursors:
                stream.mark(seq)
            self.replay.sent_view(view)
            self._make_room()
        return view.data

    def _stream_frame(self, stream: Stream, taken: list[Entry]) -> bytes:
        """Encode a frame with what fits of `taken`, and count it in the window and the replay log."""
        replay = self.replay
        frame, kept = stream.frame(
            taken, self._limits.max_text_bytes, self.max_frame_bytes, keep=replay is not None
        )
        if self.window is not None:
            self.window.sent(stream.name, stream.sent)
        if replay is not None:
            replay.sent(stream, kept)
            self._make_room()
        return frame

    def _make_room(self) -> None:
        """Without `ack` the log drops its oldest entries; with `ack` it never outgrows its bound."""
        if self.window is None and self.replay is not None:
            self.replay.make_room()

    def _release_replies(self, out: list[bytes]) -> None:
        ready = min(self._streams.first_order(), self._views.barrier)
        while self._replies and self._replies[0][0] < ready:
            _, reply = self._replies.popleft()
            out.append(encode(reply))
