"""The streams that have operations to send, and the order in which they are served (FLW-8, ORD-6)."""

import heapq
from collections.abc import Callable
from math import inf

from streamops_server.core.framing import Entry
from streamops_server.core.producers import Producer
from streamops_server.core.stream import Stream


class WaitingStreams:
    """A set of streams, in the order in which they began to wait."""

    def __init__(self) -> None:
        self._streams: dict[str, Stream] = {}
        self._turn = 0
        """How often streams were served."""
        self._congested = False
        """Whether the window was too small for all streams at the last turn."""

    def __bool__(self) -> bool:
        return bool(self._streams)

    def add(self, stream: Stream) -> None:
        """The stream has an operation to send."""
        self._streams[stream.name] = stream

    def update(self, stream: Stream) -> None:
        """The stream's pending operations changed: it may have some, or none."""
        if stream:
            self._streams[stream.name] = stream
        else:
            self._streams.pop(stream.name, None)

    @property
    def pending_bytes(self) -> int:
        """The pending bytes of all of them."""
        return sum(stream.pending_bytes for stream in self._streams.values())

    def first_order(self) -> float:
        """The order of the earliest operation that waits; infinite if none does."""
        if not self._streams:
            return inf
        return min(stream.first_order for stream in self._streams.values())

    def seal(self, writer: Producer | None) -> None:
        """Let nothing join what was accepted: on all streams, or on those that `writer` could extend."""
        for stream in self._streams.values():
            if writer is None or stream.writer is writer:
                stream.seal()

    def serve(
        self,
        limit: float,
        is_full: Callable[[], bool],
        send: Callable[[Stream, list[Entry]], bytes],
        out: list[bytes],
    ) -> None:
        """Put into `out` what `send` makes of operations with an order below `limit`, until `is_full`.

        Each stream gets one frame in turn, the one with the earliest operation first. If the window
        was too small for all, the stream that was served longest ago is first (FLW-8). A `start`
        waits for earlier operations of other streams (ORD-6).
        """
        self._turn += 1
        if len(self._streams) == 1 and limit == inf:  # nothing to order: by far the most common case
            ((name, stream),) = self._streams.items()
            while stream and not is_full():
                out.append(send(stream, stream.take(inf, _never)))
                stream.served(self._turn)
            if not stream:
                del self._streams[name]
            return
        heap = [
            (stream.turn if self._congested else 0, stream.first_order, stream.name)
            for stream in self._streams.values()
            if stream.first_order < limit
        ]
        heapq.heapify(heap)
        blocked: list[tuple[int, int, str]] = []
        while heap and not is_full():
            place = heapq.heappop(heap)
            stream = self._streams.pop(place[2])
            taken = stream.take(limit, self.first_order)
            if not taken:
                self._streams[stream.name] = stream
                blocked.append(place)
                continue
            out.append(send(stream, taken))
            stream.served(self._turn)
            if stream:
                self._streams[stream.name] = stream
                if stream.first_order < limit:
                    heapq.heappush(heap, (self._turn, stream.first_order, stream.name))
            for each in blocked:
                heapq.heappush(heap, each)
            blocked.clear()
        self._congested = bool(heap)


def _never() -> float:
    """No other stream has an operation that a start would have to wait for."""
    return inf
