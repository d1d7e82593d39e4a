"""Chapter 11: a client that resumes its session, and the frames that follow."""

from typing import Any

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.client.probe.resume import (
    BROKEN,
    PAGE,
    Resumable,
    against_reference_client,
    continues_after_cuts,
    with_its_cursors,
)
from streamops_conformance.v1.frames import OPEN, at, done, frame, on, start, text, view
from streamops_conformance.wire.silent import Silent

Frame = dict[str, Any]


@CLIENT.probe("RES-15")
async def a_resume_has_the_cursors_of_the_applied_operations(context: ClientProbeContext) -> Outcome:
    found = await against_reference_client(context, with_its_cursors)
    return (
        found
        if isinstance(found, Wrong)
        else await against_reference_client(context, _cut_while_frames_arrive)
    )


async def _cut_while_frames_arrive(session: Resumable) -> Outcome:
    """The last frames may arrive or not: the cursor must be that of the applied operations."""
    await session.send(OPEN, *(frame(3 + 2 * k, text(f"{k} "), n=2) for k in range(60)))
    hello = await session.cut()
    cursor = hello.get("resume", {}).get("cursors", {}).get("a", 0)
    known = (await session.case.dump())["streams"].get("a", {"cursor": 0})["cursor"]
    return KEPT if cursor == known else Wrong(f"the cursor {known} of the applied operations", f"{cursor}")


@CLIENT.probe("RES-16")
async def a_resumed_session_continues_where_it_stopped(context: ClientProbeContext) -> Outcome:
    return await against_reference_client(context, continues_after_cuts)


@CLIENT.probe("RES-17")
async def a_gone_stream_ends_its_run_and_waits_for_a_new_beginning(context: ClientProbeContext) -> Outcome:
    for body in (_gone_until_a_start, _gone_and_no_start, _gone_until_a_view):
        found = await against_reference_client(context, body, continues_after_cuts, _gap)
        if isinstance(found, Wrong):
            return found
    return KEPT


async def _gone(session: Resumable) -> None:
    """Stream a was open with cursor 2, and is gone up to 40; b was not used before, and is gone up to 3."""
    await session.send(OPEN)
    await session.settled()
    hello = await session.cut()
    await session.resume(hello, a=("gone", 40), b=("gone", 3))


async def _gone_until_a_start(session: Resumable) -> Outcome:
    await _gone(session)
    if wrong := await session.wrong():
        return wrong
    await session.send_beyond(frame(52, start(52), text("!")))
    await session.send(frame(54, done()), frame(4, start(4, "b"), name="b"))
    if wrong := await session.wrong():
        return wrong
    await session.peer.send(frame(60, start(60)))
    return await _left(session, "the second frame beyond the cursor") or KEPT


async def _gone_and_no_start(session: Resumable) -> Outcome:
    await _gone(session)
    await session.peer.send(frame(50, {"op": "later", "target": on("a")}, start(51)))
    return await _left(session, "a frame beyond the cursor that does not begin with a start") or KEPT


async def _gone_until_a_view(session: Resumable) -> Outcome:
    if not session.views:
        return KEPT
    await _gone(session)
    await session.send(view(7, PAGE, b=at(3)), view(8, PAGE, a=at(45, "open", run=42)), frame(46, text("!")))
    return await session.wrong() or KEPT


async def _gap(session: Resumable) -> Outcome:
    """A gap in an uncut session, after which a client must close (CLI-3)."""
    await session.send(OPEN)
    await session.peer.send(frame(9, text("a gap")))
    return await _left(session, "a gap") or KEPT


async def _left(session: Resumable, after: str) -> Wrong | None:
    """None if the client closes with 4400."""
    try:
        closed = await session.peer.end()
    except Silent:
        return Wrong(f"close {BROKEN} after {after}", "the connection stayed open")
    return None if closed.code == BROKEN else Wrong(f"close {BROKEN} after {after}", f"close {closed.code}")


@CLIENT.probe("RES-18", caps=("html",))
async def a_view_gives_the_new_state_of_a_stream(context: ClientProbeContext) -> Outcome:
    return await against_reference_client(context, _told_by_a_view, continues_after_cuts)


async def _told_by_a_view(session: Resumable) -> Outcome:
    await session.send(view(1, PAGE, a=at(0), b=at(0)), OPEN, frame(1, start(1, "b"), name="b"))
    await session.settled()
    hello = await session.cut()
    await session.resume(hello, a=("view", 30), b=("view", 9))
    if wrong := await session.wrong():
        return wrong
    shown = '<div dj-stream="a">whole</div><div dj-stream="b">later</div>'
    await session.send(view(2, shown, a=at(31, "open", run=1), b=at(10, "open", run=6)))
    await session.send(frame(32, text("!")), frame(11, done(name="b"), name="b"))
    return await session.wrong() or KEPT
