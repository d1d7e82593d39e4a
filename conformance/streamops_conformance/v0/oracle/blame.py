"""Which requirement a stream that breaks the prefix law is blamed for: the most specific one.

The order of the tests: an op that no call made; a lifecycle op that is missing; content after `done`; ops
that overtook others; calls that were lost; a lifecycle op in the wrong place.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from streamops_conformance.v0.oracle.calls import FAR, RENDERING, REQUIREMENT, Call, said
from streamops_conformance.v0.oracle.matching import Matching, match
from streamops_conformance.v0.oracle.prefix import LIFECYCLE, Reading

WIRE_REQUIREMENT = {
    "text": "CNT-101",
    "replace": "CNT-102",
    "append": "CNT-104",
    "prepend": "CNT-104",
    "delete": "CNT-105",
    "error": "ERR-101",
}
MANY = 12


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The broken requirement, with what was expected and observed."""

    broken: str
    expected: str
    observed: str
    entry: int | None
    """Index of the first wrong entry; None if something never came."""


def blame(reading: Reading) -> Diagnosis:
    """The diagnosis of a wrong reading."""
    calls, ops = reading.calls, reading.ops
    found = match(calls, ops)
    came = f"on the wire {_listed([said(seen.op) for seen in ops])}; the page shows {_cut(reading.shown)}"
    due = f"the calls {_listed([call.said() for call in calls])}; the page shows {_cut(reading.due)}"
    for hypothesis in (_foreign, _lifecycle_missing, _after_done, _overtaking, _lost, _misplaced):
        fact = hypothesis(reading, found)
        if fact is not None:
            entry = ops[fact.op].entry if fact.op is not None else reading.at
            return Diagnosis(fact.broken, f"{fact.expected}: {due}", f"{fact.observed}: {came}", entry)
    return Diagnosis("ORD-102", f"in order: {due}", f"what no order of the calls gives: {came}", reading.at)


def arrived(reading: Reading) -> int:
    """How many calls had an effect on the wire, or were replaced by a later call that had one."""
    return len(reading.calls) - len(match(reading.calls, reading.ops).lost)


@dataclass(frozen=True, slots=True)
class _Fact:
    broken: str
    expected: str
    observed: str
    op: int | None = None
    """The op that shows the fault; None if the fault is a missing op."""


def _foreign(reading: Reading, found: Matching) -> _Fact | None:
    if not found.foreign:
        return None
    index = found.foreign[0]
    op = reading.ops[index].op
    neighbours = [seen.op["op"] for seen in reading.ops[max(0, index - 1) : index + 2]]
    before = [i for mine in found.calls_of[:index] for i in mine]
    open_calls = [
        i for i in range(len(reading.calls)) if i not in {j for mine in found.calls_of for j in mine}
    ]
    coming = [i for i in open_calls if i > max(before, default=-1)] or open_calls
    contents = [i for i in coming if reading.calls[i].kind not in ("start", "done")]
    if "error" in neighbours:
        broken = "ERR-101"
    elif op["op"] == "text" and _scrambled(op["text"], [reading.calls[i] for i in contents]):
        broken = "ORD-102"
    elif contents:
        broken = REQUIREMENT[reading.calls[contents[0]].kind]
    else:
        broken = WIRE_REQUIREMENT.get(op["op"], "ORD-102")
    return _Fact(broken, "what the calls say", f"{said(op)} was made by no call", index)


def _scrambled(text: str, calls: Sequence[Call]) -> bool:
    """Whether the text consists of the texts of the next calls, in another order."""
    collected = ""
    for number, call in enumerate(calls, start=1):
        collected += str(call.wire.get("text", ""))
        if number > 1 and Counter(collected) == Counter(text):
            return True
    return False


def _lifecycle_missing(reading: Reading, _: Matching) -> _Fact | None:
    due = Counter(call.kind for call in reading.calls if call.lifecycle and not call.optional)
    came = Counter(seen.op["op"] for seen in reading.ops if seen.op["op"] in LIFECYCLE)
    for kind in LIFECYCLE:
        if came[kind] < due[kind]:
            observed = f"{came[kind]} of {due[kind]} {kind} arrived"
            return _Fact(REQUIREMENT[kind], f"{due[kind]} {kind}", observed)
    return None


