"""The replay log: what was sent and may have to be sent again, in a session that can be resumed (chapter 11).

Rule 1: a stream is replayed whole from a cursor, or not at all (RES-5).
Rule 2: a replay re-queues sent operations and views. They are sent through the same queues and in
the same order as new ones (RES-6).
Rule 3: what the client acknowledged is dropped; without room the oldest goes first.
"""

from collections import deque
from collections.abc import Iterable
from math import inf

from streamops_server.core.framing import ENTRY_COST
from streamops_server.core.stream import Stream
from streamops_server.core.view_queue import PendingView


class Replay:
    """The log of all streams and views of one session, bounded by about `bound` bytes."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self.bytes = 0
        self.lost_view = 0
        """The version of the last view that was dropped: a client with an older one needs a fresh one."""
        self._views: deque[PendingView] = deque()
        self._streams: dict[str, Stream] = {}
        """The streams that keep something in their `sent_log`."""

    @property
    def full(self) -> bool:
        """Whether more unacknowledged frames would push out what is kept."""
        return self.bytes >= self._bound

    def sent(self, stream: Stream, size: int) -> None:
        """The stream keeps `size` bytes more."""
        self._streams[stream.name] = stream
        self.bytes += size

    def sent_view(self, view: PendingView) -> None:
        """Keep a view that was sent."""
        self._views.append(view)
        self.bytes += _cost(view)

    def make_room(self) -> None:
        """Drop the oldest entries down to the bound. One entry stays, however large."""
        while self.bytes > self._bound:
            stream = min(self._streams.values(), key=_first_order, default=None)
            order = _first_order(stream) if stream is not None else inf
            if self._views and self._views[0].order < order:
                if stream is None and len(self._views) == 1:
                    return
                self._drop_view()
            else:
                assert stream is not None
                assert stream.sent_log is not None
                if len(self._streams) == len(stream.sent_log) == 1 and not self._views:
                    return
                self._drop_first(stream)

    def acknowledged(self, stream: Stream, cursor: int) -> None:
        """The client has the stream up to `cursor`."""
        while stream.sent_log and stream.sent_log.first_end <= cursor:
            self._drop_first(stream)

    def acknowledged_view(self, version: int) -> None:
        """The client has the views up to `version`."""
        while self._views and self._views[0].version <= version:
            self._drop_view()

    @property
    def views(self) -> tuple[int, int]:
        """How many views are kept, and their bytes."""
        return len(self._views), sum(map(_cost, self._views))

    def forget_views(self, before: int) -> None:
        """Drop all views: only a client that has the view right before the version `before` can go on."""
        while self._views:
            self._drop_view()
        self.lost_view = max(self.lost_view, before - 1)

    def rewind(self, cursors: Iterable[tuple[Stream, int]], version: int | None) -> list[PendingView]:
        """Re-queue what each stream sent after its cursor.

        Returns the views after `version`, which the caller re-queues; none if it is None.
        """
        for stream, cursor in cursors:
            self.bytes -= stream.rewind(cursor)
            if not stream.sent_log:
                self._streams.pop(stream.name, None)
        again: deque[PendingView] = deque()
        while version is not None and self._views and self._views[-1].version > version:
            view = self._views.pop()
            self.bytes -= _cost(view)
            again.appendleft(view)
        return list(again)

    def _drop_first(self, stream: Stream) -> None:
        assert stream.sent_log is not None
        self.bytes -= stream.sent_log.drop_first()
        if not stream.sent_log:
            del self._streams[stream.name]

    def _drop_view(self) -> None:
        view = self._views.popleft()
        self.bytes -= _cost(view)
        self.lost_view = view.version


def _first_order(stream: Stream) -> int:
    assert stream.sent_log is not None
    return stream.sent_log.first_order


def _cost(view: PendingView) -> int:
    return len(view.data) + ENTRY_COST
