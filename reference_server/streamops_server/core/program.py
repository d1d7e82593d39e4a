"""The program's side of a session: turns its calls into numbered operations.

Rule 1: a call adds all of its operations or none. Everything is checked before the first is added.
Rule 2: a row of the call table says which operations a call adds (`lifecycle.CALLS`; LIF-3 to LIF-5).
"""

from collections.abc import Sequence
from typing import Literal

from streamops_spec import CallRow, load_protocol

from streamops_server.core.arguments import (
    code_of,
    html_of,
    limit_of,
    name_of,
    one_of,
    plain,
    retryable_of,
    target_of,
)
from streamops_server.core.errors import Fenced, Overflow, OwnerEnded, Unsupported
from streamops_server.core.framing import envelope_bytes
from streamops_server.core.lifecycle import CALLS
from streamops_server.core.lifecycle_ops import EFFECT, MAKE
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
    encode,
)
from streamops_server.core.outbox import Outbox
from streamops_server.core.producers import Producer
from streamops_server.core.stream import Stream
from streamops_server.core.text import content_bytes, split, utf8_length

Outcome = Literal["owner_returns", "owner_raises", "owner_cancelled"]
"""How a producer's own code ended; each is a row of the call table."""

_MOST_JSON_PER_BYTE = 6  # a control character is \\u0000 in JSON
_MODES = load_protocol().text_modes
_EDGES = load_protocol().prune_edges
_INSERTS: dict[str, type[Append] | type[Prepend]] = {"append": Append, "prepend": Prepend}
_ERROR_ROW = {
    state: tuple(step for step in row if step.op == "error") for state, row in CALLS["owner_raises"].items()
}


