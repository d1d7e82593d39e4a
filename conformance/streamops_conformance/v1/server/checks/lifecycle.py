"""Chapter 4: lifecycle."""

from typing import Any

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.server.checks.registry import V1
from streamops_conformance.v1.server.checks.sequencing import lifecycle_cause
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.probe.meeting import Meeting, meet
from streamops_conformance.v1.server.transcript_state import Walk


def _says(walk: Walk, requirement: str, op: str) -> Outcome:
    """The frame's diagnosis, seen where the frame covers an operation of that cause."""
    found = walk.diagnosis()
    if found.broken == requirement:
        return Wrong(found.expected, found.observed)
    return SEEN if any(_of(logged, requirement, op) for logged in walk.covered) else None


def _of(logged: LoggedOp, requirement: str, op: str) -> bool:
    return logged.cause == requirement and logged.kind in op.split()


@V1.rule("LIF-1", "stream", law=True)
def no_operation_comes_where_the_wire_table_forbids_it(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "LIF-1" else SEEN


@V1.rule("LIF-2", "stream", law=True)
def a_run_is_named_by_the_number_of_its_start(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    if found.broken == "LIF-2":
        return Wrong(found.expected, found.observed)
    return SEEN if any(op["op"] == "start" for op in walk.ops) else None


@V1.rule("LIF-3", "stream", law=True)
def content_on_an_idle_stream_opens_it(walk: Walk) -> Outcome:
    return _says(walk, "LIF-3", "start")


@V1.rule("LIF-4", "stream", law=True)
def a_second_start_ends_the_run_before(walk: Walk) -> Outcome:
    return _says(walk, "LIF-4", "done")


@V1.rule("LIF-5", "stream", law=True)
def a_done_call_ends_the_run(walk: Walk) -> Outcome:
    return _says(walk, "LIF-5", "done")


@V1.rule("LIF-5", "reply", "view", law=True)
def no_done_call_is_missing_at_the_reply(walk: Walk) -> Outcome:
    return lifecycle_cause(walk, "LIF-5")


@V1.rule("LIF-6", "stream", law=True)
def a_done_on_an_idle_stream_adds_nothing(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    return Wrong(found.expected, found.observed) if found.broken == "LIF-6" else None


@V1.probe("LIF-6")
async def a_second_done_adds_no_operation(lab: Lab) -> Outcome:
    async with lab.session() as session:
        await session.hello(lab.caps())
        scripts: tuple[list[dict[str, Any]], ...] = (
            [{"do": "done", "stream": "never"}],
            [{"do": "text", "stream": "s", "text": "a"}, *[{"do": "done", "stream": "s"}] * 3],
            [{"do": "done", "stream": "s"}, {"do": "text", "stream": "s", "text": "b"}],
        )
        for script in scripts:
            await session.run(script)
        frames = session.transcript.frames("stream")
        ops = [op["op"] for frame in frames if frame["stream"] == "s" for op in frame["ops"]]
        covered = sum(frame["n"] for frame in frames if frame["stream"] == "s")
        if any(frame["stream"] == "never" for frame in frames):
            return Wrong("no frame of a stream on which only done was called", str(frames[0]))
        if ops.count("done") == 2 and covered == 6:
            return SEEN
        if ops.count("done") > 2 or covered > 6:
            return Wrong("start, text, done, start, text, done: 6 operations", f"{covered}: {', '.join(ops)}")
        return None


@V1.rule("LIF-7", "stream", law=True)
def a_handler_that_returns_ends_its_runs(walk: Walk) -> Outcome:
    return _says(walk, "LIF-7", "done")


@V1.rule("LIF-7", "reply", "view", law=True)
def no_run_is_left_open_by_a_return(walk: Walk) -> Outcome:
    return lifecycle_cause(walk, "LIF-7")


@V1.rule("LIF-8", "stream", law=True)
def a_handler_that_raises_ends_its_runs_with_an_error(walk: Walk) -> Outcome:
    return _says(walk, "LIF-8", "error done")


@V1.rule("LIF-8", "reply", "view", law=True)
def no_run_is_left_open_by_a_raise(walk: Walk) -> Outcome:
    return lifecycle_cause(walk, "LIF-8")


@V1.rule("LIF-9", "stream", law=True)
def a_branch_that_returns_ends_its_own_runs(walk: Walk) -> Outcome:
    return _says(walk, "LIF-9", "done")


@V1.rule("LIF-9", "reply", "view", law=True)
def no_run_is_left_open_by_a_branch(walk: Walk) -> Outcome:
    return lifecycle_cause(walk, "LIF-9")


@V1.probe("LIF-9")
async def the_run_of_a_branch_ends_before_the_handler_does(lab: Lab) -> Outcome:
    async with lab.session() as session:
        welcome = await session.hello(lab.caps())
        quiet = 10 * 1000 / min(60, welcome["limits"]["max_fps"])
        branch = [{"do": "text", "stream": "branch", "text": "x"}]
        await session.run(
            [
                {"do": "parallel", "branches": [branch]},
                {"do": "sleep_ms", "ms": quiet},
                {"do": "text", "stream": "handler", "text": "y"},
            ]
        )
        ops = [
            (frame["stream"], op["op"])
            for frame in session.transcript.frames("stream")
            for op in frame["ops"]
        ]
        if ("handler", "text") not in ops:
            return None
        if ("branch", "done") not in ops[: ops.index(("handler", "text"))]:
            return Wrong("the done of the branch's run, then what the handler does later", str(ops))
    return SEEN


OPEN_AND_GO_ON: list[dict[str, Any]] = [
    {"do": "start", "stream": "s"},
    {"do": "text", "stream": "s", "text": "first."},
    {"do": "sleep_ms", "ms": 400},
    {"do": "text", "stream": "s", "text": "late."},
]
SUPERSEDE: list[dict[str, Any]] = [
    {"do": "start", "stream": "s"},
    {"do": "text", "stream": "s", "text": "second."},
    {"do": "sleep_ms", "ms": 800},
]


@V1.probe("LIF-10")
async def a_superseded_producer_is_fenced(lab: Lab) -> Outcome:
    meeting = await meet(lab, OPEN_AND_GO_ON, SUPERSEDE)
    if meeting is None:
        return None
    if "late" in meeting.text:
        return Wrong("nothing of the superseded producer after the second start", repr(meeting.text))
    code = meeting.first.get("error", {}).get("code")
    if meeting.first.get("ok") is not False or code != "cancelled":
        return Wrong("the superseded handler is answered cancelled", str(meeting.first))
    # How the second run ends is another matter, so long as the first producer adds nothing to it.
    kinds = [op["op"] for op in meeting.ops]
    second = len(kinds) - kinds[::-1].index("start")
    if [kind for kind in kinds[second:] if kind != "text"] not in ([], ["done"]):
        return Wrong("after the second start nothing but its text and done", ", ".join(kinds))
    return SEEN


@V1.probe("LIF-11")
async def an_explicit_start_lifts_the_fence(lab: Lab) -> Outcome:
    again: list[dict[str, Any]] = [*OPEN_AND_GO_ON[:3], {"do": "start", "stream": "s"}, OPEN_AND_GO_ON[3]]
    meeting = await meet(lab, again, SUPERSEDE)
    if meeting is None:
        return None
    if meeting.first.get("ok") is not True:
        return Wrong("the handler that started anew is answered ok", str(meeting.first))
    if not meeting.text.endswith("late."):
        return Wrong("the text after the new start arrives", repr(meeting.text))
    return SEEN


@V1.probe("LIF-12")
async def others_may_write_into_an_open_run(lab: Lab) -> Outcome:
    guest: list[dict[str, Any]] = [{"do": "text", "stream": "s", "text": "guest."}]
    meeting = await meet(lab, OPEN_AND_GO_ON, guest)
    if meeting is None:
        return None
    return _guest(meeting)


def _guest(meeting: Meeting) -> Outcome:
    kinds = [op["op"] for op in meeting.ops]
    if kinds.count("start") != 1:
        return Wrong("one run: start, then the texts of both", ", ".join(kinds))
    if meeting.text != "first.guest.late.":
        return Wrong("'first.guest.late.'", repr(meeting.text))
    if meeting.first.get("ok") is not True or meeting.second.get("ok") is not True:
        return Wrong("both handlers are answered ok", f"{meeting.first}, {meeting.second}")
    return SEEN
