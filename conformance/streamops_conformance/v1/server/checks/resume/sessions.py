"""Chapter 11: events that run once, sessions that are taken over, and owners of sessions."""

import math
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.controls import arrives_intact, limits
from streamops_conformance.v1.server.probe.observe import ops_of, text_of
from streamops_conformance.v1.server.probe.refusal import refused
from streamops_conformance.v1.server.probe.resume import comes_back
from streamops_conformance.v1.server.session import Session
from streamops_conformance.wire.silent import Silent

Frame = dict[str, Any]
Steps = list[Frame]

ONCE: Steps = [steps.text("s", "once."), steps.pause(200), steps.text("s", "end.")]


async def _repeat(session: Session, ref: int, script: Steps) -> Frame:
    """Send an event with an earlier ref, and return its reply. Raises Silent."""
    await session.send(
        {"type": "event", "ref": ref, "event": "conformance.run", "params": {"script": script}}
    )
    return await session.reply(ref)


@SERVER.probe("RES-7")
async def a_repeated_event_runs_once(context: ProbeContext) -> Outcome:
    if not await arrives_intact(context, ONCE):
        return NOT_SEEN
    for when in ("before the first frame", "while it runs", "after its reply"):
        async with context.session() as session:
            await session.hello(context.caps("resume"))
            ref = await session.event("conformance.run", {"script": ONCE})
            if when == "while it runs":
                await session.next("stream")
            elif when == "after its reply":
                await session.reply(ref)
            if await comes_back(context, session, context.caps("resume")) is None:
                return NOT_SEEN
            expected = f"an event, repeated after a connection lost {when}: runs once, one reply, ok: true"
            try:
                reply = await _repeat(session, ref, ONCE)
                await session.run([])
            except Silent as silent:
                return Wrong(expected, str(silent))
            starts = [op["op"] for op in ops_of(session)].count("start")
            code = reply.get("error", {}).get("code")
            if starts > 1 or text_of(session).count("once.") > 1 or code == "resume_failed":
                return Wrong(expected, f"text {text_of(session)!r}, {starts} runs, {reply}")
            if reply["ok"] is not True or text_of(session) != "once.end.":
                context.inconclusive(f"the handler did not finish: {reply}")
                return NOT_SEEN
    return KEPT


@SERVER.probe("RES-8")
async def an_event_with_a_forgotten_ref_does_not_run(context: ProbeContext) -> Outcome:
    """A ref that was skipped stands for a forgotten ref: a server cannot tell them apart."""
    async with context.session() as session:
        await session.hello(context.caps("resume"))
        await session.run([])
        session.ref = 7
        await session.run([])
        if await comes_back(context, session, context.caps("resume")) is None:
            return NOT_SEEN
        expected = "ok: false with resume_failed to an unknown old ref, whose event does not run"
        try:
            reply = await _repeat(session, 4, ONCE)
            await session.run([])
        except Silent as silent:
            return Wrong(expected, str(silent))
        code = reply.get("error", {}).get("code")
        if reply["ok"] is not False or code != "resume_failed" or text_of(session):
            return Wrong(expected, f"{reply}, text {text_of(session)!r}")
    return await _forgotten(context)


async def _forgotten(context: ProbeContext) -> Outcome:
    """After more than `max_events` events the first may be forgotten, but it never runs again."""
    async with context.session() as session:
        most = (await session.hello(context.caps("resume")))["limits"]["max_events"]
        if most > 200:
            return KEPT
        for _ in range(most + 4):
            await session.run([])
        if await comes_back(context, session, context.caps("resume")) is None:
            return NOT_SEEN
        reply = await _repeat(session, 1, ONCE)
        await session.run([])
        code = reply.get("error", {}).get("code")
        if text_of(session) or (reply["ok"] is not True and code != "resume_failed"):
            return Wrong(
                "the original reply or resume_failed, and no second run",
                f"{reply}, text {text_of(session)!r}",
            )
    return KEPT


@SERVER.probe("RES-9")
async def a_resume_takes_over_a_connected_session(context: ProbeContext) -> Outcome:
    async with context.session() as old, context.session() as new:
        await old.hello(context.caps("resume"))
        await old.run([steps.text("s", "1")])
        welcome = await new.hello(context.caps("resume"), resume=old.receipts.resume(old.id))
        if welcome["session"] != old.id:
            return Wrong("the session continues on the new connection", "a new session")
        wrong = await refused(old, "taken_over", "a resume on another connection")
        if wrong is not None:
            return wrong
        new.ref = old.ref
        try:
            await new.run([steps.text("s", "2")])
        except Silent as silent:
            return Wrong("the session continues on the new connection", str(silent))
        return KEPT if text_of(new) == "2" else NOT_SEEN


