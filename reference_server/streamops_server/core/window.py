"""The client's window: frames that were sent and are not acknowledged (FLW-1)."""

from collections import deque


class Window:
    """At most `size` stream and view frames may be unacknowledged. One window for each connection."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._in_flight = 0
        self._streams: dict[str, deque[int]] = {}
        """Stream → the last operation of each of its unacknowledged frames."""
        self._views: deque[int] = deque()
        """The versions of the unacknowledged views."""

    @property
    def is_full(self) -> bool:
        """Whether nothing more may be sent before an acknowledgement."""
        return self._in_flight >= self._size

    @property
    def is_empty(self) -> bool:
        """Whether everything is acknowledged."""
        return self._in_flight == 0

    def sent(self, name: str, last: int) -> None:
        """A frame of the stream went out; `last` is the number of its last operation."""
        self._in_flight += 1
        ends = self._streams.get(name)
        if ends is None:
            ends = self._streams[name] = deque()
        ends.append(last)

    def sent_view(self, version: int) -> None:
        """A view went out."""
        self._in_flight += 1
        self._views.append(version)

    def acknowledge(self, name: str, cursor: int) -> None:
        """The client has the stream up to `cursor`."""
        self._in_flight -= _drop_up_to(self._streams.get(name, deque()), cursor)

    def acknowledge_view(self, version: int) -> None:
        """The client has the views up to `version`."""
        self._in_flight -= _drop_up_to(self._views, version)

    def clear(self) -> None:
        """The connection is gone: nothing is in flight."""
        self._in_flight = 0
        self._streams.clear()
        self._views.clear()


def _drop_up_to(numbers: deque[int], last: int) -> int:
    """Remove the numbers up to `last`; returns how many."""
    dropped = 0
    while numbers and numbers[0] <= last:
        numbers.popleft()
        dropped += 1
    return dropped
