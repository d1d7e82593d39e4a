"""What was sent and may have to be sent again: the replay log of a session that can be resumed (chapter 11).

Rule 1: a stream is replayed whole from a cursor, or not at all (RES-5). Rule 2: replay is putting back:
what is sent again goes through the same queues, in the same order, as when it was new (RES-6).
Rule 3: what the client acknowledged is dropped; where there is no room the oldest goes first.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from math import inf

import msgspec

from streamops_server.core.queue import ENTRY_COST, Queue

Marks = Sequence[tuple[Queue, int]]
"""Streams, and a number of each that the client is told."""


class PendingView(msgspec.Struct):
    """An encoded view; `order` is the last operation's order when it was accepted."""

    order: int
    data: bytes
    version: int
    marks: Marks


class Replay:
    """The log of all streams and views of one session, at most about `bound` bytes of it."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self.bytes = 0
        self.lost_view = 0
        """The version of the last view that was dropped: who has an older one needs a fresh one."""
        self._views: deque[PendingView] = deque()
        self._queues: dict[str, Queue] = {}
        """Those that keep something."""

    @property
    def full(self) -> bool:
        """Whether more that is not acknowledged would push out what is kept."""
        return self.bytes >= self._bound

    def sent(self, queue: Queue, size: int) -> None:
        """The stream keeps `size` bytes more, in `kept`."""
        self._queues[queue.name] = queue
        self.bytes += size

    def sent_view(self, view: PendingView) -> None:
        self._views.append(view)
        self.bytes += _cost(view)

    def make_room(self) -> None:
        """Drop the oldest until the bound is kept; one entry stays, however large."""
        while self.bytes > self._bound:
            queue = min(self._queues.values(), key=_first_order, default=None)
            order = _first_order(queue) if queue is not None else inf
            if self._views and self._views[0].order < order:
                if queue is None and len(self._views) == 1:
                    return
                self._drop_view()
            else:
                assert queue is not None
                assert queue.kept is not None
                if len(self._queues) == len(queue.kept) == 1 and not self._views:
                    return
                self._drop_first(queue)

    def acknowledged(self, queue: Queue, cursor: int) -> None:
        """The client has the stream up to `cursor`."""
        while queue.kept and queue.floor + queue.kept[0].count <= cursor:
            self._drop_first(queue)

    def acknowledged_view(self, version: int) -> None:
        """The client has the views up to `version`."""
        while self._views and self._views[0].version <= version:
            self._drop_view()

    @property
    def views(self) -> tuple[int, int]:
        """How many views are kept, and their bytes."""
        return len(self._views), sum(map(_cost, self._views))

    def forget_views(self, before: int) -> None:
        """Drop all; who knows none that came right before the version `before` needs a fresh one."""
        while self._views:
            self._drop_view()
        self.lost_view = max(self.lost_view, before - 1)

    def rewind(self, cursors: Iterable[tuple[Queue, int]], version: int | None) -> list[PendingView]:
        """Put back into each queue what comes after its cursor; the views after `version`, if it is given."""
        for queue, cursor in cursors:
            self.bytes -= queue.rewind(cursor)
            if not queue.kept:
                self._queues.pop(queue.name, None)
        again: deque[PendingView] = deque()
        while version is not None and self._views and self._views[-1].version > version:
            view = self._views.pop()
            self.bytes -= _cost(view)
            again.appendleft(view)
        return list(again)

    def _drop_first(self, queue: Queue) -> None:
        self.bytes -= queue.forget_first()
        if not queue.kept:
            del self._queues[queue.name]

    def _drop_view(self) -> None:
        view = self._views.popleft()
        self.bytes -= _cost(view)
        self.lost_view = view.version


def _first_order(queue: Queue) -> int:
    assert queue.kept
    return queue.kept[0].order


def _cost(view: PendingView) -> int:
    return len(view.data) + ENTRY_COST
