"""Chapter 4: lifecycle."""

from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.missing import lost_operation
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.meeting import Meeting, meet
from streamops_conformance.v1.server.probe.observe import ops_of
from streamops_conformance.v1.server.transcript_state import TranscriptState


def _diagnosed(state: TranscriptState, requirement: str, op: str) -> Outcome:
    """The outcome by the diagnosis of the frame; KEPT only if the frame covers an operation of that cause."""
    found = state.diagnosis()
    if found.broken == requirement:
        return Wrong(found.expected, found.observed)
    return KEPT if any(_is_caused(logged, requirement, op) for logged in state.covered) else NOT_SEEN


def _is_caused(logged: LoggedOp, requirement: str, op: str) -> bool:
    return logged.cause == requirement and logged.kind in op.split()


@SERVER.rule("LIF-1", "stream", needs_program=True)
def each_operation_is_allowed_by_the_wire_table(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "LIF-1" else KEPT


@SERVER.rule("LIF-2", "stream", needs_program=True)
def a_run_is_named_by_the_number_of_its_start(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    if found.broken == "LIF-2":
        return Wrong(found.expected, found.observed)
    return KEPT if any(op["op"] == "start" for op in state.ops) else NOT_SEEN


@SERVER.rule("LIF-3", "stream", needs_program=True)
def content_on_an_idle_stream_opens_it(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "LIF-3", "start")


@SERVER.rule("LIF-4", "stream", needs_program=True)
def a_second_start_ends_the_previous_run(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "LIF-4", "done")


@SERVER.rule("LIF-5", "stream", needs_program=True)
def a_done_call_ends_the_run(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "LIF-5", "done")


@SERVER.rule("LIF-5", "reply", "view", needs_program=True)
def no_done_call_is_missing_at_the_reply(state: TranscriptState) -> Outcome:
    return lost_operation(state, "LIF-5") or NOT_SEEN


@SERVER.rule("LIF-6", "stream", needs_program=True)
def a_done_on_an_idle_stream_adds_nothing(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "LIF-6" else NOT_SEEN


@SERVER.probe("LIF-6")
async def a_second_done_adds_no_operation(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        scripts: tuple[list[dict[str, Any]], ...] = (
            [steps.done("never")],
            [steps.text("s", "a"), *[steps.done("s")] * 3],
            [steps.done("s"), steps.text("s", "b")],
        )
        for script in scripts:
            await session.run(script)
        frames = session.transcript.frames("stream")
        ops = [op["op"] for frame in frames if frame["stream"] == "s" for op in frame["ops"]]
        covered = sum(frame["n"] for frame in frames if frame["stream"] == "s")
        if any(frame["stream"] == "never" for frame in frames):
            return Wrong("no frame for a stream on which only done was called", str(frames[0]))
        if ops.count("done") == 2 and covered == 6:
            return KEPT
        if ops.count("done") > 2 or covered > 6:
            return Wrong("start, text, done, start, text, done: 6 operations", f"{covered}: {', '.join(ops)}")
        return NOT_SEEN


@SERVER.rule("LIF-7", "stream", needs_program=True)
def a_handler_that_returns_ends_its_runs(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "LIF-7", "done")


@SERVER.rule("LIF-7", "reply", "view", needs_program=True)
def no_run_is_left_open_by_a_return(state: TranscriptState) -> Outcome:
    return lost_operation(state, "LIF-7") or NOT_SEEN


@SERVER.rule("LIF-8", "stream", needs_program=True)
def a_handler_that_raises_ends_its_runs_with_an_error(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "LIF-8", "error done")


@SERVER.rule("LIF-8", "reply", "view", needs_program=True)
def no_run_is_left_open_by_a_raise(state: TranscriptState) -> Outcome:
    return lost_operation(state, "LIF-8") or NOT_SEEN


@SERVER.rule("LIF-9", "stream", needs_program=True)
def a_branch_that_returns_ends_its_own_runs(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "LIF-9", "done")


@SERVER.rule("LIF-9", "reply", "view", needs_program=True)
def no_run_is_left_open_by_a_branch(state: TranscriptState) -> Outcome:
    return lost_operation(state, "LIF-9") or NOT_SEEN


@SERVER.probe("LIF-9")
async def the_run_of_a_branch_ends_before_the_handler_does(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        welcome = await session.hello(context.caps())
        quiet = 10 * 1000 / min(60, welcome["limits"]["max_fps"])
        branch = [steps.text("branch", "x")]
        await session.run(
            [
                steps.parallel(branch),
                steps.pause(quiet),
                steps.text("handler", "y"),
            ]
        )
        ops = [
            (frame["stream"], op["op"])
            for frame in session.transcript.frames("stream")
            for op in frame["ops"]
        ]
        if ("handler", "text") not in ops:
            return NOT_SEEN
        if ("branch", "done") not in ops[: ops.index(("handler", "text"))]:
            return Wrong("the done of the branch's run before the later operations of the handler", str(ops))
    return KEPT


@SERVER.probe("LIF-13")
async def a_raise_shows_while_other_members_go_on(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        welcome = await session.hello(context.caps())
        quiet = 10 * 1000 / min(60, welcome["limits"]["max_fps"])
        await session.run([steps.start("alone"), steps.step("raise")])
        if not any(op["op"] == "error" for op in ops_of(session, "alone")):
            return NOT_SEEN  # LIF-8 judges this
        goes_on = [steps.pause(quiet), steps.text("s", "goes on")]
        await session.run([steps.start("s"), steps.parallel([steps.step("raise")], goes_on)])
        kinds = [op["op"] for op in ops_of(session)]
        if "text" not in kinds:
            return NOT_SEEN
        if "error" not in kinds[: kinds.index("text")]:
            expected = "error on s, when one branch raised, before the text of the other"
            return Wrong(expected, ", ".join(kinds))
    return KEPT


OPEN_AND_GO_ON: list[dict[str, Any]] = [
    steps.start("s"),
    steps.text("s", "first."),
    steps.pause(400),
    steps.text("s", "late."),
]
SUPERSEDE: list[dict[str, Any]] = [
    steps.start("s"),
    steps.text("s", "second."),
    steps.pause(800),
]


@SERVER.probe("LIF-10")
async def a_superseded_producer_is_fenced(context: ProbeContext) -> Outcome:
    meeting = await meet(context, OPEN_AND_GO_ON, SUPERSEDE)
    if meeting is None:
        return NOT_SEEN
    if "late" in meeting.text:
        return Wrong("no text of the superseded producer after the second start", repr(meeting.text))
    code = meeting.first.get("error", {}).get("code")
    if meeting.first.get("ok") is not False or code != "cancelled":
        return Wrong("the superseded handler is answered with cancelled", str(meeting.first))
    # The end of the second run is not judged here, only that the first producer adds nothing to it.
    kinds = [op["op"] for op in meeting.ops]
    second = len(kinds) - kinds[::-1].index("start")
    if [kind for kind in kinds[second:] if kind != "text"] not in ([], ["done"]):
        return Wrong("only the text and done of the second run after its start", ", ".join(kinds))
    return KEPT


@SERVER.probe("LIF-11")
async def an_explicit_start_lifts_the_fence(context: ProbeContext) -> Outcome:
    again: list[dict[str, Any]] = [*OPEN_AND_GO_ON[:3], steps.start("s"), OPEN_AND_GO_ON[3]]
    meeting = await meet(context, again, SUPERSEDE)
    if meeting is None:
        return NOT_SEEN
    if meeting.first.get("ok") is not True:
        return Wrong("the handler that started a new run is answered with ok: true", str(meeting.first))
    if not meeting.text.endswith("late."):
        return Wrong("the text after the new start arrives", repr(meeting.text))
    return KEPT


@SERVER.probe("LIF-12")
async def another_handler_may_write_into_an_open_run(context: ProbeContext) -> Outcome:
    guest: list[dict[str, Any]] = [steps.text("s", "guest.")]
    meeting = await meet(context, OPEN_AND_GO_ON, guest)
    if meeting is None:
        return NOT_SEEN
    return _texts_of_both(meeting)


def _texts_of_both(meeting: Meeting) -> Outcome:
    kinds = [op["op"] for op in meeting.ops]
    if kinds.count("start") != 1:
        return Wrong("one run: start, then the texts of both handlers", ", ".join(kinds))
    if meeting.text != "first.guest.late.":
        return Wrong("'first.guest.late.'", repr(meeting.text))
    if meeting.first.get("ok") is not True or meeting.second.get("ok") is not True:
        return Wrong("both handlers are answered with ok: true", f"{meeting.first}, {meeting.second}")
    return KEPT
