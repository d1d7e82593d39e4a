"""Chapter 5: sequencing. The law itself is in `law`, asked last."""

from dataclasses import dataclass
from typing import Any

from streamops_conformance.checks.v1.registry import V1
from streamops_conformance.judge.registry import SEEN, Outcome, Wrong
from streamops_conformance.judge.walk import Walk
from streamops_conformance.oracle.coalescing import LIFECYCLE, same
from streamops_conformance.oracle.log import LoggedOp
from streamops_conformance.run.lab import Lab


@V1.rule("ORD-7", "stream")
def numbers_go_on_in_a_later_event(walk: Walk) -> Outcome:
    cursor = walk.cursors.get(walk.name, 0)
    if len(walk.replies) == 0 or not cursor or walk.sent_since_event[walk.name]:
        return None
    if walk.frame["seq"] == 1:
        return Wrong(f"seq {cursor + 1} on the stream that had {cursor} operations before", "seq 1")
    return SEEN


@V1.rule("ORD-2", "stream")
def each_frame_starts_where_the_one_before_ended(walk: Walk) -> Outcome:
    due = walk.cursors.get(walk.name, 0) + 1
    return SEEN if walk.frame["seq"] == due else Wrong(f"seq {due}", f"seq {walk.frame['seq']}")


@V1.rule("ORD-3", "stream", law=True)
def n_counts_what_the_frame_covers(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "ORD-3" else SEEN


@V1.rule("ORD-4", "stream", law=True)
def nothing_overtakes_inside_a_stream(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    if found.broken == "ORD-4":
        return Wrong(found.expected, found.observed)
    return SEEN if walk.frame["n"] > 1 or walk.frame["seq"] > 1 else None


@V1.rule("ORD-5", "stream", law=True)
def no_operation_is_missing_from_a_frame(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "ORD-5" else None


@V1.rule("ORD-6", "stream", law=True)
def a_start_waits_for_everything_accepted_before(walk: Walk) -> Outcome:
    assert walk.program is not None
    starts = [op for op in walk.covered if op.kind == "start"]
    if not starts:
        return None
    accepted = max(op.after for op in starts)
    seen = None
    for name, stream in walk.program.streams.items():
        if name == walk.name:
            continue
        due = sum(op.order <= accepted for op in stream.ops)
        if due:
            seen = SEEN
        if walk.cursors.get(name, 0) < due:
            return Wrong(
                f"operation {due} of stream {name}, accepted before this start, is sent before it",
                f"stream {name} is at {walk.cursors.get(name, 0)}",
            )
    return seen


@V1.rule("ORD-5", "reply", law=True)
def every_operation_has_arrived_with_the_reply(walk: Walk) -> Outcome:
    missing = missing_at_reply(walk)
    return SEEN if missing is None else _lost(missing, "ORD-5")


@dataclass(slots=True)
class Missing:
    """The first operation that is not there when a reply arrives."""

    op: LoggedOp
    expected: str
    observed: str
    late: bool
    """It comes after the reply: a matter of EVT-2, not of what it is."""


def missing_at_reply(walk: Walk) -> Missing | None:
    """What this reply should have waited for, or what never comes; None where all is there."""
    assert walk.program is not None
    if len(walk.replies) >= len(walk.program.events):
        return None
    for name, due in walk.program.events[len(walk.replies)].counts.items():
        at = walk.cursors.get(name, 0)
        if at < due:
            log = walk.program.streams[name].ops
            kinds = ", ".join(op.kind for op in log[at:due][:6])
            return Missing(
                log[at],
                f"{due} operations of stream {name}; missing: {kinds}",
                f"{at} arrived",
                _comes_late(walk, log[at]),
            )
    return None


def _comes_late(walk: Walk, op: LoggedOp) -> bool:
    frames = [frame for frame in walk.later("stream") if frame.get("stream") == op.stream]
    if not frames or frames[0].get("seq") != op.seq or not frames[0].get("ops"):
        return False
    first = frames[0]["ops"][0]
    return same(op, first) or (
        op.kind == "text" == first.get("op") and first["text"].startswith(op.wire["text"])
    )


def lifecycle_cause(walk: Walk, requirement: str) -> Wrong | None:
    """The operation that is missing when the reply arrives, if it stands for that requirement."""
    missing = missing_at_reply(walk)
    return None if missing is None else _lost(missing, requirement)


def _lost(missing: Missing, requirement: str) -> Wrong | None:
    if missing.late or missing.op.cause != requirement:
        return None
    return Wrong(missing.expected, missing.observed)


@V1.probe("ORD-8")
async def sessions_do_not_see_each_other(lab: Lab) -> Outcome:
    def script(mark: str) -> list[dict[str, Any]]:
        step: list[dict[str, Any]] = [
            {"do": "text", "stream": "shared", "text": mark},
            {"do": "sleep_ms", "ms": 20},
        ]
        return [dict(each) for _ in range(4) for each in step]

    async with lab.session() as one, lab.session() as two:
        await one.hello(lab.caps())
        await two.hello(lab.caps())
        refs = [
            await session.event("conformance.run", {"script": script(mark)})
            for session, mark in ((one, "A"), (two, "B"))
        ]
        for session, ref, mark in ((one, refs[0], "A"), (two, refs[1], "B")):
            await session.reply(ref)
            ops = [op for frame in session.transcript.frames("stream") for op in frame["ops"]]
            text = "".join(op.get("text", "") for op in ops if op["op"] not in LIFECYCLE)
            if set(text) - {mark}:
                return Wrong(f"only {mark} in this session", f"{text!r}")
            if text.count(mark) != 4:
                return None
    return SEEN