@SERVER.probe("RES-20")
async def a_late_resume_does_not_disturb_the_session(context: ProbeContext) -> Outcome:
    caps = context.caps("resume")
    async with context.session() as session, context.session() as new:
        await session.hello(caps)
        await session.run([steps.text("s", "1")])
        resume = session.receipts.resume(session.id)
        if (await new.hello(caps, resume=resume | {"attempt": 2}))["session"] != session.id:
            return NOT_SEEN
        new.ref = session.ref
        for attempt in (1, 2):
            if wrong := await _late_is_refused(
                context, resume | {"attempt": attempt}, "while the other connection is open"
            ):
                return wrong
        expected = "the session continues unchanged after a late hello"
        try:
            await new.run([steps.text("s", "2")])
        except Silent as silent:
            return Wrong(expected, str(silent))
        await new.cut()
        if wrong := await _late_is_refused(
            context, resume | {"attempt": 2}, "while the session has no connection"
        ):
            return wrong
        await new.connect()
        welcome = await new.hello(caps, resume=new.receipts.resume(new.id) | {"attempt": 3})
        if welcome["session"] != session.id:
            return Wrong(f"{expected}, and can be resumed with attempt 3", "a new session")
    return KEPT


async def _late_is_refused(context: ProbeContext, resume: Frame, when: str) -> Wrong | None:
    """None if a hello with that old attempt is refused."""
    async with context.session() as late:
        await late.send(context.hello(caps=context.caps("resume"), resume=resume))
        stimulus = f"attempt {resume['attempt']} after one with attempt 2, {when}"
        return await refused(late, "taken_over", stimulus)


@SERVER.probe("RES-10")
async def a_session_of_another_principal_is_answered_like_an_unknown_one(context: ProbeContext) -> Outcome:
    if context.other_headers is None:
        context.not_applicable("the target file names no second principal: add other_headers")
    caps = context.caps("resume")
    async with context.session() as mine:
        await mine.hello(caps)
        await mine.run([steps.text("s", "1")])
        answers: list[Frame] = []
        for id in (mine.id[::-1], mine.id):
            async with context.session(headers=context.other_headers) as other:
                try:
                    welcome = await other.hello(caps, resume=mine.receipts.resume(id))
                    await other.run([])
                except Silent as silent:
                    answers.append({"instead of a welcome": str(silent)})
                    continue
                if welcome["session"] in (mine.id, id):
                    return Wrong("a new session for another principal", f"session {welcome['session']}")
                seen = [frame["type"] for frame in other.frames() if frame["type"] != "ping"]
                answers.append({**welcome, "session": "(new)", "frames": seen})
        if answers[0] != answers[1]:
            return Wrong(f"the same answer as to an unknown id: {answers[0]}", f"{answers[1]}")
        if "instead of a welcome" in answers[0]:
            return Wrong("a welcome after a resume with an unknown id", f"{answers[0]}")
        try:
            await mine.run([])
        except Silent as silent:
            return Wrong("the session is not disturbed by another principal", str(silent))
    return KEPT


@SERVER.probe("RES-11")
async def a_resume_with_other_limits_or_capabilities_fails(context: ProbeContext) -> Outcome:
    small, large = limits(64, 1 << 17), limits(64, 1 << 18)
    rich = [name for name in ("html", "ack") if name in context.agreed][:1]
    tried: list[tuple[str, list[str], Frame, list[str], Frame]] = [
        ("smaller frames", context.caps("resume"), large, context.caps("resume"), small),
        ("fewer capabilities", context.caps("resume"), large, ["resume"], large),
    ]
    if rich:
        more = limits(64, 1 << 20)
        tried.append(("more capabilities", context.caps("resume"), more, context.caps("resume", *rich), more))
    async with context.session() as session:
        await session.hello(context.caps("resume"), limits=small)
        if await comes_back(context, session, context.caps("resume"), limits=large) is None:
            return NOT_SEEN
    for what, caps, before, other_caps, after in tried:
        async with context.session() as session:
            await session.hello(caps, limits=before)
            await session.run([steps.text("s", "1")])
            id = session.id
            welcome = await session.resume(other_caps, limits=after)
            if welcome["session"] == id or "resumed" in welcome:
                return Wrong(f"a new session for a resume with {what}", "the session continues")
    return KEPT


@SERVER.probe("RES-12")
async def session_ids_are_new_and_long(context: ProbeContext) -> Outcome:
    ids: list[str] = []
    for _ in range(40):
        async with context.session() as session:
            ids.append((await session.hello(context.caps()))["session"])
    if len(set(ids)) < len(ids):
        again = next(id for id in ids if ids.count(id) > 1)
        return Wrong(f"{len(ids)} different ids", f"{again} {ids.count(again)} times")
    varied = [{id[at] for id in ids} for at in range(min(map(len, ids)))]
    alphabet = set().union(*(found for found in varied if len(found) > 1))
    bits = sum(math.log2(len(alphabet)) for found in varied if len(found) > 1)
    if bits < 128:
        return Wrong("at least 128 random bits", f"at most {bits:.0f} in ids such as {ids[0]}")
    return KEPT
