"""What goes out when, in which order: the one place that decides it (chapters 5, 6, 8, 12).

Rule 1: everything accepted has an order number; views are barriers in that order, replies go
when all before them has gone, a `start` goes after everything accepted before it.
Rule 2: one clock for the session's streams and one for its views, each at most `fps`.
"""

import heapq
from collections import deque
from math import inf

import msgspec

from streamops_server.core.frames import Reply, encode
from streamops_server.core.limits import Limits
from streamops_server.core.ops import Op
from streamops_server.core.owners import Producer
from streamops_server.core.queue import Queue


class PendingView(msgspec.Struct, gc=False):
    """An encoded view; `order` is the last operation's order when it was accepted."""

    order: int
    data: bytes


class Outbox:
    """Accepted and not yet sent: operations by stream, views, replies, control frames."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.max_frame_bytes = 0
        """The client's; set by the handshake."""
        self.interval = 0.0
        """Seconds between two frames of a stream, and between two views; set by the handshake."""
        self.open = False
        """Whether `welcome` and, with `view`, the first view have been accepted (CON-8)."""
        self.order = 0
        """The number of operations that the session accepted."""
        self.view_bytes = 0
        self.unanswered = 0
        self._dirty: dict[str, Queue] = {}
        self._views: deque[PendingView] = deque()
        self._replies: deque[tuple[int, Reply]] = deque()
        self._control: list[bytes] = []
        self.next_tick = 0.0
        """When streams may be sent again."""
        self._next_view = 0.0

    @property
    def control_frames(self) -> int:
        return len(self._control)

    def add_control(self, frame: bytes) -> None:
        """A frame that no order binds: it goes first."""
        self._control.append(frame)

    def add(self, queue: Queue, op: Op, size: int) -> None:
        """Accept one operation; O(1)."""
        self.order += 1
        queue.add(op, self.order, size)
        self._dirty[queue.name] = queue

    def seal(self, writer: Producer | None = None) -> None:
        """Let nothing more join what was accepted: all of it, or what `writer` could extend."""
        for queue in self._dirty.values():
            if writer is None or queue.writer is writer:
                queue.seal()

    def add_view(self, data: bytes, *, first: bool = False) -> None:
        """Accept a view: a barrier after all that was accepted, or before it if it is the `first`."""
        if self._views and self._views[-1].order == self.order:
            # No operation was accepted since the one that waits: the newer says it all (VIEW-6).
            self.view_bytes -= len(self._views.pop().data)
        self.seal()  # VIEW-5
        order = 0 if first else self.order
        self._views.append(PendingView(order, data))
        self.view_bytes += len(data)

    def add_reply(self, reply: Reply) -> None:
        """Accept a reply: it goes after all that was accepted before it (EVT-2, EVT-3)."""
        self._replies.append((self.order, reply))

    @property
    def waits(self) -> bool:
        """Whether anything has been accepted and not sent."""
        return bool(self._dirty or self._views or self._replies or self._control)

    def deadline(self) -> float | None:
        """When `flush` will have something to send, in seconds; None if nothing waits."""
        if self._control:
            return 0.0
        if not self.open or not self.waits:
            return None
        first, barrier = self._first_order(), self._barrier()
        if self._replies and self._replies[0][0] < min(first, barrier):
            return 0.0
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
                frames = self._stream_frames()
                ticked = ticked or bool(frames)
                out += frames
            if self._replies:
                self._release_replies(out)
            if not self._views or self._first_order() <= self._barrier() or now < self._next_view:
                break
            view = self._views.popleft()
            self.view_bytes -= len(view.data)
            self._next_view = now + self.interval  # VIEW-9
            out.append(view.data)
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

    def _stream_frames(self) -> list[bytes]:
        """All that waits before the next view, as few frames as the order of starts allows.

        The stream whose first operation is the earliest goes next, up to a `start` that others'
        operations precede: so a start is sent after all that was accepted before it (ORD-6).
        """
        limit = self._barrier() + 1  # VIEW-5
        if len(self._dirty) == 1 and limit == inf:  # nothing to order: by far the commonest case
            ((_, queue),) = self._dirty.items()
            self._dirty.clear()
            return queue.frames(queue.take(inf, inf), self._limits.max_text_bytes, self.max_frame_bytes)
        heap = [
            (queue.first_order, queue.name) for queue in self._dirty.values() if queue.first_order < limit
        ]
        heapq.heapify(heap)
        found: list[bytes] = []
        while heap:
            _, name = heapq.heappop(heap)
            queue = self._dirty[name]
            others = heap[0][0] if heap else inf
            taken = queue.take(limit, others)
            found += queue.frames(taken, self._limits.max_text_bytes, self.max_frame_bytes)
            if not queue:
                del self._dirty[name]
            elif queue.first_order < limit:
                heapq.heappush(heap, (queue.first_order, name))
        return found

    def _release_replies(self, out: list[bytes]) -> None:
        ready = min(self._first_order(), self._barrier())
        while self._replies and self._replies[0][0] < ready:
            _, reply = self._replies.popleft()
            self.unanswered -= 1
            out.append(encode(reply))
