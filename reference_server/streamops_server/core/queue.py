"""The log of one stream: numbered operations, those not yet sent kept, read through the coalescer.

Rule 1: nothing overtakes inside a stream (ORD-4). Rule 2: `seq` numbers the program's
operations, not frames (ORD-3), so a frame says which ones it covers by arithmetic alone.
Rule 3: a token that only goes on where the last one ended costs a list's append: `extend`.
Rule 4: what was sent is kept, as it was merged, only in a session that can be resumed.
"""

from collections import deque
from collections.abc import Callable, Iterable

import msgspec
from streamops_spec.protocol import State

from streamops_server.core.coalesce import coalesce
from streamops_server.core.integrity import Integrity
from streamops_server.core.ops import Error, Op, Start, Text, default_target, encode
from streamops_server.core.owners import Producer

ENTRY_COST = 32
"""Bytes that an operation counts as pending besides its content."""

MOST_MARKS = 4096
"""Cursors that a stream remembers as valid at least, the latest ones: a client is never further behind."""

MOST_JOINED = 8192
"""Texts that one operation stands for at most: empty ones have no bytes, and have to count too."""


class Entry(msgspec.Struct, gc=False):
    """One operation in the log, or `count` texts that became one as they came (C1).

    `order` is its place among all of the session's, `size` the bytes of its content.
    """

    op: Op
    order: int
    size: int
    count: int = 1


