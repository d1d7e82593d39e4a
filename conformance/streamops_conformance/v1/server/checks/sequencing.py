"""Chapter 5: sequencing. The law itself is in `law`, asked last."""

from dataclasses import dataclass
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.oracle.document import normalized
from streamops_conformance.v1.oracle.coalescing import LIFECYCLE, legal
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.transcript_state import TranscriptState


@SERVER.rule("ORD-7", "stream")
def numbers_go_on_in_a_later_event(state: TranscriptState) -> Outcome:
    cursor = state.cursors.get(state.name, 0)
    if len(state.replies) == 0 or not cursor or state.sent_since_event[state.name] or first_again(state):
        return NOT_SEEN
    if state.frame["seq"] == 1:
        return Wrong(f"seq {cursor + 1} on the stream that had {cursor} operations before", "seq 1")
    return KEPT


@SERVER.rule("ORD-2", "stream", needs_program=True)
def each_frame_starts_where_the_one_before_ended(state: TranscriptState) -> Outcome:
    due = state.cursors.get(state.name, 0) + 1
    if state.frame["seq"] == due:
        return KEPT
    if first_again(state):
        return NOT_SEEN  # A matter of chapter 11.
    return NOT_SEEN if _miscounted(state) else Wrong(f"seq {due}", f"seq {state.frame['seq']}")


@SERVER.rule("ORD-3", "stream", needs_program=True)
def n_counts_what_the_frame_covers(state: TranscriptState) -> Outcome:
    if _miscounted(state):
        last = state.last_frame[state.name]
        covered = state.frame["seq"] - last["seq"]
        return Wrong(f"n {covered} on the frame before, with seq {last['seq']}", f"n {last['n']}")
    found = state.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "ORD-3" else KEPT


def first_again(state: TranscriptState) -> bool:
    """Whether this is the first frame of its stream after a resume."""
    return state.here.resumed is not None and state.name not in state.here.begun


def _miscounted(state: TranscriptState) -> bool:
    """Whether this frame's `seq` is right and the frame before covered more than its `n` says."""
    assert state.case is not None
    last = state.last_frame.get(state.name)
    if last is None or state.frame["seq"] <= last["seq"] + last["n"]:
        return False
    covered = state.log[last["seq"] - 1 : state.frame["seq"] - 1]
    return legal(covered, last["ops"], limit=state.case.limits.max_text_bytes)


@SERVER.rule("ORD-4", "stream", needs_program=True)
def nothing_overtakes_inside_a_stream(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    if found.broken == "ORD-4":
        return Wrong(found.expected, found.observed)
    return KEPT if state.frame["n"] > 1 or state.frame["seq"] > 1 else NOT_SEEN


@SERVER.rule("ORD-5", "stream", needs_program=True)
def no_operation_is_missing_from_a_frame(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "ORD-5" else NOT_SEEN


@SERVER.rule("ORD-6", "stream", needs_program=True)
def a_start_waits_for_everything_accepted_before(state: TranscriptState) -> Outcome:
    assert state.program is not None
    starts = [op for op in state.covered if op.kind == "start"]
    found = state.diagnosis()
    if not starts or found.broken or found.unexplained:
        return NOT_SEEN  # Of a frame that is wrong in itself its numbers say nothing of others.
    accepted = max(op.after for op in starts)
    seen: Outcome = NOT_SEEN
    for name, stream in state.program.streams.items():
        if name == state.name:
            continue
        due = sum(op.order <= accepted for op in stream.ops)
        if due:
            seen = KEPT
        at = state.cursors.get(name, 0)
        if at < due and stream.ops[at].cause == "LIF-9":
            return NOT_SEEN  # Perhaps the branch's run was not ended: its probe can tell, this cannot.
        if at < due:
            return Wrong(
                f"operation {due} of stream {name}, accepted before this start, is sent before it",
                f"stream {name} is at {at}",
            )
    return seen


@SERVER.rule("ORD-5", "reply", "view", needs_program=True)
def every_operation_has_arrived_with_the_reply(state: TranscriptState) -> Outcome:
    missing = missing_here(state)
    return KEPT if missing is None else _lost(missing, "ORD-5") or NOT_SEEN


@dataclass(slots=True)
class Missing:
    """The first operation that is not there when a reply or a view arrives."""

    op: LoggedOp
    expected: str
    observed: str
    late: bool
    """It comes later: a matter of EVT-2 or VIEW-5, not of what it is."""


def missing_here(state: TranscriptState) -> Missing | None:
    """What this reply or view should have waited for, or what never comes; None where all is there."""
    return missing_of(state, _due(state))


def missing_of(state: TranscriptState, counts: dict[str, int]) -> Missing | None:
    """The first operation of these that has not arrived; None where all have."""
    for name, due in counts.items():
        assert state.program is not None
        at = state.cursors.get(name, 0)
        if at < due:
            log = state.program.streams[name].ops
            kinds = ", ".join(op.kind for op in log[at:due][:6])
            return Missing(
                log[at],
                f"{due} operations of stream {name}; missing: {kinds}",
                f"{at} arrived",
                _comes_late(state, log, at),
            )
    return None


def _due(state: TranscriptState) -> dict[str, int]:
    """How many operations of each stream go before this frame."""
    assert state.program is not None
    if state.entry.type == "reply":
        done = len(state.replies)
        return state.program.events[done].counts if done < len(state.program.events) else {}
    ahead = state.program.views[state.next_view :]
    within = [
        view for view in ahead if all(at <= view.counts.get(name, 0) for name, at in state.cursors.items())
    ]
    html = normalized(state.frame["html"])
    alike = [view.counts for view in within if normalized(view.html) == html]
    here = [view.counts for view in ahead if _reached(state, view.counts)]
    if here and not (alike and not any(_reached(state, counts) for counts in alike)):
        return {}
    return next(iter(alike), within[0].counts if within else {})


def _reached(state: TranscriptState, counts: dict[str, int]) -> bool:
    return all(state.cursors.get(name, 0) == due for name, due in counts.items())


def _comes_late(state: TranscriptState, log: list[LoggedOp], at: int) -> bool:
    assert state.case is not None
    for frame in state.later("stream"):
        if frame.get("stream") == log[at].stream:
            begin, n = frame["seq"] - 1, frame["n"]
            covered = log[begin : begin + n]
            return begin == at and legal(covered, frame["ops"], limit=state.case.limits.max_text_bytes)
    return False


def lifecycle_cause(state: TranscriptState, requirement: str) -> Wrong | None:
    """The operation that is missing when a reply or view arrives, if it stands for that requirement."""
    missing = missing_here(state)
    return None if missing is None else _lost(missing, requirement)


def _lost(missing: Missing, requirement: str) -> Wrong | None:
    if missing.late or missing.op.cause != requirement:
        return None
    return Wrong(missing.expected, missing.observed)


@SERVER.probe("ORD-8")
async def sessions_do_not_see_each_other(context: ProbeContext) -> Outcome:
    def script(mark: str) -> list[dict[str, Any]]:
        step: list[dict[str, Any]] = [
            {"do": "text", "stream": "shared", "text": mark},
            {"do": "sleep_ms", "ms": 20},
        ]
        return [dict(each) for _ in range(4) for each in step]

    async with context.session() as one, context.session() as two:
        await one.hello(context.caps())
        await two.hello(context.caps())
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
                return NOT_SEEN
    return KEPT
