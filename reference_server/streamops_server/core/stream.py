"""One stream of a session: its state, and its operations from acceptance to sending.

Rule 1: only methods of `Stream` write its attributes; everybody else calls them.
Rule 2: operations of one stream are sent in the order in which they were accepted (ORD-4).
Rule 3: `seq` numbers the program's operations, not frames (ORD-3), so a frame's `seq` and `n` say
which operations it covers.
Rule 4: a token that continues the last text costs one append to a list: `extend`.
"""

from collections import deque
from collections.abc import Callable, Iterable

from streamops_spec import default_target
from streamops_spec.protocol import State

from streamops_server.core.framing import ENTRY_COST, Entry, fill_frame
from streamops_server.core.lifecycle import COLUMN, after
from streamops_server.core.ops import Error, Op, Start, Text
from streamops_server.core.producers import Producer
from streamops_server.core.run import Run
from streamops_server.core.sent_log import SentLog

MOST_JOINED = 8192
"""Texts that one operation may stand for. Empty texts have no bytes, so they are bounded by number."""


class Stream:
    """Lives from the stream's first operation to the end of the session.

    `accepted` is the number of the last accepted operation, `sent` that of the last one put into
    a frame. Accepting an operation takes constant time.
    """

    __slots__ = (
        "_entries", "_joined", "_last", "accepted", "has_streamed_content", "muted", "name",
        "pending_bytes", "run", "sent", "sent_log", "shown_error", "state", "target", "turn", "writer",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.target = default_target(name)
        self.accepted = 0
        self.sent = 0
        self.turn = 0
        """When the stream was last served, among the session's streams (FLW-8)."""
        self.sent_log: SentLog | None = None
        """What was sent; None in a session that cannot be resumed."""
        self.muted = False
        """Whether the client was told that the run is gone: nothing is sent until a start or a view."""
        self.state: State = "idle"
        self.run: Run | None = None
        """The open or errored run; None while the stream is idle."""
        self.shown_error: Error | None = None
        """The error that the client shows. It outlives its run."""
        self.has_streamed_content = False
        """Whether the stream has content that the view's template did not make (VIEW-3)."""
        self.writer: Producer | None = None
        """The producer that may `extend`: its last call appended text here, and nothing came since."""
        self._entries: deque[Entry] | None = None
        """Operations that are not sent; None instead of an empty queue."""
        self._last: Entry | None = None
        """The last entry, while the texts in `_joined` continue it."""
        self._joined: list[str] = []
        self.pending_bytes = 0
        """Bytes of the operations that are not sent, with `ENTRY_COST` for each."""

    # -- state -----------------------------------------------------------------------------

    @property
    def owner(self) -> Producer | None:
        """The owner of the open run; None while the stream is idle."""
        return self.run.owner if self.run is not None else None

    @property
    def run_number(self) -> int:
        """The number of the open run; 0 while the stream is idle."""
        return self.run.number if self.run is not None else 0

    def advance(self, op: Op) -> None:
        """Follow `op`, which is accepted next: the state, and the digest of the run's text.

        Raises ValueError for a transition that the lifecycle table does not have.
        """
        self.state = after(self.state, op.kind)
        if COLUMN[op.kind] == "content":
            assert self.run is not None
            if self._joined:
                self.seal()
            self.run.integrity.add(op, self.target)
            self.shown_error = None  # content clears a shown error

    def open_run(self, owner: Producer) -> None:
        """A `start` was accepted: its number is the number of the run (LIF-2)."""
        self.run = Run(self.accepted, owner)
        self.shown_error = None
        owner.began_run(self.name)

    def show_error(self, error: Error) -> None:
        """An `error` was accepted."""
        self.shown_error = error

    def close_run(self) -> None:
        """A `done` was accepted."""
        assert self.run is not None
        self.run.owner.ended_run(self.name)
        self.run = None

    def text_proof(self) -> tuple[int, str] | None:
        """`text_len` and `text_sha256` of the open run (CNT-7). Called once, before its `done`."""
        self.seal()
        assert self.run is not None
        return self.run.integrity.result()

    def content_came(self, *, from_template: bool) -> None:
        """A call added content. Views list the stream only if all of it is what the template renders.

        Source: VIEW-3, VIEW-11.
        """
        self.has_streamed_content = not from_template

    # -- accepting -------------------------------------------------------------------------

    @property
    def first_order(self) -> int:
        """The order of the first operation that is not sent. Only for a stream that has one."""
        assert self._entries
        return self._entries[0].order

    def __bool__(self) -> bool:
        """Whether an operation waits to be sent."""
        return self.sent < self.accepted

    def add(self, op: Op, order: int, size: int) -> None:
        """Number `op` as the next operation; `size` is the bytes of its content."""
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
        self.pending_bytes += size + ENTRY_COST

    def extendable(self, writer: Producer) -> None:
        """`writer` just appended one text to the default target: it may continue it with `extend`."""
        if self._entries:  # empty if the stream is muted
            self.writer = writer
            self._last = self._entries[-1]

    def extend(self, text: str, max_text_bytes: int) -> int:
        """Append `text` to the last operation; equals adding an operation and merging it by C1.

        Returns how many texts that operation stands for now, or 0, changing nothing, if it has no room.
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
        self.pending_bytes += size
        if size:  # an empty text counts as an operation, and adds nothing to keep
            self._joined.append(text)
        return entry.count

    def seal(self) -> None:
        """Let no more text join the last operation: another one comes, or it is sent."""
        self.writer = None
        if self._joined:
            assert self._last is not None
            assert isinstance(self._last.op, Text)
            assert self.run is not None
            text = "".join(self._joined)
            self._joined = []
            self.run.integrity.add(Text(self.target, text, "append"), self.target)
            self._last.op = Text(self.target, self._last.op.text + text, "append")
        self._last = None

    # -- sending ---------------------------------------------------------------------------

    def take(self, before: float, starts_before: Callable[[], float]) -> list[Entry]:
        """The next operations with an order below `before`, which the caller sends.

        A `start` with an order of `starts_before()` or more ends them: it waits for other streams (ORD-6).
        """
        self.seal()
        taken: list[Entry] = []
        entries = self._entries
        while entries and entries[0].order < before:
            entry = entries[0]
            if isinstance(entry.op, Start) and entry.order >= starts_before():
                break
            entries.popleft()
            self.pending_bytes -= entry.size + ENTRY_COST
            taken.append(entry)
        if not entries:
            self._entries = None  # an idle stream keeps no buffer
        return taken

    def frame(
        self, entries: list[Entry], max_text_bytes: int, max_frame_bytes: int, *, keep: bool
    ) -> tuple[bytes, int]:
        """A `stream` frame of at most `max_frame_bytes` with the first of `entries`, which were just taken.

        Entries that do not fit become pending again. With `keep`, those that fit are kept for a
        replay. The second value is the bytes that this keeps.
        """
        filled = fill_frame(self.name, self.sent + 1, entries, max_text_bytes, max_frame_bytes)
        if filled.left:
            self._put_back(filled.left)
        kept = self._log().keep(filled.entries, self.sent) if keep else 0
        self.sent += filled.count
        if keep:
            self.mark(self.sent)
        return filled.data, kept

    def served(self, turn: int) -> None:
        """The stream had a frame in that turn (FLW-8)."""
        self.turn = turn

    def _put_back(self, entries: Iterable[Entry]) -> None:
        """Make `entries` the first ones that are pending."""
        if self._entries is None:
            self._entries = deque()
        for entry in reversed([*entries]):
            self._entries.appendleft(entry)
            self.pending_bytes += entry.size + ENTRY_COST

    # -- resuming --------------------------------------------------------------------------

    def mark(self, cursor: int) -> None:
        """A client may come back with this cursor (RES-4)."""
        self._log().mark(cursor)

    def knows(self, cursor: int) -> bool:
        """Whether a client may have that cursor: 0, or one that was marked."""
        return cursor == 0 or (self.sent_log is not None and self.sent_log.knows(cursor))

    def has_whole(self, cursor: int) -> bool:
        """Whether everything after the cursor can be sent: no operation is missing or merged across it."""
        if self.muted:
            return False
        if self.sent_log and cursor < self.sent:
            return cursor in self.sent_log.ends()
        place = self.sent
        for entry in self._entries or ():
            if place >= cursor:
                break
            place += entry.count
        return place == cursor

    def rewind(self, cursor: int) -> int:
        """Make pending again what was sent after the cursor; drop what is pending before it.

        Only for a cursor of which `has_whole` is true. Returns the bytes that are no longer kept.
        """
        self.seal()
        freed = 0
        while self.sent_log and self.sent > cursor:
            entry = self.sent_log.take_back()
            self.sent -= entry.count
            freed += entry.size + ENTRY_COST
            self._put_back([entry])
        while self._entries and self.sent + self._entries[0].count <= cursor:
            entry = self._entries.popleft()
            self.pending_bytes -= entry.size + ENTRY_COST
            self.sent += entry.count
        return freed

    def give_up(self, *, muted: bool) -> None:
        """Drop what is pending: a view contains it, or the client is told that it is gone.

        `muted` drops what follows too, up to the next start or view.
        """
        self.seal()
        self._entries = None
        self.pending_bytes = 0
        self.sent = self.accepted
        self.muted = muted

    def unmute(self) -> None:
        """A view says where the stream stands: operations are sent again."""
        self.muted = False

    def _log(self) -> SentLog:
        if self.sent_log is None:
            self.sent_log = SentLog()
        return self.sent_log