class Queue:
    """One stream of a session, from its first operation to the session's end.

    `accepted` is the number of the last operation, `sent` of the last one taken for a frame, `floor`
    of the last one that is neither pending nor kept. Adding an operation is always O(1).
    """

    __slots__ = (
        "_entries", "_last", "_marks", "_more", "_pending_bytes", "accepted", "floor", "flying", "foreign",
        "integrity", "kept", "muted", "name", "owner", "run", "sent", "shown", "state", "target", "turn",
        "writer",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.target = default_target(name)
        self.accepted = 0
        self.sent = 0
        self.floor = 0
        self.turn = 0
        """When it was served last, among the session's streams (FLW-8)."""
        self.flying: deque[int] | None = None
        """The ends of the frames that are not acknowledged (FLW-1)."""
        self.kept: deque[Entry] | None = None
        """What was sent, from `floor` on, for a replay; `size` is that of its frame's part."""
        self.muted = False
        """Whether its client was told that the run is gone: all before a start or a view is not sent."""
        self.state: State = "idle"
        self.run = 0
        """The open run; meaningless while idle."""
        self.owner: Producer | None = None
        self.integrity: Integrity | None = None
        self.shown: Error | None = None
        """The error that the client shows; it outlives its run."""
        self.foreign = False
        """Whether it has content that the view's template did not make (VIEW-3)."""
        self.writer: Producer | None = None
        """Who may `extend`: its last call was an append of text here, and nothing came since."""
        self._entries: deque[Entry] | None = None
        self._last: Entry | None = None
        """The last entry, while it is extended by the texts in `_more`."""
        self._more: list[str] = []
        self._marks: list[int] | None = None
        self._pending_bytes = 0

    @property
    def pending_bytes(self) -> int:
        return self._pending_bytes

    @property
    def first_order(self) -> int:
        """The order of the first operation not yet sent; only for a queue that has one."""
        assert self._entries
        return self._entries[0].order

    def __bool__(self) -> bool:
        """Whether an operation waits to be sent."""
        return self.sent < self.accepted

    def add(self, op: Op, order: int, size: int) -> None:
        """Number `op` as the next one; `size` is the bytes of its content."""
        self.seal()
        self.accepted += 1
        if self.muted:
            if not isinstance(op, Start):
                self.sent = self.accepted
                return
            self.muted = False
        if self._entries is None:
            self._entries = deque()
        self._entries.append(Entry(op, order, size))
        self._pending_bytes += size + ENTRY_COST

    def extendable(self, writer: Producer) -> None:
        """`writer` just appended a text, alone, to the default target: it may go on with `extend`."""
        if self._entries:  # else the stream is muted
            self.writer = writer
            self._last = self._entries[-1]

    def extend(self, text: str, max_text_bytes: int) -> int:
        """Append `text` to the last operation: the same as adding it, and merging it by C1.

        Returns how many the operation stands for now, or 0, changing nothing, where it has no room.
        Raises UnicodeEncodeError for a lone surrogate.
        """
        entry = self._last
        assert entry is not None
        size = len(text) if text.isascii() else len(text.encode())
        if entry.size + size > max_text_bytes or entry.count >= MOST_JOINED:
            return 0
        entry.size += size
        entry.count += 1
        self.accepted += 1
        self._pending_bytes += size
        if size:  # an empty text is an operation, and nothing to keep
            self._more.append(text)
        return entry.count

    def seal(self) -> None:
        """Nothing joins the last operation any more: something else comes, or it is sent."""
        self.writer = None
        if self._more:
            assert self._last is not None
            assert isinstance(self._last.op, Text)
            assert self.integrity is not None
            text = "".join(self._more)
            self._more = []
            self.integrity.add(Text(self.target, text, "append"), self.target)
            self._last.op = Text(self.target, self._last.op.text + text, "append")
        self._last = None

    def take(self, before: float, starts_before: Callable[[], float]) -> list[Entry]:
        """The next operations of an order below `before`.

        A `start` that is not of an order below `starts_before()` ends them: it has to wait for
        other streams. The caller sends what it takes.
        """
        self.seal()
        taken: list[Entry] = []
        entries = self._entries
        while entries and entries[0].order < before:
            entry = entries[0]
            if isinstance(entry.op, Start) and entry.order >= starts_before():
                break
            entries.popleft()
            self._pending_bytes -= entry.size + ENTRY_COST
            taken.append(entry)
        if not entries:
            self._entries = None  # an idle stream keeps no buffer
        return taken

    def frame(
        self, entries: list[Entry], max_text_bytes: int, max_frame_bytes: int, *, keep: bool
    ) -> tuple[bytes, int]:
        """A `stream` frame of at most `max_frame_bytes` with the first of `entries`, just taken.

        What does not fit goes back to where it was taken from; `keep` keeps what does for a replay,
        and the second value is the bytes that are kept more.
        """
        room = max_frame_bytes - envelope_bytes(self.name)
        batch: list[bytes] = []
        covered = size = kept = 0
        parts = _merged(entries, max_text_bytes)
        for position, part in enumerate(parts):
            data = encode(part.op)
            if batch and size + len(data) + 1 > room:
                self._put_back(parts[position:])
                break
            batch.append(data)
            covered += part.count
            size += len(data) + 1
            if keep:
                part.size = len(data)
                kept += len(data) + ENTRY_COST
                self.keep(part)
        frame = _HEAD % (self.name.encode(), self.sent + 1, covered) + b",".join(batch) + b"]}"
        self.sent += covered
        if keep:
            self.mark(self.sent)
        return frame, kept

    def _put_back(self, entries: Iterable[Entry]) -> None:
        """Make `entries` the first ones that are pending."""
        if self._entries is None:
            self._entries = deque()
        for entry in reversed([*entries]):
            self._entries.appendleft(entry)
            self._pending_bytes += entry.size + ENTRY_COST

    # -- what was sent, for a resume -------------------------------------------------------

    def keep(self, entry: Entry) -> None:
        if not self.kept:
            self.kept = deque()
            self.floor = self.sent
        self.kept.append(entry)

    def forget_first(self) -> int:
        """Drop the oldest that is kept; returns the bytes that it counted."""
        assert self.kept
        entry = self.kept.popleft()
        self.floor += entry.count
        return entry.size + ENTRY_COST

    def mark(self, cursor: int) -> None:
        """A client may come back with this cursor (RES-4)."""
        if self._marks is None:
            self._marks = []
        self._marks.append(cursor)
        if len(self._marks) == 2 * MOST_MARKS:
            del self._marks[:MOST_MARKS]

    def knows(self, cursor: int) -> bool:
        """Whether a client may have that cursor: 0, or one that was marked."""
        return cursor == 0 or (self._marks is not None and cursor in self._marks)

    def has_whole(self, cursor: int) -> bool:
        """Whether all that comes after the cursor can be sent: operations that are there begin with it."""
        if self.muted:
            return False
        kept, pending = self.kept or (), self._entries or ()
        place = self.floor if kept else self.sent
        for entry in (*kept, *pending):
            if place >= cursor:
                break
            place += entry.count
        return place == cursor

    def rewind(self, cursor: int) -> int:
        """Put back what was sent after the cursor, which `has_whole`; what is pending before it is dropped.

        Returns the bytes that are kept no more.
        """
        self.seal()
        freed = 0
        while self.kept and self.sent > cursor:
            entry = self.kept.pop()
            self.sent -= entry.count
            freed += entry.size + ENTRY_COST
            self._put_back([entry])
        while self._entries and self.sent + self._entries[0].count <= cursor:
            entry = self._entries.popleft()
            self._pending_bytes -= entry.size + ENTRY_COST
            self.sent += entry.count
        return freed

    def give_up(self, *, muted: bool) -> None:
        """What is pending will not be sent: a view says it, or the client is told that it is gone."""
        self.seal()
        self._entries = None
        self._pending_bytes = 0
        self.sent = self.accepted
        self.muted = muted


def _merged(entries: list[Entry], max_text_bytes: int) -> list[Entry]:
    """`entries` merged; each has the order of its first one."""
    if len(entries) == 1:
        return entries
    parts: list[Entry] = []
    position = 0
    for op, count in coalesce([(entry.op, entry.count) for entry in entries], max_text_bytes):
        first, left, size = entries[position], count, 0
        while left:
            left -= entries[position].count
            size += entries[position].size
            position += 1
        parts.append(Entry(op, first.order, size, count))
    return parts


_HEAD = b'{"type":"stream","stream":"%s","seq":%d,"n":%d,"ops":['


_ENVELOPE = len(_HEAD % (b"", 2**53 - 1, 2**53 - 1)) + len(b"]}")


def envelope_bytes(name: str) -> int:
    """The most that a `stream` frame needs besides its operations."""
    return _ENVELOPE + len(name)
