"""Chapter 11: what `resumed` lists and what a replay sends.

Incomplete replays are in `beyond_the_log`, events and owners of sessions in `sessions`.
"""

import asyncio
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.missing import is_first_after_resume
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.controls import BEYOND, TRIES, arrives_intact
from streamops_conformance.v1.server.probe.observe import first_operation
from streamops_conformance.v1.server.probe.resume import comes_back
from streamops_conformance.v1.server.session import Session
from streamops_conformance.v1.server.transcript_state import TranscriptState
from streamops_conformance.wire.silent import Silent

Frame = dict[str, Any]
Steps = list[Frame]


# Rules


@SERVER.rule("RES-4", "welcome")
def no_resume_accepts_an_impossible_cursor(state: TranscriptState) -> Outcome:
    resume = state.hello.get("resume")
    if resume is None or not state.frame["session"] == resume["session"] == state.session:
        return NOT_SEEN  # The resume failed, or the session began in another transcript.
    odd = {name: at for name, at in resume["cursors"].items() if at and at not in state.given.get(name, ())}
    return (
        Wrong("a new session for cursors that no frame gave", f"a resumed session with {odd}")
        if odd
        else NOT_SEEN
    )


@SERVER.rule("RES-2", "welcome")
def resumed_lists_the_streams_that_the_client_knows(state: TranscriptState) -> Outcome:
    resume = state.hello.get("resume")
    if resume is None or state.frame["session"] != resume["session"]:
        return NOT_SEEN
    resumed = state.frame.get("resumed", {})
    for name, cursor in resume["cursors"].items():
        at = resumed.get(name, {"seq": -1})["seq"]
        if cursor and at < cursor:
            return Wrong(f"resumed with {name} at {cursor} or more", f"resumed {resumed}")
    return KEPT if resumed else NOT_SEEN


@SERVER.rule("RES-2", "stream")
def a_stream_that_resumed_does_not_list_begins_at_one(state: TranscriptState) -> Outcome:
    if (
        not is_first_after_resume(state)
        or state.name in (state.here.resumed or {})
        or state.frame["seq"] == 1
    ):
        return NOT_SEEN
    return Wrong(f"stream {state.name} in resumed, because it had operations before", f"{state.here.resumed}")


@SERVER.rule("RES-3", "stream")
def a_replay_continues_after_the_cursor(state: TranscriptState) -> Outcome:
    if not is_first_after_resume(state):
        return NOT_SEEN
    entry, due = (state.here.resumed or {}).get(state.name), state.cursors.get(state.name, 0) + 1
    if entry is None or entry["how"] != "replay":
        return NOT_SEEN
    return KEPT if state.frame["seq"] == due else Wrong(f"seq {due}", f"seq {state.frame['seq']}")


# Probes


@SERVER.probe("RES-2")
async def resumed_lists_every_stream_with_its_last_operation(context: ProbeContext) -> Outcome:
    caps = context.caps("resume")
    async with context.session() as session:
        await session.hello(caps)
        ended: Steps = [
            steps.step("error", stream="b", error="no"),
            steps.text("a", "x"),
            steps.done("a"),
        ]
        await session.run(ended)
        await session.event("conformance.run", {"script": [steps.start("c"), steps.hang()]})
        await first_operation(session, "c")
        arrived_and_nothing: tuple[Frame | None, ...] = (None, {})
        for cursors in arrived_and_nothing:
            welcome = await comes_back(context, session, caps, cursors=cursors)
            if welcome is None:
                return NOT_SEEN
            await session.run([])
            found = {name: entry["seq"] for name, entry in welcome.get("resumed", {}).items()}
            wanted = session.receipts.cursors
            if found != wanted or wanted.keys() != {"a", "b", "c"}:
                return Wrong(f"resumed with the last operations {wanted}", f"{found}")
    return await _began_meanwhile(context, caps)


async def _began_meanwhile(context: ProbeContext, caps: list[str]) -> Outcome:
    """The client cannot see the handler begin: if its stream is missing, the next try gives more time."""
    found: Frame = {}
    for attempt in range(TRIES):
        async with context.session() as session:
            await session.hello(caps)
            script = [steps.pause(100), steps.start("d"), steps.hang()]
            await session.event("conformance.run", {"script": script})
            await session.send({"type": "ping"})
            await session.next("pong")
            await session.cut()
            await asyncio.sleep(0.3 * 2**attempt)
            welcome = await comes_back(context, session, caps)
            if welcome is None:
                return NOT_SEEN
            found = welcome.get("resumed", {})
            if found.get("d", {}).get("seq") == 1:
                return KEPT
            await first_operation(session, "d")
    return Wrong("resumed with d at 1, because it began while no client was connected", f"{found}")


@SERVER.probe("RES-3")
async def a_resume_from_any_cursor_sends_the_rest_once(context: ProbeContext) -> Outcome:
    """Each cursor has its own session: the server may forget operations that the client has confirmed."""
    script: Steps = []
    for number in range(4):
        script += [
            steps.text("s", f"{number}"),
            steps.text("t", f"{number}"),
            steps.text("s", "."),
            steps.pause(50),
        ]
    batches = (script, [step for step in script if step["do"] != "sleep_ms"])
    if not all([await arrives_intact(context, each) for each in batches]):
        return NOT_SEEN
    script += [steps.done("s"), steps.text("s", "again")]
    for position in range(len(script)):
        outcome, tried = await _resumed_from(context, script, position)
        if not tried or outcome is not KEPT:
            return outcome
    return KEPT


