"""What one stream has sent: the operations kept for a replay, and the cursors that a client may have."""

from collections import deque

from streamops_spec import load_protocol

from streamops_server.core.framing import ENTRY_COST, Entry

MOST_CURSORS = load_protocol().limits.kept_cursors
"""The latest valid cursors that a stream remembers at least (chapter 11). No client is further behind."""


class SentLog:
    """Exists only for a stream that has sent something in a session that can be resumed (chapter 11)."""

    __slots__ = ("_cursors", "_entries", "_floor")

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        """Merged operations as they were sent; `size` is the encoded bytes."""
        self._floor = 0
        """The number of the last operation before the first kept one."""
        self._cursors: list[int] = []

    def __bool__(self) -> bool:
        """Whether an operation is kept."""
        return bool(self._entries)

    def __len__(self) -> int:
        """How many merged operations are kept."""
        return len(self._entries)

    @property
    def first_order(self) -> int:
        """The order of the oldest kept operation. Raises IndexError without one."""
        return self._entries[0].order

    @property
    def first_end(self) -> int:
        """The number of the last operation in the oldest kept entry. Raises IndexError without one."""
        return self._floor + self._entries[0].count

    def keep(self, entries: list[Entry], sent: int) -> int:
        """Keep what is sent now; returns its bytes. `sent` is the number of the last operation before it."""
        if not self._entries:
            self._floor = sent
        self._entries += entries
        return sum([entry.size + ENTRY_COST for entry in entries])

    def drop_first(self) -> int:
        """Drop the oldest entry; returns the bytes that this frees."""
        entry = self._entries.popleft()
        self._floor += entry.count
        return entry.size + ENTRY_COST

    def take_back(self) -> Entry:
        """Remove the newest entry, which will be sent again."""
        return self._entries.pop()

    def ends(self) -> list[int]:
        """The cursors from which a replay can start: before the first entry, and after each."""
        found = [self._floor]
        for entry in self._entries:
            found.append(found[-1] + entry.count)
        return found

    def mark(self, cursor: int) -> None:
        """A client may come back with this cursor (RES-4)."""
        self._cursors.append(cursor)
        if len(self._cursors) == 2 * MOST_CURSORS:
            del self._cursors[:MOST_CURSORS]

    def knows(self, cursor: int) -> bool:
        """Whether a client may have that cursor."""
        return cursor in self._cursors
