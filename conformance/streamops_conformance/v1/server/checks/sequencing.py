"""Chapter 5: sequencing. The prefix law itself is in `law`, which is asked last."""

from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.oracle.coalescing import legal
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.missing import is_first_after_resume, lost_for, missing_here
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.transcript_state import TranscriptState
from streamops_conformance.v1.vocabulary import LIFECYCLE


@SERVER.rule("ORD-7", "stream")
def numbers_continue_in_a_later_event(state: TranscriptState) -> Outcome:
    cursor = state.cursors.get(state.name, 0)
    if (
        len(state.replies) == 0
        or not cursor
        or state.sent_since_event[state.name]
        or is_first_after_resume(state)
    ):
        return NOT_SEEN
    if state.frame["seq"] == 1:
        return Wrong(f"seq {cursor + 1} on a stream that had {cursor} operations before", "seq 1")
    return KEPT


@SERVER.rule("ORD-2", "stream", needs_program=True)
def each_frame_starts_where_the_previous_one_ended(state: TranscriptState) -> Outcome:
    due = state.cursors.get(state.name, 0) + 1
    if state.frame["seq"] == due:
        return KEPT
    if is_first_after_resume(state):
        return NOT_SEEN  # Chapter 11 judges that.
    return NOT_SEEN if _miscounted(state) else Wrong(f"seq {due}", f"seq {state.frame['seq']}")


@SERVER.rule("ORD-3", "stream", needs_program=True)
def n_counts_the_covered_operations(state: TranscriptState) -> Outcome:
    if _miscounted(state):
        last = state.last_frame[state.name]
        covered = state.frame["seq"] - last["seq"]
        return Wrong(f"n {covered} on the previous frame, with seq {last['seq']}", f"n {last['n']}")
    found = state.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "ORD-3" else KEPT


def _miscounted(state: TranscriptState) -> bool:
    """Whether `seq` of this frame is right, and the previous frame covered more operations than its `n`."""
    assert state.case is not None
    last = state.last_frame.get(state.name)
    if last is None or state.frame["seq"] <= last["seq"] + last["n"]:
        return False
    covered = state.log[last["seq"] - 1 : state.frame["seq"] - 1]
    return legal(covered, last["ops"], limit=state.case.limits.max_text_bytes)


@SERVER.rule("ORD-4", "stream", needs_program=True)
def no_operation_overtakes_another_in_its_stream(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    if found.broken == "ORD-4":
        return Wrong(found.expected, found.observed)
    return KEPT if state.frame["n"] > 1 or state.frame["seq"] > 1 else NOT_SEEN


@SERVER.rule("ORD-5", "stream", needs_program=True)
def no_operation_is_missing_from_a_frame(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "ORD-5" else NOT_SEEN


@SERVER.rule("ORD-6", "stream", needs_program=True)
def a_start_waits_for_all_operations_accepted_before(state: TranscriptState) -> Outcome:
    assert state.program is not None
    starts = [op for op in state.covered if op.kind == "start"]
    found = state.diagnosis()
    if not starts or found.broken or found.unexplained:
        return NOT_SEEN  # The numbers of a wrong frame say nothing about other streams.
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
            return NOT_SEEN  # Perhaps the run of the branch did not end. Only the probe of LIF-9 can tell.
        if at < due:
            return Wrong(
                f"operation {due} of stream {name} before this start, because it was accepted before",
                f"stream {name} is at {at}",
            )
    return seen


@SERVER.rule("ORD-5", "reply", "view", needs_program=True)
def every_operation_has_arrived_before_the_reply(state: TranscriptState) -> Outcome:
    missing = missing_here(state)
    return KEPT if missing is None else lost_for(missing, "ORD-5") or NOT_SEEN


@SERVER.probe("ORD-8")
async def a_session_gets_only_its_own_operations(context: ProbeContext) -> Outcome:
    def script(mark: str) -> list[dict[str, Any]]:
        step: list[dict[str, Any]] = [
            steps.text("shared", mark),
            steps.pause(20),
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