async def _resumed_from(context: ProbeContext, script: Steps, position: int) -> tuple[Outcome, bool]:
    """Resume from the end of frame `position` of each stream (0: no frame), at most of its last frame.

    Returns the outcome, and False if no stream has that many frames.
    """
    caps = context.caps("resume")
    async with context.session() as session:
        await session.hello(caps)
        await session.run(script)
        first = session.frames("stream")
        ends = {name: [0, *session.receipts.ends[name]] for name in ("s", "t")}
        if position >= max(map(len, ends.values())):
            return KEPT, False
        place = {name: found[min(position, len(found) - 1)] for name, found in ends.items() if position}
        welcome = await comes_back(context, session, caps, cursors=place)
        if welcome is None:
            return NOT_SEEN, True
        await session.run([])
        for name in ends:
            if welcome.get("resumed", {}).get(name, {}).get("how") != "replay":
                context.inconclusive(f"even a few operations are not replayed: {welcome.get('resumed')}")
                return NOT_SEEN, True
            at = place.get(name, 0)
            due = _content(_frames_of(first, name))
            joined = _content([*_frames_up_to(first, name, at), *_frames_of(session.frames("stream"), name)])
            if joined != due:
                return Wrong(f"each operation after cursor {at} of {name} once: {due}", f"{joined}"), True
    return KEPT, True


def _frames_of(frames: Steps, name: str) -> Steps:
    return [frame for frame in frames if frame["stream"] == name]


def _frames_up_to(frames: Steps, name: str, cursor: int) -> Steps:
    return [frame for frame in _frames_of(frames, name) if frame["seq"] <= cursor]


def _content(frames: Steps) -> tuple[list[str], str]:
    """The content of frames, independent of batching: gaps and lifecycle ops, and the whole text."""
    found: list[str] = []
    at = 1
    for frame in frames:
        if frame["seq"] != at:
            found.append(f"seq {frame['seq']} instead of {at}")
        at = frame["seq"] + frame["n"]
        found += [op["op"] for op in frame["ops"] if op["op"] != "text"]
    return [*found, f"last {at - 1}"], "".join(op.get("text", "") for frame in frames for op in frame["ops"])


@SERVER.probe("RES-4")
async def a_resume_with_an_impossible_cursor_fails(context: ProbeContext) -> Outcome:
    caps = context.caps("resume")
    kinds = {
        "nothing": None,
        "the middle of a frame": -1,
        "one more than the last operation": 1,
        "a cursor far ahead": BEYOND,
    }
    for what, shift in kinds.items():
        async with context.session() as session:
            await session.hello(caps)
            await session.run([steps.text("s", "1"), steps.text("s", "2"), steps.text("s", "3")])
            frames = session.frames("stream")
            long = next((frame for frame in frames if frame["n"] > 1), frames[-1])
            cursors = {"s": frames[-1]["seq"] + frames[-1]["n"] - 1}
            if shift == -1:
                if long["n"] < 2:
                    continue  # Every frame has one operation.
                cursors = {"s": long["seq"]}
            elif shift is not None:
                cursors = {"s": min(BEYOND, cursors["s"] + shift)}
            wrong = await _gets_a_new_session(
                session, caps, cursors, f"a cursor in {what}" if shift == -1 else what
            )
            if shift is None and wrong is None:
                context.inconclusive("a resume with the correct cursors fails too")
                return NOT_SEEN
            if shift is not None and wrong is not None:
                return wrong
    async with context.session() as session:
        await session.hello(caps)
        await session.run([steps.text("s", "1")])
        unknown = {**session.receipts.cursors, "nobody": 1}
        wrong = await _gets_a_new_session(session, caps, unknown, "a cursor of an unknown stream")
    return wrong or await _ahead_of_the_views(context)


async def _ahead_of_the_views(context: ProbeContext) -> Outcome:
    """A view that the server did not make is as impossible as an operation."""
    caps = context.caps("view", "resume")
    if "view" not in caps:
        return KEPT
    async with context.session() as session:
        await session.hello(caps, view=context.view(s="0"))
        await session.run([steps.text("s", "1")])
        wrong = await _gets_a_new_session(
            session,
            caps,
            session.receipts.cursors,
            "a view far ahead",
            version=BEYOND,
            view=context.view(s="0"),
        )
        return wrong or KEPT


@SERVER.probe("RES-22")
async def a_resume_that_fails_leaves_its_session_alone(context: ProbeContext) -> Outcome:
    caps = context.caps("resume")
    async with context.session() as session:
        await session.hello(caps)
        await session.run([steps.text("s", "1")])
        if await comes_back(context, session, caps) is None:
            return NOT_SEEN
        first, cursors = session.id, dict(session.receipts.cursors)
        failed = await session.resume(caps, cursors={"s": BEYOND})
        if failed["session"] == first:
            context.inconclusive("a resume with an impossible cursor does not fail")
            return NOT_SEEN
        again = {"session": first, "cursors": cursors, "attempt": 9}
        welcome = await session.resume(caps, resume=again)
        if welcome["session"] == first:
            return KEPT
        return Wrong("the session continues for a client with the right cursors", f"a new session, {welcome}")


async def _gets_a_new_session(
    session: Session, caps: list[str], cursors: Frame, what: str, **members: Any
) -> Wrong | None:
    """None if a resume with `cursors` gets a new session."""
    before = session.id
    expected = f"{what}: a welcome with a new session id and without resumed"
    try:
        welcome = await session.resume(caps, cursors=cursors, **members)
        await session.run([])
    except Silent as silent:
        return Wrong(expected, str(silent))
    if welcome["session"] == before or "resumed" in welcome:
        return Wrong(expected, f"session {welcome['session']}, resumed {welcome.get('resumed')}")
    return None
