"""The program's side of a session: its calls, turned into numbered operations.

Rule 1: a call adds all of its operations or none: everything is checked before the first.
Rule 2: which operations a call adds is a row of the call table (`lifecycle.CALLS`; LIF-3 to LIF-5).
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import UNSET, UnsetType
from streamops_spec import CallRow, load_protocol

from streamops_server.core.errors import Fenced, Overflow, Unsupported
from streamops_server.core.inserting import EFFECT, MAKE
from streamops_server.core.lifecycle import CALLS, after
from streamops_server.core.limits import Limits
from streamops_server.core.ops import (
    NEEDS,
    TARGET_NEEDS,
    Append,
    Delete,
    Error,
    Op,
    Prepend,
    Prune,
    Replace,
    Text,
    check_code,
    check_name,
    check_target,
    encode,
)
from streamops_server.core.outbox import Outbox
from streamops_server.core.owners import Producer
from streamops_server.core.queue import Queue, envelope_bytes
from streamops_server.core.text import split, utf8_length

Outcome = Literal["owner_returns", "owner_raises", "owner_cancelled"]
"""How a producer ended: names of rows of the call table."""

_MOST_JSON_PER_BYTE = 6  # a control character is \\u0000 in JSON
_MODES = load_protocol().text_modes
_EDGES = load_protocol().prune_edges
_INSERTS: dict[str, type[Append] | type[Prepend]] = {"append": Append, "prepend": Prepend}
_ERROR_ROW = {
    state: tuple(step for step in row if step.op == "error") for state, row in CALLS["owner_raises"].items()
}


class Program:
    """The streaming calls of one session. Who calls is always the first argument.

    Every call raises, without adding an operation: ValueError for a bad name, target, mode,
    edge, code or a lone surrogate; Unsupported; Overflow; Fenced where the caller is to stop.
    """

    def __init__(self, limits: Limits, outbox: Outbox) -> None:
        self._limits = limits
        self._outbox = outbox
        self.caps: frozenset[str] = frozenset()
        self.streams: dict[str, Queue] = {}
        self.closed = False
        """Once the session is over every call is fenced."""
        self.content_since_view = False

    # -- lifecycle calls -------------------------------------------------------------------

    def start(self, caller: Producer, name: str) -> None:
        self.check_alive(caller)
        queue = self._queue(name)
        if caller.is_stopped:
            raise Fenced  # FLW-9
        previous = queue.owner
        self._run_row("start", queue, caller)
        if previous is not None and previous is not caller:
            previous.fence(name)
        if caller.is_fenced(name):
            caller.lift(name)  # LIF-11

    def error(
        self,
        caller: Producer,
        name: str,
        message: str,
        code: str = "app_error",
        retryable: bool | None = None,
    ) -> None:
        """Raises Overflow for a message that no frame of the client's can hold: errors are never split."""
        check_code(code)
        queue = self.open_to(caller, name)
        shown: bool | UnsetType = UNSET if retryable is None else retryable
        error = Error(queue.target, message, code, shown)
        self._check_size(name, error, utf8_length(message))
        self._run_row("error", queue, caller, error=error)

    def done(self, caller: Producer, name: str) -> None:
        """Does nothing for a fenced caller (LIF-10), and on an idle stream (LIF-6)."""
        self.check_alive(caller)
        queue = self._queue(name)
        if caller.is_fenced(name):
            return
        if queue.owner is not None and queue.owner.stopped:
            self._end_stopped(queue, queue.owner)
        else:
            self._run_row("done", queue, caller)

    # -- the client's word -----------------------------------------------------------------

    def owner_of(self, name: str, run: int) -> Producer | None:
        """The owner of that run, if it is the open one, which is to stop (FLW-9); else None (FLW-10)."""
        queue = self.streams.get(name)
        return queue.owner if queue is not None and queue.run == run else None

    def end_cancelled(self, name: str, run: int) -> None:
        """The time of a cancelled run is over: it ends, whatever its owner does (FLW-9, FLW-11)."""
        queue = self.streams[name]
        if queue.owner is not None and queue.run == run:
            self._end_stopped(queue, queue.owner)

    def _end_stopped(self, queue: Queue, owner: Producer) -> None:
        self._run_row("owner_cancelled", queue, owner)
        owner.fence(queue.name)

    # -- content calls ---------------------------------------------------------------------

    def text(
        self, caller: Producer, name: str, text: str, mode: str = "append", target: str | None = None
    ) -> None:
        queue = self.open_to(caller, name, TARGET_NEEDS if target and target.startswith("#") else "")
        _one_of(mode, _MODES, "mode")
        ops = split(self._target(queue, target), text, mode, self._limits.max_text_bytes)
        self._content(caller, queue, ops)
        queue.foreign = True
        if mode == "append" and target is None:
            queue.extendable(caller)

    def extend(self, caller: Producer | None, name: str, text: str) -> int:
        """What `text` does with a further token, in the time of a few attribute look-ups.

        Returns how many tokens were joined, or 0, changing nothing, where only `text` can do it:
        at first, after anything else, and where the stream is full.
        """
        queue = self.streams.get(name)
        if queue is None or queue.writer is not caller or caller is None or self.closed:
            return 0
        if queue.pending_bytes >= self._limits.max_pending_bytes:
            return 0
        return queue.extend(text, self._limits.max_text_bytes)

    def replace(
        self, caller: Producer, name: str, html: str, target: str | None = None, *, rendered: bool = False
    ) -> None:
        """`rendered` says that the view's template made `html`, which puts the stream back in the map."""
        queue = self.open_to(caller, name, NEEDS["replace"])
        self._content(caller, queue, [Replace(self._target(queue, target), html)])
        if not rendered:
            queue.foreign = True
        elif target is None or target == queue.target:
            queue.foreign = False

    def insert(
        self, caller: Producer, name: str, html: str, at: str = "append", target: str | None = None
    ) -> None:
        queue = self.open_to(caller, name, NEEDS["append"])
        _one_of(at, tuple(_INSERTS), "at")
        self._content(caller, queue, [_INSERTS[at](self._target(queue, target), html)])
        queue.foreign = True

    def delete(self, caller: Producer, name: str, target: str | None = None) -> None:
        queue = self.open_to(caller, name, NEEDS["delete"])
        self._content(caller, queue, [Delete(self._target(queue, target))])
        queue.foreign = True

    def prune(
        self, caller: Producer, name: str, limit: int, edge: str = "top", target: str | None = None
    ) -> None:
        queue = self.open_to(caller, name, NEEDS["prune"])
        _one_of(edge, _EDGES, "edge")
        if not 0 <= limit <= load_protocol().limits.max_safe_integer:
            raise ValueError(f"limit is {limit}; it is a number of elements, 0 or more")
        self._content(caller, queue, [Prune(self._target(queue, target), limit, edge)])
        queue.foreign = True

    # -- the end of producers --------------------------------------------------------------

    def end(self, producer: Producer, outcome: Outcome) -> None:
        """`producer`'s own code ended; runs close as soon as all of their owner has (LIF-7 to LIF-9)."""
        producer.cancelled = producer.cancelled or outcome == "owner_cancelled"
        if outcome == "owner_raises":
            for owner in producer.line():
                for name in owner.runs:
                    self._run_row("owner_raises", self.streams[name], owner, row=_ERROR_ROW)
        for owner in producer.line():
            owner.living -= 1
            if not owner.finished:
                break
            self._outbox.seal(owner)
            call = "owner_cancelled" if owner.cancelled else "owner_returns"
            for name in list(owner.runs):
                self._run_row(call, self.streams[name], owner)

    # -- inside ----------------------------------------------------------------------------

    def check_alive(self, caller: Producer) -> None:
        """Raises Fenced once the session is over, RuntimeError for a caller that has ended."""
        if self.closed:
            raise Fenced
        if caller.finished:
            raise RuntimeError(
                "The handler that this task belongs to has ended, so nobody would end the stream;"
                " start tasks that outlive their handler with self.start_task()"
            )

    def open_to(self, caller: Producer, name: str, needs: str = "") -> Queue:
        """The stream, for a call that may add content there; `needs` is the call's capability."""
        self.check_alive(caller)
        self._need(needs)  # CNT-8
        queue = self._queue(name)
        if caller.is_fenced(name):
            raise Fenced  # LIF-10
        if queue.owner is None and caller.is_stopped:
            raise Fenced  # FLW-14: it would start a run
        return queue

    def _queue(self, name: str) -> Queue:
        queue = self.streams.get(name)
        if queue is None:
            check_name(name)
            if len(self.streams) >= self._limits.max_streams:  # LIM-4
                raise Overflow(f"This session already uses {self._limits.max_streams} streams")
            queue = self.streams[name] = Queue(name)
        return queue

    def _target(self, queue: Queue, target: str | None) -> str:
        if target is None:
            return queue.target
        check_target(target)
        return target

    def _need(self, capability: str) -> None:
        if capability and capability not in self.caps:
            raise Unsupported(f"The client did not agree on the capability {capability!r}")

    def _content(self, caller: Producer, queue: Queue, ops: Sequence[Op]) -> None:
        for op in ops:
            if not isinstance(op, Text):  # a text always fits: CNT-5
                self._check_size(queue.name, op, _content_bytes(op))
        self._run_row("content", queue, caller, ops)
        self.content_since_view = True

    def _check_size(self, name: str, op: Op, size: int) -> None:
        """Raises Overflow if no frame of the client's could hold `op` alone (LIM-3)."""
        room = self._outbox.max_frame_bytes - envelope_bytes(name)
        if size * _MOST_JSON_PER_BYTE + 512 > room and len(encode(op)) > room:
            raise Overflow(
                f"This operation does not fit the client's {self._outbox.max_frame_bytes} bytes a frame"
            )

    def _run_row(
        self,
        call: str,
        queue: Queue,
        owner: Producer,
        ops: Sequence[Op] = (),
        error: Error | None = None,
        row: CallRow | None = None,
    ) -> None:
        steps = (CALLS[call] if row is None else row)[queue.state]
        for step in steps:
            if step.op == "content":
                for op in ops:
                    self._accept(queue, op)
            else:
                made = MAKE[step.op](queue, step, error)
                self._accept(queue, made)
                EFFECT[step.op](queue, made, owner)

    def _accept(self, queue: Queue, op: Op) -> None:
        queue.state = after(queue.state, op.kind)
        self._outbox.add(queue, op, _content_bytes(op))
        if queue.integrity is not None and op.kind in _CONTENT:
            queue.integrity.add(op, queue.target)
            queue.shown = None  # content clears a shown error


_CONTENT = frozenset(name for name, kind in load_protocol().ops.items() if kind.kind == "content")


def _content_bytes(op: Op) -> int:
    """Bytes of UTF-8 of what `op` carries; raises UnicodeEncodeError for a lone surrogate."""
    if isinstance(op, Text):
        return utf8_length(op.text)
    if isinstance(op, Replace | Append | Prepend):
        return utf8_length(op.html)
    return utf8_length(op.error) if isinstance(op, Error) else 0


def _one_of(value: str, allowed: tuple[str, ...], what: str) -> None:
    if value not in allowed:
        raise ValueError(f"{what} is {value!r}; it is one of {', '.join(allowed)}")
