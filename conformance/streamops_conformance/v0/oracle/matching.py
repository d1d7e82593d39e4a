"""Matches ops on the wire with calls, to find what was lost and what was swapped.

It is used for streams that break the prefix law. Each op is searched for among the next calls, any of which
may have been lost, then among the calls that were passed over, then among those that have arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from streamops_conformance.oracle.document import normalized
from streamops_conformance.v0.oracle.calls import REPLACING, Call, unmarked
from streamops_conformance.v0.oracle.prefix import Seen, Wire


@dataclass(slots=True)
class Matching:
    """Indexes of ops refer to `Reading.ops`, indexes of calls to `Reading.calls`."""

    calls_of: list[list[int]] = field(default_factory=list)
    """For each op, the calls whose effect it carries; empty for start and done."""
    swapped: list[int] = field(default_factory=list)
    """Ops that arrived after an op of a later call."""
    again: list[int] = field(default_factory=list)
    """Ops that carry a call that had arrived before."""
    foreign: list[int] = field(default_factory=list)
    """Ops that no call made."""
    lost: list[int] = field(default_factory=list)
    """Calls whose effect neither arrived nor was replaced by the next call that arrived."""


def match(calls: Sequence[Call], ops: Sequence[Seen]) -> Matching:
    """Match contents and errors; start and done are too similar to be matched."""
    found = Matching()
    taken: set[int] = set()
    position = 0
    for index, seen in enumerate(ops):
        if seen.op["op"] in ("start", "done"):
            found.calls_of.append([])
            continue
        free = [i for i in range(len(calls)) if i not in taken]
        mine = _carried(calls, [i for i in free if i >= position], seen.op)
        if mine is None:
            mine = _carried(calls, free, seen.op)
            if mine is not None:
                found.swapped.append(index)
            elif (mine := _carried(calls, range(len(calls)), seen.op)) is not None:
                found.again.append(index)
            else:
                found.foreign.append(index)
        elif mine:
            position = mine[-1] + 1
        taken |= set(mine or ())
        found.calls_of.append(mine or [])
    found.lost = [i for i, call in enumerate(calls) if _lost(calls, i, call, taken)]
    return found


def _lost(calls: Sequence[Call], index: int, call: Call, taken: set[int]) -> bool:
    nothing = call.kind in ("start", "done") or (call.wire.get("text") == "" and call.kind != "text.replace")
    if index in taken or nothing:
        return False
    if call.lifecycle:
        return True
    for later in range(index + 1, len(calls)):
        if later in taken:
            other = calls[later]
            replaces = other.kind in REPLACING or other.kind == "delete"
            return not (replaces and other.wire["target"] == call.wire["target"])
    return True


def _carried(calls: Sequence[Call], free: Sequence[int], op: Wire) -> list[int] | None:
    """The first calls out of `free`, in order, that this op carries; None if it carries none."""
    if op["op"] == "text":
        return _text(calls, free, op)
    for index in free:
        wire = calls[index].wire
        if wire["op"] == op["op"] and _same_target(wire, op) and _same_html(calls[index], op):
            if wire["op"] == "error" and wire["error"] != op["error"]:
                continue
            return [index]
    return None


def _same_html(call: Call, op: Wire) -> bool:
    if "html" not in call.wire:
        return True
    if call.wire["html"] == op["html"]:
        return True
    rendered = call.kind in ("stream_to", "nested")
    return rendered and unmarked(normalized(op["html"])) == normalized(call.wire["html"])


def _same_target(wire: Wire, op: Wire) -> bool:
    return str(wire["target"]).replace('"', "'") == str(op["target"]).replace('"', "'")


def _text(calls: Sequence[Call], free: Sequence[int], op: Wire) -> list[int] | None:
    """The first calls whose texts make up the text of the op.

    The part of the text from `low` to `high` is what the calls so far have built. A replacement may begin
    anywhere in it, an append begins at its start and a prepend at its end.
    """
    want, mode = op["text"], op.get("mode", "append")
    if want == "" and mode != "replace":
        return []
    begin = {"append": (0, 0), "prepend": (len(want), len(want))}.get(mode)
    reached: dict[tuple[int, int], list[int]] = {begin: []} if begin is not None else {}
    for index in free:
        wire = calls[index].wire
        if wire["op"] != "text" or not _same_target(wire, op):
            continue
        text, kind = wire["text"], wire["mode"]
        for (low, high), before in list(reached.items()):
            if kind == "append" and mode != "prepend" and want.startswith(text, high):
                reached.setdefault((low, high + len(text)), [*before, index])
            elif kind == "prepend" and mode != "append" and want[:low].endswith(text):
                reached.setdefault((low - len(text), high), [*before, index])
        if kind == mode == "replace":
            at = want.find(text)
            while at >= 0:
                reached.setdefault((at, at + len(text)), [index])
                at = want.find(text, at + 1) if text else -1
        if (0, len(want)) in reached:
            return reached[0, len(want)]
    return None
