"""Views that were accepted and are not sent (chapter 12)."""

from collections import deque
from collections.abc import Collection, Sequence
from math import inf

import msgspec

from streamops_server.core.frames import ViewFrame, encode
from streamops_server.core.stream import Stream

Cursors = Sequence[tuple[Stream, int]]
"""Streams, and for each a cursor that the client is told."""


class PendingView(msgspec.Struct):
    """An encoded view. `order` is that of the last operation that was accepted before it."""

    order: int
    data: bytes
    version: int
    cursors: Cursors


class ViewQueue:
    """Views in the order in which they are sent, and their bytes."""

    def __init__(self) -> None:
        self._views: deque[PendingView] = deque()
        self.bytes = 0
        """Bytes of all views that wait."""
        self.barrier = inf
        """The order of the last operation that is sent before the next view; infinite without a view."""

    def __len__(self) -> int:
        return len(self._views)

    @property
    def last_order(self) -> float:
        """The order of the newest view; infinite without one."""
        return self._views[-1].order if self._views else inf

    def add(self, view: PendingView) -> None:
        """Accept a view: it is sent after those that wait."""
        self._views.append(view)
        self.bytes += len(view.data)
        self._set_barrier()

    def pop_first(self) -> PendingView:
        """The view to send now."""
        view = self._views.popleft()
        self.bytes -= len(view.data)
        self._set_barrier()
        return view

    def pop_last(self) -> PendingView:
        """The newest view, which another one replaces."""
        view = self._views.pop()
        self.bytes -= len(view.data)
        self._set_barrier()
        return view

    def put_back(self, views: Sequence[PendingView]) -> None:
        """Views that were sent are sent again, before those that wait."""
        self._views.extendleft(reversed(views))
        self.bytes += sum(len(view.data) for view in views)
        self._set_barrier()

    def clear(self) -> None:
        """Drop all views."""
        self._views.clear()
        self.bytes = 0
        self._set_barrier()

    def unlist(self, names: Collection[str]) -> None:
        """Remove these streams from the maps of all views (RES-5)."""
        for view in self._views:
            frame = msgspec.json.decode(view.data, type=ViewFrame)
            if frame.streams.keys().isdisjoint(names):
                continue
            frame.streams = {name: at for name, at in frame.streams.items() if name not in names}
            self.bytes -= len(view.data)
            view.data = encode(frame)
            view.cursors = [(stream, seq) for stream, seq in view.cursors if stream.name not in names]
            self.bytes += len(view.data)

    def _set_barrier(self) -> None:
        self.barrier = self._views[0].order if self._views else inf
