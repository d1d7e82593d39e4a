"""Which ops a frame may hold for the operations that it covers (C1 to C5), in closed form.

A run of adjacent operations with one target may become a single op exactly if

* it is one operation, or
* its last operation is `delete`, and all before it are absorbable (C5), or
* only absorbable operations are before its last `replace` (HTML or text) (C4), and nothing is after it,
  or, if it is a text replace, only text appends and prepends (C3), or
* all its operations are text appends (C1), or all are text prepends (C2).
"""

from collections.abc import Callable, Sequence
from typing import Any

from streamops_conformance.oracle.document import normalized
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.vocabulary import LIFECYCLE

Wire = dict[str, Any]
Match = Callable[[Sequence[LoggedOp], Wire], bool]

ABSORBABLE = ("text", "replace", "append", "prepend")

_FIELDS = {
    "text": ("target", "text", "mode"),
    "replace": ("target", "html"),
    "append": ("target", "html"),
    "prepend": ("target", "html"),
    "delete": ("target",),
    "prune": ("target", "limit", "edge"),
    "start": (),
    "error": (),
    "done": (),
}
"""Members that must be equal; the members of lifecycle operations have their own rules."""


def same(expected: LoggedOp, seen: Wire) -> bool:
    """Whether one op on the wire is that operation."""
    wire = expected.wire
    if wire["op"] != seen["op"]:
        return False
    return all(
        wire[field] == seen.get(field)
        or (
            field == "html"
            and expected.rerendered
            and normalized(wire[field]) == normalized(seen.get(field, ""))
        )
        for field in _FIELDS[wire["op"]]
    )


def reduced(segment: Sequence[LoggedOp], *, limit: int) -> LoggedOp | None:
    """The single op that a run of operations may become; None if it may not.

    `limit` is `max_text_bytes` (BAT-6). The caller compares the targets.
    """
    last = segment[-1]
    if len(segment) == 1:
        return last
    if last.kind == "delete":
        return last if _absorbable(segment[:-1]) else None
    cut = _last_replace(segment)
    if cut is not None:
        if not _absorbable(segment[:cut]):
            return None
        if cut == len(segment) - 1:
            return segment[cut]
        if segment[cut].kind == "replace":
            return None
        return _joined(segment[cut:], "replace", limit)
    if all(op.kind == "text" and op.wire["mode"] == "append" for op in segment):
        return _joined(segment, "append", limit)
    if all(op.kind == "text" and op.wire["mode"] == "prepend" for op in segment):
        return _joined(segment, "prepend", limit)
    return None


def legal(covered: Sequence[LoggedOp], ops: Sequence[Wire], *, limit: int) -> bool:
    """Whether `ops` is a legal merge of `covered`."""

    def allowed(segment: Sequence[LoggedOp], seen: Wire) -> bool:
        if any(op.wire["target"] != segment[0].wire["target"] for op in segment):
            return False
        made = reduced(segment, limit=limit)
        return made is not None and same(made, seen)

    return explains(covered, ops, allowed)


def explains(covered: Sequence[LoggedOp], ops: Sequence[Wire], match: Match) -> bool:
    """Whether `covered` can be cut into as many runs as there are ops, each matching its op.

    The reachable positions are kept as a set, so there is no backtracking.
    """
    if len(covered) == len(ops) and all(same(op, seen) for op, seen in zip(covered, ops, strict=True)):
        return True
    reach = {0}
    total = len(covered)
    for left, seen in zip(range(len(ops) - 1, -1, -1), ops, strict=True):
        further = set()
        for begin in reach:
            for end in _ends(begin, total - left, seen):
                if match(covered[begin:end], seen):
                    further.add(end)
        reach = further
        if not reach:
            return False
    return total in reach


def _ends(begin: int, stop: int, seen: Wire) -> range:
    if seen["op"] in LIFECYCLE:
        return range(begin + 1, min(begin + 1, stop) + 1)
    return range(begin + 1, stop + 1)


def _absorbable(segment: Sequence[LoggedOp]) -> bool:
    return all(op.kind in ABSORBABLE for op in segment)


def _last_replace(segment: Sequence[LoggedOp]) -> int | None:
    for index in range(len(segment) - 1, -1, -1):
        op = segment[index]
        if op.kind == "replace" or (op.kind == "text" and op.wire["mode"] == "replace"):
            return index
    return None


def _joined(segment: Sequence[LoggedOp], mode: str, limit: int) -> LoggedOp | None:
    text = ""
    for op in segment:
        if op.kind != "text":
            return None
        text = op.wire["text"] + text if op.wire["mode"] == "prepend" else text + op.wire["text"]
    if len(text.encode()) > limit:
        return None
    first = segment[0]
    wire = {"op": "text", "target": first.wire["target"], "text": text, "mode": mode}
    return LoggedOp(first.stream, first.seq, wire, first.cause, first.order, first.after)
