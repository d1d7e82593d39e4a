"""Chapters 8, 10 and 11: the events and cancels that a client repeats after a resume."""

from typing import Any

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.client.probe.resume import (
    Resumable,
    against_reference_client,
    behind,
    continues_after_cuts,
    read,
    sent,
)
from streamops_conformance.v1.frames import OPEN, done, frame, start
from streamops_conformance.wire.silent import Silent

Frame = dict[str, Any]
EVENTS = 3


@CLIENT.probe("RES-13")
async def unanswered_events_are_sent_again(context: ClientProbeContext) -> Outcome:
    return await against_reference_client(context, _unanswered, continues_after_cuts)


async def _unanswered(session: Resumable) -> Outcome:
    events = [await _event(session, {"number": number}) for number in range(EVENTS)]
    await _answer(session, events.pop(1))
    for _ in range(2):
        hello = await session.cut()
        await session.resume(hello)
        found = await _repeated(session, "event", len(events))
        if found != events:
            return Wrong(f"after a resume the events {events}", f"{found}")
        await _answer(session, events.pop(0))
    return KEPT


@CLIENT.probe("EVT-9", caps=("resume",))
async def refs_keep_increasing_after_a_resume(context: ClientProbeContext) -> Outcome:
    return await against_reference_client(context, _growing, continues_after_cuts)


async def _growing(session: Resumable) -> Outcome:
    before = [await _event(session), await _event(session)]
    await _answer(session, before[0])
    hello = await session.cut()
    await session.resume(hello)
    await _repeated(session, "event", 1)
    after = await _event(session)
    highest = max(each["ref"] for each in before)
    return KEPT if after["ref"] > highest else Wrong(f"a ref above {highest}", f"ref {after['ref']}")


@CLIENT.probe("FLW-13")
async def an_unanswered_cancel_is_sent_again(context: ClientProbeContext) -> Outcome:
    if "resume" not in context.agreed:
        context.not_applicable("the client never resumes")
    return await against_reference_client(context, _cancelled, continues_after_cuts)


async def _cancelled(session: Resumable) -> Outcome:
    await session.send(OPEN, frame(1, start(1, "b"), name="b"))
    await session.settled()
    cancels = {name: await _cancel(session, name) for name in ("a", "b")}
    await session.send(frame(2, done("cancelled", "b"), name="b"))
    await session.settled()
    for _ in range(2):
        hello = await session.cut()
        await session.resume(hello, a="replay", b="replay")
        found = await _repeated(session, "cancel", 1)
        if cancels["a"] not in found:
            return Wrong(f"after a resume {cancels['a']}", f"{found or 'no cancel'}")
    return KEPT


async def _event(session: Resumable, params: Frame | None = None) -> Frame:
    """Tell the client to send an event, and return its frame."""
    return await _told(session, "event", event="send_message", params=params or {})


async def _cancel(session: Resumable, stream: str) -> Frame:
    return await _told(session, "cancel", stream=stream)


async def _told(session: Resumable, kind: str, **members: Any) -> Frame:
    before = session.position
    await session.case.testee.say(kind, session.case.number, **members)
    return await session.peer.next(kind, after=before)


async def _answer(session: Resumable, event: Frame) -> None:
    await session.peer.send({"type": "reply", "ref": event["ref"], "ok": True})
    await read(session.peer)


async def _repeated(session: Resumable, kind: str, number: int) -> list[Frame]:
    """Wait for up to `number` frames of that type; all frames of that type on this connection."""
    after = 0
    for _ in range(number):
        try:
            await session.peer.next(kind, after=after)
        except Silent:
            if session.peer.transcript.closed is not None:
                raise
            break
        after = behind(session.peer, kind, after)
    await read(session.peer)
    return sent(session.peer, kind)
