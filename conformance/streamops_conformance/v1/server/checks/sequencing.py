"""Chapter 5: sequencing. The law itself is in `law`, asked last."""

from dataclasses import dataclass
from typing import Any

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.oracle.document import normalized
from streamops_conformance.v1.oracle.coalescing import LIFECYCLE, legal
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.server.checks.registry import V1
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.transcript_state import Walk


@V1.rule("ORD-7", "stream")
def numbers_go_on_in_a_later_event(walk: Walk) -> Outcome:
    cursor = walk.cursors.get(walk.name, 0)
    if len(walk.replies) == 0 or not cursor or walk.sent_since_event[walk.name] or first_again(walk):
        return None
    if walk.frame["seq"] == 1:
        return Wrong(f"seq {cursor + 1} on the stream that had {cursor} operations before", "seq 1")
    return SEEN


@V1.rule("ORD-2", "stream", law=True)
def each_frame_starts_where_the_one_before_ended(walk: Walk) -> Outcome:
    due = walk.cursors.get(walk.name, 0) + 1
    if walk.frame["seq"] == due:
        return SEEN
    if first_again(walk):
        return None  # A matter of chapter 11.
    return None if _miscounted(walk) else Wrong(f"seq {due}", f"seq {walk.frame['seq']}")


@V1.rule("ORD-3", "stream", law=True)
def n_counts_what_the_frame_covers(walk: Walk) -> Outcome:
    if _miscounted(walk):
        last = walk.last_frame[walk.name]
        covered = walk.frame["seq"] - last["seq"]
        return Wrong(f"n {covered} on the frame before, with seq {last['seq']}", f"n {last['n']}")
    found = walk.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "ORD-3" else SEEN


def first_again(walk: Walk) -> bool:
    """Whether this is the first frame of its stream after a resume."""
    return walk.here.resumed is not None and walk.name not in walk.here.begun


def _miscounted(walk: Walk) -> bool:
    """Whether this frame's `seq` is right and the frame before covered more than its `n` says."""
    assert walk.case is not None
    last = walk.last_frame.get(walk.name)
    if last is None or walk.frame["seq"] <= last["seq"] + last["n"]:
        return False
    covered = walk.log[last["seq"] - 1 : walk.frame["seq"] - 1]
    return legal(covered, last["ops"], limit=walk.case.limits.max_text_bytes)


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
    found = walk.diagnosis()
    if not starts or found.broken or found.unexplained:
        return None  # Of a frame that is wrong in itself its numbers say nothing of others.
    accepted = max(op.after for op in starts)
    seen = None
    for name, stream in walk.program.streams.items():
        if name == walk.name:
            continue
        due = sum(op.order <= accepted for op in stream.ops)
        if due:
            seen = SEEN
        at = walk.cursors.get(name, 0)
        if at < due and stream.ops[at].cause == "LIF-9":
            return None  # Perhaps the branch's run was not ended: its probe can tell, this cannot.
        if at < due:
            return Wrong(
                f"operation {due} of stream {name}, accepted before this start, is sent before it",
                f"stream {name} is at {at}",
            )
    return seen


@V1.rule("ORD-5", "reply", "view", law=True)
def every_operation_has_arrived_with_the_reply(walk: Walk) -> Outcome:
    missing = missing_here(walk)
    return SEEN if missing is None else _lost(missing, "ORD-5")


@dataclass(slots=True)
class Missing:
    """The first operation that is not there when a reply or a view arrives."""

    op: LoggedOp
    expected: str
    observed: str
    late: bool
    """It comes later: a matter of EVT-2 or VIEW-5, not of what it is."""


def missing_here(walk: Walk) -> Missing | None:
    """What this reply or view should have waited for, or what never comes; None where all is there."""
    return missing_of(walk, _due(walk))


def missing_of(walk: Walk, counts: dict[str, int]) -> Missing | None:
    """The first operation of these that has not arrived; None where all have."""
    for name, due in counts.items():
        assert walk.program is not None
        at = walk.cursors.get(name, 0)
        if at < due:
            log = walk.program.streams[name].ops
            kinds = ", ".join(op.kind for op in log[at:due][:6])
            return Missing(
                log[at],
                f"{due} operations of stream {name}; missing: {kinds}",
                f"{at} arrived",
                _comes_late(walk, log, at),
            )
    return None


def _due(walk: Walk) -> dict[str, int]:
    """How many operations of each stream go before this frame."""
    assert walk.program is not None
    if walk.entry.type == "reply":
        done = len(walk.replies)
        return walk.program.events[done].counts if done < len(walk.program.events) else {}
    ahead = walk.program.views[walk.next_view :]
    within = [
        view for view in ahead if all(at <= view.counts.get(name, 0) for name, at in walk.cursors.items())
    ]
    html = normalized(walk.frame["html"])
    alike = [view.counts for view in within if normalized(view.html) == html]
    here = [view.counts for view in ahead if _reached(walk, view.counts)]
    if here and not (alike and not any(_reached(walk, counts) for counts in alike)):
        return {}
    return next(iter(alike), within[0].counts if within else {})


def _reached(walk: Walk, counts: dict[str, int]) -> bool:
    return all(walk.cursors.get(name, 0) == due for name, due in counts.items())


def _comes_late(walk: Walk, log: list[LoggedOp], at: int) -> bool:
    assert walk.case is not None
    for frame in walk.later("stream"):
        if frame.get("stream") == log[at].stream:
            begin, n = frame["seq"] - 1, frame["n"]
            covered = log[begin : begin + n]
            return begin == at and legal(covered, frame["ops"], limit=walk.case.limits.max_text_bytes)
    return False


def lifecycle_cause(walk: Walk, requirement: str) -> Wrong | None:
    """The operation that is missing when a reply or view arrives, if it stands for that requirement."""
    missing = missing_here(walk)
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
