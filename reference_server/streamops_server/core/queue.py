"""The log of one stream: numbered operations, those not yet sent kept, read through the coalescer.

Rule 1: nothing overtakes inside a stream (ORD-4). Rule 2: `seq` numbers the program's
operations, not frames (ORD-3), so a frame says which ones it covers by arithmetic alone.
Rule 3: a token that only goes on where the last one ended costs a list's append: `extend`.
"""

from collections import deque

import msgspec
from streamops_spec.protocol import State

from streamops_server.core.coalesce import coalesce
from streamops_server.core.integrity import Integrity
from streamops_server.core.ops import Error, Op, Start, Text, default_target, encode
from streamops_server.core.owners import Producer

ENTRY_COST = 32
"""Bytes that an operation counts as pending besides its content."""

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

    `accepted` is the number of the last operation, `sent` of the last one taken for a frame.
    Idle it holds no operation: what was sent is dropped, so adding one is always O(1).
    """

    __slots__ = (
        "_entries", "_last", "_more", "_pending_bytes", "accepted", "foreign", "integrity", "name",
        "owner", "run", "sent", "shown", "state", "target", "writer",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.target = default_target(name)
        self.accepted = 0
        self.sent = 0
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
        if self._entries is None:
            self._entries = deque()
        self.accepted += 1
        self._entries.append(Entry(op, order, size))
        self._pending_bytes += size + ENTRY_COST

    def extendable(self, writer: Producer) -> None:
        """`writer` just appended a text, alone, to the default target: it may go on with `extend`."""
        assert self._entries
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

    def take(self, before: float, starts_before: float) -> list[tuple[Op, int]]:
        """The next operations of an order below `before`, each with the number of the program's.

        A `start` that is not of an order below `starts_before` ends them: it has to wait for
        other streams. The caller sends what it takes.
        """
        self.seal()
        taken: list[tuple[Op, int]] = []
        entries = self._entries
        while entries and entries[0].order < before:
            entry = entries[0]
            if entry.order >= starts_before and isinstance(entry.op, Start):
                break
            entries.popleft()
            self._pending_bytes -= entry.size + ENTRY_COST
            taken.append((entry.op, entry.count))
        if not entries:
            self._entries = None  # an idle stream keeps no buffer
        return taken

    def frames(self, ops: list[tuple[Op, int]], max_text_bytes: int, max_frame_bytes: int) -> list[bytes]:
        """`ops`, just taken, as encoded `stream` frames of at most `max_frame_bytes` each."""
        found: list[bytes] = []
        batch: list[bytes] = []
        covered = 0
        room = max_frame_bytes - envelope_bytes(self.name)
        size = 0
        for op, count in coalesce(ops, max_text_bytes):
            data = encode(op)
            if batch and size + len(data) + 1 > room:
                found.append(self._frame(covered, batch))
                batch, covered, size = [], 0, 0
            batch.append(data)
            covered += count
            size += len(data) + 1
        found.append(self._frame(covered, batch))
        return found

    def _frame(self, covered: int, ops: list[bytes]) -> bytes:
        head = _HEAD % (self.name.encode(), self.sent + 1, covered)
        self.sent += covered
        return head + b",".join(ops) + b"]}"


_HEAD = b'{"type":"stream","stream":"%s","seq":%d,"n":%d,"ops":['


_ENVELOPE = len(_HEAD % (b"", 2**53 - 1, 2**53 - 1)) + len(b"]}")


def envelope_bytes(name: str) -> int:
    """The most that a `stream` frame needs besides its operations."""
    return _ENVELOPE + len(name)
