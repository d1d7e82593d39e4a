"""Turns the operations of a program into frames of a server, by drawn decisions.

A script says what the program did. The decisions say when the server sends and what it merges. Each list of
decisions is repeated as often as needed, so a shorter list is a simpler one. With an empty list, the server
sends one operation in each frame.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import cycle
from typing import Any

from streamops_conformance.v1.oracle.coalescing import reduced
from streamops_conformance.v1.oracle.log import ExpectedView, LoggedOp
from streamops_conformance.v1.oracle.program import Program

Frame = dict[str, Any]
GENERIC = "Something went wrong"
"""The generic text for a fault of the application (ERR-4 leaves the words open)."""

NOW, HOLD, FLUSH = 0, 1, 2
"""What to do after an operation: send its stream, wait, or send every stream."""
APART, LONGEST, SHORTEST = 0, 1, 2
"""How to merge the next op: not at all, the longest legal merge, or the shortest."""


def played(program: Program, holds: Sequence[int], merges: Sequence[int], *, limit: int) -> list[Frame]:
    """The `stream` and `view` frames of a session that ran the program, in a legal order.

    `limit` is `max_text_bytes`: no merged text is longer (BAT-6).
    """
    return list(_Player(program, holds, merges, limit).frames())


class _Player:
    def __init__(self, program: Program, holds: Sequence[int], merges: Sequence[int], limit: int) -> None:
        self._program = program
        self._holds = cycle(holds or (NOW,))
        self._merges = cycle(merges or (APART,))
        self._limit = limit
        self._pending: dict[str, list[LoggedOp]] = {}
        self._version = 0

    def frames(self) -> Iterator[Frame]:
        ops = sorted((op for stream in self._program.streams.values() for op in stream.ops), key=_order)
        views = list(self._program.views)
        for op in ops:
            while views and views[0].order < op.order:
                yield from self._view(views.pop(0))
            if op.kind == "start":
                yield from self._others(op.stream)  # ORD-6
            self._pending.setdefault(op.stream, []).append(op)
            decision = next(self._holds)
            if decision == NOW:
                yield self._frame(op.stream)
            elif decision == FLUSH:
                yield from self._everything()
        for view in views:
            yield from self._view(view)
        yield from self._everything()

    def _view(self, view: ExpectedView) -> Iterator[Frame]:
        yield from self._everything()  # VIEW-5
        if view.replaceable and self._version and next(self._holds) == HOLD:
            return  # VIEW-6
        self._version += 1
        yield {
            "type": "view",
            "html": view.html,
            "version": self._version,
            "streams": {name: _entry(entry) for name, entry in view.map.items()},
        }

    def _others(self, name: str) -> Iterator[Frame]:
        for other in [each for each in self._pending if each != name]:
            yield self._frame(other)

    def _everything(self) -> Iterator[Frame]:
        for name in list(self._pending):
            yield self._frame(name)

    def _frame(self, name: str) -> Frame:
        covered = self._pending.pop(name)
        return {
            "type": "stream",
            "stream": name,
            "seq": covered[0].seq,
            "n": len(covered),
            "ops": [_wire(op) for op in self._merged(covered)],
        }

    def _merged(self, covered: list[LoggedOp]) -> Iterator[LoggedOp]:
        begin = 0
        while begin < len(covered):
            ends = [
                end
                for end in range(begin + 2, len(covered) + 1)
                if all(op.wire["target"] == covered[begin].wire["target"] for op in covered[begin:end])
                and reduced(covered[begin:end], limit=self._limit) is not None
            ]
            decision = next(self._merges)
            if not ends or decision == APART:
                yield covered[begin]
                begin += 1
                continue
            end = ends[-1] if decision == LONGEST else ends[0]
            merged = reduced(covered[begin:end], limit=self._limit)
            assert merged is not None
            yield merged
            begin = end


def _order(op: LoggedOp) -> int:
    return op.order


def _wire(op: LoggedOp) -> Frame:
    wire = {key: value for key, value in op.wire.items() if key != "_text"}
    if op.kind == "error" and op.generic:
        wire["error"] = GENERIC
    if op.kind == "done" and op.wire.get("_text") is not None:
        text = op.wire["_text"]
        wire["text_len"] = len(text)
        wire["text_sha256"] = sha256(text.encode()).hexdigest()
    return wire


def _entry(entry: Frame) -> Frame:
    shown = dict(entry)
    if "error" in shown and shown["error"] is None:
        shown["error"] = GENERIC
    return shown