def _after_done(reading: Reading, found: Matching) -> _Fact | None:
    dones = [i for i, call in enumerate(reading.calls) if call.kind == "done"]
    starts = [i for i, call in enumerate(reading.calls) if call.kind == "start"]
    counted = len(starts) == sum(seen.op["op"] == "start" for seen in reading.ops)
    passed, started, open_ = 0, 0, True
    for index, seen in enumerate(reading.ops):
        if seen.op["op"] == "done":
            passed, open_ = passed + 1, False
            continue
        mine = found.calls_of[index]
        if seen.op["op"] == "start":
            mine = starts[started : started + 1] if counted else []
            started, open_ = started + 1, True
        elif open_:
            continue
        made_before = 0 < passed <= len(dones) and any(i < dones[passed - 1] for i in mine)
        if made_before or not (open_ or _writes_after_done(reading.calls)):
            return _Fact("ORD-103", "nothing after done", f"{said(seen.op)} after done", index)
    return None


def _writes_after_done(calls: Sequence[Call]) -> bool:
    kinds = [call.kind for call in calls]
    return any(before == "done" and after not in ("start", "done") for before, after in pairwise(kinds))


def _overtaking(reading: Reading, found: Matching) -> _Fact | None:
    if found.swapped:
        index = found.swapped[0]
        late = reading.calls[found.calls_of[index][0]]
        return _Fact("ORD-102", "in order", f"{late.said()} after a later call", index)
    if found.again:
        index = found.again[0]
        mine = found.calls_of[index][0]
        broken = REQUIREMENT[reading.calls[mine].kind] if _far(reading.calls, mine) else "ORD-102"
        return _Fact(broken, "each call once", f"{said(reading.ops[index].op)} again", index)
    return None


def _lost(reading: Reading, found: Matching) -> _Fact | None:
    calls = reading.calls
    if not found.lost:
        return None
    first = found.lost[0]
    observed = (
        f"{len(calls) - len(found.lost)} of {len(calls)} calls arrived,"
        f" without {_listed([calls[i].said() for i in found.lost])}"
    )
    if any(_beside_replacement(calls, index) for index in found.lost):
        return _Fact("CNT-106", "both the replacement and the text", observed)
    if _far(calls, first):
        return _Fact(REQUIREMENT[calls[first].kind], "the effect of the call", observed)
    return _Fact("ORD-101", f"all {len(calls)} of them, also at full speed", observed)


def _beside_replacement(calls: Sequence[Call], index: int) -> bool:
    """A replacement directly followed by a text, or the text that directly follows a replacement."""
    call = calls[index]
    before = calls[index - 1] if index else None
    after = calls[index + 1] if index + 1 < len(calls) else None
    if call.kind in RENDERING:
        return after is not None and after.kind.startswith("text.") and after.pause < FAR
    return (
        call.kind.startswith("text.")
        and before is not None
        and before.kind in RENDERING
        and call.pause < FAR
        and (after is None or after.pause >= FAR)
    )


def _far(calls: Sequence[Call], index: int) -> bool:
    """Whether no other call is near this one."""
    return calls[index].pause >= FAR and (index + 1 == len(calls) or calls[index + 1].pause >= FAR)


def _misplaced(reading: Reading, found: Matching) -> _Fact | None:
    """A `start` between contents at a place where the program did not call it."""
    due = [i for i, call in enumerate(reading.calls) if call.kind == "start"]
    came = [i for i, seen in enumerate(reading.ops) if seen.op["op"] == "start"]
    if len(due) != len(came):
        return None
    for place, start in zip(came, due, strict=True):
        before = [i for mine in found.calls_of[:place] for i in mine]
        early = [i for i in before if i > start and not reading.calls[i].lifecycle]
        if early:
            observed = f"start after {reading.calls[early[0]].said()}"
            return _Fact("LIF-101", "start before its content", observed, place)
        late = [i for mine in found.calls_of[place:] for i in mine if i < start]
        if late:
            return _Fact("ORD-102", "in order", f"start before {reading.calls[late[0]].said()}", place)
    return None


def _listed(parts: list[str]) -> str:
    if len(parts) > MANY:
        parts = [*parts[: MANY // 2], f"… {len(parts) - MANY + 1} more …", *parts[-(MANY // 2 - 1) :]]
    return ", ".join(parts) or "nothing"


def _cut(html: str) -> str:
    return html if len(html) <= 200 else f"{html[:120]}…{html[-60:]}"