class Program:
    """The streaming calls of one session. The first argument of each is the producer that calls.

    A call that raises has added no operation. Every call may raise ValueError (a bad name, target,
    mode, edge or code, or a lone surrogate), Unsupported, Overflow, RuntimeError for a caller that
    has ended, and Fenced for a caller that has to stop.
    """

    def __init__(self, limits: Limits, outbox: Outbox) -> None:
        self._limits = limits
        self._outbox = outbox
        self.caps: frozenset[str] = frozenset()
        """The capabilities that client and server agreed on."""
        self.streams: dict[str, Stream] = {}
        self.closed = False
        """Whether the session has ended: every call is fenced."""
        self.content_since_view = False
        """Whether a content operation was accepted after the last view (VIEW-8)."""

    # -- lifecycle calls -------------------------------------------------------------------

    def start(self, caller: Producer, name: str) -> None:
        """Open a run; a run that is open there ends first, superseded (LIF-10)."""
        self.check_alive(caller)
        stream = self._stream(name)
        if caller.is_stopped:
            raise Fenced  # FLW-9
        previous = stream.owner
        self._run_row("start", stream, caller)
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
        """Show an error. Raises Overflow for a message that exceeds a frame: errors are never split."""
        stream = self.open_to(caller, name)
        message = plain(message, "A message")
        error = Error(stream.target, message, code_of(code), retryable_of(retryable))
        self._check_size(name, error, utf8_length(message))
        self._run_row("error", stream, caller, error=error)

    def done(self, caller: Producer, name: str) -> None:
        """End the run. Does nothing for a fenced caller (LIF-10) and on an idle stream (LIF-6)."""
        self.check_alive(caller)
        stream = self._stream(name)
        if caller.is_fenced(name):
            return
        if stream.owner is not None and stream.owner.stopped:
            self._end_stopped(stream, stream.owner)
        else:
            self._run_row("done", stream, caller)

    # -- cancels ---------------------------------------------------------------------------

    def owner_of(self, name: str, run: int) -> Producer | None:
        """The owner of that run, which has to stop (FLW-9). None if another run is open, or none (FLW-10)."""
        stream = self.streams.get(name)
        return stream.owner if stream is not None and stream.run_number == run else None

    def end_cancelled(self, name: str, run: int) -> None:
        """End a cancelled run that its owner did not end in time (FLW-9, FLW-11)."""
        owner = self.owner_of(name, run)
        if owner is not None:
            self._end_stopped(self.streams[name], owner)

    def _end_stopped(self, stream: Stream, owner: Producer) -> None:
        self._run_row("owner_cancelled", stream, owner)
        owner.fence(stream.name)

    # -- content calls ---------------------------------------------------------------------

    def text(
        self, caller: Producer, name: str, text: str, mode: str = "append", target: str | None = None
    ) -> None:
        """Add text, split into operations of at most `max_text_bytes` (CNT-5)."""
        is_id = isinstance(target, str) and target.startswith("#")
        stream = self.open_to(caller, name, TARGET_NEEDS if is_id else "")
        mode = one_of(mode, _MODES, "mode")
        text = plain(text, "A text")
        ops = split(self._target(stream, target), text, mode, self._limits.max_text_bytes)
        self._content(caller, stream, ops)
        stream.content_came(from_template=False)
        if mode == "append" and target is None:
            stream.extendable(caller)

    def extend(self, caller: Producer | None, name: str, text: str) -> int:
        """Append a token that continues the caller's last text, at the cost of a few attribute look-ups.

        Returns how many tokens that operation has joined, or 0, changing nothing, if only `text` can
        add the token: as the first one, after any other operation, and on a full stream.
        """
        stream = self.streams.get(name)
        if stream is None or stream.writer is not caller or caller is None or self.closed:
            return 0
        if stream.pending_bytes >= self._limits.max_pending_bytes:
            return 0
        return stream.extend(text, self._limits.max_text_bytes)

    def replace(
        self, caller: Producer, name: str, html: str, target: str | None = None, *, rendered: bool = False
    ) -> None:
        """Replace the target's content. `rendered` says that the view's template made `html` (VIEW-11)."""
        stream = self.open_to(caller, name, NEEDS["replace"])
        self._content(caller, stream, [Replace(self._target(stream, target), html_of(html))])
        if not rendered:
            stream.content_came(from_template=False)
        elif target is None or target == stream.target:
            stream.content_came(from_template=True)

    def insert(
        self, caller: Producer, name: str, html: str, at: str = "append", target: str | None = None
    ) -> None:
        """Add html after the target's last child (`at` append) or before its first (prepend)."""
        stream = self.open_to(caller, name, NEEDS["append"])
        at = one_of(at, tuple(_INSERTS), "at")
        self._content(caller, stream, [_INSERTS[at](self._target(stream, target), html_of(html))])
        stream.content_came(from_template=False)

    def delete(self, caller: Producer, name: str, target: str | None = None) -> None:
        """Remove the target."""
        stream = self.open_to(caller, name, NEEDS["delete"])
        self._content(caller, stream, [Delete(self._target(stream, target))])
        stream.content_came(from_template=False)

    def prune(
        self, caller: Producer, name: str, limit: int, edge: str = "top", target: str | None = None
    ) -> None:
        """Remove element children from `edge` until at most `limit` stay."""
        stream = self.open_to(caller, name, NEEDS["prune"])
        edge = one_of(edge, _EDGES, "edge")
        self._content(caller, stream, [Prune(self._target(stream, target), limit_of(limit), edge)])
        stream.content_came(from_template=False)

    # -- the end of a producer -------------------------------------------------------------

    def end(self, producer: Producer, outcome: Outcome) -> None:
        """The producer's own code ended. A run ends when its whole owner has ended (LIF-7 to LIF-9)."""
        if outcome == "owner_cancelled":
            producer.was_cancelled()
        if outcome == "owner_raises" and not producer.is_stopped:  # FLW-9: a cancelled owner shows no error
            for owner in producer.line():
                for name in owner.runs:
                    self._run_row("owner_raises", self.streams[name], owner, row=_ERROR_ROW)
        for owner in producer.line():
            owner.member_ended()
            if not owner.finished:
                break
            self._outbox.seal(owner)
            call = "owner_cancelled" if owner.cancelled else "owner_returns"
            for name in list(owner.runs):
                self._run_row(call, self.streams[name], owner)

    # -- inside ----------------------------------------------------------------------------

    def check_alive(self, caller: Producer) -> None:
        """Raises Fenced after the session's end and for a caller that was cancelled and has ended.

        Raises OwnerEnded, a RuntimeError, for any other that has ended.
        """
        if self.closed:
            raise Fenced
        if caller.finished:
            raise Fenced if caller.cancelled else OwnerEnded

    def open_to(self, caller: Producer, name: str, needs: str = "") -> Stream:
        """The stream to which the caller may add content; `needs` is the capability that the call needs."""
        self.check_alive(caller)
        stream = self._stream(name)  # first: a name is used even if its call fails (chapter 14)
        self._need(needs)  # CNT-8
        if caller.is_fenced(name):
            raise Fenced  # LIF-10
        if stream.run is None and caller.is_stopped:
            raise Fenced  # FLW-14: it would start a run
        return stream

    def _stream(self, name: str) -> Stream:
        stream = self.streams.get(name)
        if stream is None:
            name = name_of(name)
            if len(self.streams) >= self._limits.max_streams:  # LIM-4
                raise Overflow(
                    f"This session already uses its {self._limits.max_streams} streams; reuse a name"
                )
            stream = self.streams[name] = Stream(name)
        return stream

    def _target(self, stream: Stream, target: str | None) -> str:
        if target is None or target == stream.target:
            return stream.target
        if target_of(target).startswith("#"):
            return target
        raise ValueError(f"target is {target!r}, of another stream; give an #ID, or no target")  # CNT-4

    def _need(self, capability: str) -> None:
        if capability and capability not in self.caps:
            raise Unsupported(f"The client did not agree on the capability {capability!r}")

    def _content(self, caller: Producer, stream: Stream, ops: Sequence[Op]) -> None:
        for op in ops:
            if not isinstance(op, Text):  # a text always fits: CNT-5
                self._check_size(stream.name, op, content_bytes(op))
        self._run_row("content", stream, caller, ops)
        self.content_since_view = True

    def _check_size(self, name: str, op: Op, size: int) -> None:
        """Raises Overflow if `op` alone exceeds a frame (LIM-3); `size` is the bytes of its content."""
        room = self._outbox.max_frame_bytes - envelope_bytes(name)
        if size * _MOST_JSON_PER_BYTE + 512 > room and len(encode(op)) > room:
            raise Overflow(
                f"This operation exceeds the client's limit of {self._outbox.max_frame_bytes} bytes a frame"
            )

    def _run_row(
        self,
        call: str,
        stream: Stream,
        owner: Producer,
        ops: Sequence[Op] = (),
        error: Error | None = None,
        row: CallRow | None = None,
    ) -> None:
        steps = (CALLS[call] if row is None else row)[stream.state]
        for step in steps:
            if step.op == "content":
                for op in ops:
                    self._accept(stream, op)
            else:
                made = MAKE[step.op](stream, step, error)
                self._accept(stream, made)
                EFFECT[step.op](stream, made, owner)

    def _accept(self, stream: Stream, op: Op) -> None:
        stream.advance(op)
        self._outbox.add(stream, op, content_bytes(op))
