"""What goes out when, in which order: the one place that decides it (chapters 5, 6, 8, 9, 12).

Rule 1: everything accepted has an order number; views are barriers in that order, replies go
when all before them has gone, a `start` goes after everything accepted before it.
Rule 2: one clock for the session's streams and one for its views, each at most `fps`.
Rule 3: no frame goes past the client's window; while it is full everything merges on (FLW-1, FLW-2).
"""

import heapq
from collections import deque
from collections.abc import Collection
from math import inf

import msgspec

from streamops_server.core.frames import Reply, ViewFrame, encode
from streamops_server.core.limits import Limits
from streamops_server.core.ops import Op
from streamops_server.core.owners import Producer
from streamops_server.core.queue import Entry, Queue
from streamops_server.core.replay import Marks, PendingView, Replay


class Outbox:
    """Accepted and not yet sent: operations by stream, views, replies, control frames."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.max_frame_bytes = 0
        """The client's; set by the handshake."""
        self.interval = 0.0
        """Seconds between two frames of a stream, and between two views; set by the handshake."""
        self.window: int | None = None
        """How many frames may be unacknowledged; None without `ack`."""
        self.replay: Replay | None = None
        """What was sent, in a session that can be resumed."""
        self.open = False
        """Whether `welcome` and, with `view`, the first view have been accepted (CON-8)."""
        self.order = 0
        """The number of operations that the session accepted."""
        self.view_bytes = 0
        self._dirty: dict[str, Queue] = {}
        self._views: deque[PendingView] = deque()
        self._replies: deque[tuple[int, Reply]] = deque()
        self._control: list[bytes] = []
        self._flying = 0
        self._flying_views: deque[int] = deque()
        self._sent_version = 0
        self._served = 0
        """How often streams were served: who was served longest ago is next where not all can be."""
        self._congested = False
        self.next_tick = 0.0
        """When streams may be sent again."""
        self._next_view = 0.0

    @property
    def control_frames(self) -> int:
        return len(self._control)

    @property
    def pending_bytes(self) -> int:
        """Of operations and views that are not sent, and of those that are kept for a replay."""
        kept = self.replay.bytes if self.replay is not None else 0
        return sum(queue.pending_bytes for queue in self._dirty.values()) + self.view_bytes + kept

    def add_control(self, frame: bytes) -> None:
        """A frame that no order binds: it goes first."""
        self._control.append(frame)

    def add(self, queue: Queue, op: Op, size: int) -> None:
        """Accept one operation; O(1)."""
        self.order += 1
        queue.add(op, self.order, size)
        if not queue.muted:
            self._dirty[queue.name] = queue

    def seal(self, writer: Producer | None = None) -> None:
        """Let nothing more join what was accepted: all of it, or what `writer` could extend."""
        for queue in self._dirty.values():
            if writer is None or queue.writer is writer:
                queue.seal()

    def add_view(self, data: bytes, version: int, marks: Marks = (), *, first: bool = False) -> None:
        """Accept a view: a barrier after all that was accepted, or before it if it is the `first`.

        `marks` are the streams of its map, each with the number that it gives (RES-4).
        """
        if self._views and self._views[-1].order == self.order:
            # No operation was accepted since the one that waits: the newer says it all (VIEW-6).
            self.view_bytes -= len(self._views.pop().data)
        self.seal()  # VIEW-5
        self._views.append(PendingView(0 if first else self.order, data, version, marks))
        self.view_bytes += len(data)

    def add_reply(self, reply: Reply) -> None:
        """Accept a reply: it goes after all that was accepted before it (EVT-2, EVT-3)."""
        self._replies.append((self.order, reply))

    @property
    def replies(self) -> int:
        """How many replies wait."""
        return len(self._replies)

    @property
    def waits(self) -> bool:
        """Whether anything has been accepted and not sent."""
        return bool(self._dirty or self._views or self._replies or self._control)

    # -- the window ------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Whether the client has to acknowledge before anything more is sent (FLW-1)."""
        if self.window is None:
            return False
        # What is in flight is never more than what can be replayed.
        too_much = self.replay is not None and self.replay.full
        return self._flying >= self.window or (too_much and self._flying > 0)

    def acknowledge(self, queue: Queue, cursor: int) -> None:
        """The client has the stream up to `cursor`; beyond what was sent it is ignored (FLW-3)."""
        if cursor > queue.sent:
            return
        while queue.flying and queue.flying[0] <= cursor:
            queue.flying.popleft()
            self._flying -= 1
        if self.replay is not None:
            self.replay.acknowledged(queue, cursor)

    def acknowledge_view(self, version: int) -> None:
        """The same for the views up to `version`."""
        if version > self._sent_version:
            return
        while self._flying_views and self._flying_views[0] <= version:
            self._flying_views.popleft()
            self._flying -= 1
        if self.replay is not None:
            self.replay.acknowledged_view(version)

    # -- a lost connection -----------------------------------------------------------------

    def disconnect(self) -> None:
        """Nobody reads: control frames and replies go with their connection, the window is empty."""
        self._control = []
        self._replies.clear()
        self._flying = 0
        self._flying_views.clear()

    def rewind(self, cursors: list[tuple[Queue, int]], version: int | None) -> None:
        """Send again what the client has not: all after each cursor, and the views after `version`.

        Without a `version` no view that was sent is sent again.
        """
        assert self.replay is not None
        again = self.replay.rewind(cursors, version)
        if self.window is not None and version is not None:
            self.replay.acknowledged_view(version)
        self._views.extendleft(reversed(again))
        self.view_bytes += sum(len(view.data) for view in again)
        for queue, cursor in cursors:
            queue.flying = None
            if self.window is not None:
                self.replay.acknowledged(queue, cursor)  # a resume says what has arrived, as an ack does
            if queue:
                self._dirty[queue.name] = queue
            else:
                self._dirty.pop(queue.name, None)

    def give_up(self, queue: Queue, *, muted: bool) -> None:
        """Send nothing of what was missed on a stream; `muted`, nothing more of its run either."""
        assert self.replay is not None
        self.replay.acknowledged(queue, queue.sent)
        queue.give_up(muted=muted)
        queue.flying = None
        self._dirty.pop(queue.name, None)

    @property
    def has_many_views(self) -> bool:
        """Whether the views that would be sent again are more than a log holds: a fresh one is less."""
        assert self.replay is not None
        count, kept = self.replay.views
        return len(self._views) + count > 1 and self.view_bytes + kept > self._limits.replay_bytes

    def unlist(self, names: Collection[str]) -> None:
        """Views of before say nothing of streams that a fresh view, or nothing, will tell of."""
        for view in self._views:
            frame = msgspec.json.decode(view.data, type=ViewFrame)
            if not frame.streams.keys().isdisjoint(names):
                frame.streams = {name: at for name, at in frame.streams.items() if name not in names}
                self.view_bytes -= len(view.data)
                view.data = encode(frame)
                view.marks = [(queue, seq) for queue, seq in view.marks if queue.name not in names]
                self.view_bytes += len(view.data)

    def only_last_view(self) -> None:
        """A fresh view stands for all views of before; who knows only older ones will need one again."""
        assert self.replay is not None
        last = self._views.pop()
        self._views.clear()
        self._views.append(last)
        self.view_bytes = len(last.data)
        self.replay.forget_views(last.version)

    # -- sending ---------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `flush` will have something to send, in seconds; None if nothing waits for time."""
        if self._control:
            return 0.0
        if not self.open or not self.waits:
            return None
        first, barrier = self._first_order(), self._barrier()
        if self._replies and self._replies[0][0] < min(first, barrier):
            return 0.0
        if self.is_full:
            return None
        if first < inf and first <= barrier:
            return self.next_tick
        return self._next_view if self._views else None

    def flush(self, now: float) -> list[bytes]:
        """Everything that may be sent now, in order, as encoded frames."""
        out, self._control = self._control, []
        if not self.open:
            return out
        due = now >= self.next_tick
        ticked = False
        while True:
            if due:
                before = len(out)
                self._stream_frames(out)
                ticked = ticked or len(out) > before
            if self._replies:
                self._release_replies(out)
            if not self._views or self._first_order() <= self._barrier() or now < self._next_view:
                break
            if self.is_full:
                break
            self._next_view = now + self.interval  # VIEW-9
            out.append(self._view_frame())
        if ticked:
            self.next_tick = now + self.interval  # BAT-7
        return out

    def _first_order(self) -> float:
        """The order of the earliest operation that waits; infinite if none does."""
        if not self._dirty:
            return inf
        return min(queue.first_order for queue in self._dirty.values())

    def _barrier(self) -> float:
        """The order of the last operation that goes before the next view; infinite without one."""
        return self._views[0].order if self._views else inf

    def _view_frame(self) -> bytes:
        view = self._views.popleft()
        self.view_bytes -= len(view.data)
        self._sent_version = view.version
        if self.window is not None:
            self._flying += 1
            self._flying_views.append(view.version)
        if self.replay is not None:
            for queue, seq in view.marks:
                queue.mark(seq)
            self.replay.sent_view(view)
            self._make_room()
        return view.data

    def _stream_frames(self, out: list[bytes]) -> None:
        """All that waits before the next view and fits the window, a frame of each stream in turn (FLW-8).

        The stream whose first operation is the earliest goes first, or, where the window was too
        small for all, the one that was served longest ago. A `start` that others' operations
        precede waits for them (ORD-6).
        """
        limit = self._barrier() + 1  # VIEW-5
        self._served += 1
        if len(self._dirty) == 1 and limit == inf:  # nothing to order: by far the commonest case
            ((name, queue),) = self._dirty.items()
            while queue and not self.is_full:
                out.append(self._frame(queue, queue.take(inf, _never)))
            if not queue:
                del self._dirty[name]
            return
        heap = [
            (queue.turn if self._congested else 0, queue.first_order, queue.name)
            for queue in self._dirty.values()
            if queue.first_order < limit
        ]
        heapq.heapify(heap)
        blocked: list[tuple[int, int, str]] = []
        while heap and not self.is_full:
            place = heapq.heappop(heap)
            queue = self._dirty[place[2]]
            del self._dirty[queue.name]
            taken = queue.take(limit, self._first_order)
            if not taken:
                self._dirty[queue.name] = queue
                blocked.append(place)
                continue
            out.append(self._frame(queue, taken))
            if queue:
                self._dirty[queue.name] = queue
                if queue.first_order < limit:
                    heapq.heappush(heap, (self._served, queue.first_order, queue.name))
            for each in blocked:
                heapq.heappush(heap, each)
            blocked.clear()
        self._congested = bool(heap)

    def _frame(self, queue: Queue, taken: list[Entry]) -> bytes:
        replay = self.replay
        frame, kept = queue.frame(
            taken, self._limits.max_text_bytes, self.max_frame_bytes, keep=replay is not None
        )
        queue.turn = self._served
        if self.window is not None:
            self._flying += 1
            if queue.flying is None:
                queue.flying = deque()
            queue.flying.append(queue.sent)
        if replay is not None:
            replay.sent(queue, kept)
            self._make_room()
        return frame

    def _make_room(self) -> None:
        """Without `ack` nobody says what may be dropped; with it no more is sent than is kept."""
        if self.window is None and self.replay is not None:
            self.replay.make_room()

    def _release_replies(self, out: list[bytes]) -> None:
        ready = min(self._first_order(), self._barrier())
        while self._replies and self._replies[0][0] < ready:
            _, reply = self._replies.popleft()
            out.append(encode(reply))


def _never() -> float:
    """No other stream has anything that a start would have to wait for."""
    return inf
