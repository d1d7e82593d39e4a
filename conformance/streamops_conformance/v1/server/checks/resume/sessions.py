"""Chapter 11: events that run once, sessions that are taken over, and whose they are."""

import math
from typing import Any

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.cancel import ops_of
from streamops_conformance.v1.server.checks.flow_control.window import limits, whole
from streamops_conformance.v1.server.checks.registry import V1
from streamops_conformance.v1.server.checks.resume.cursors import comes_back, pause, text, text_of
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.probe.refusal import refused
from streamops_conformance.v1.server.session import Session, Silent

Frame = dict[str, Any]
Steps = list[Frame]

ONCE: Steps = [text("s", "once."), pause(200), text("s", "end.")]


async def _again(session: Session, ref: int, script: Steps) -> Frame:
    """Send an event under a ref of before, and return its reply. Raises Silent."""
    await session.send(
        {"type": "event", "ref": ref, "event": "conformance.run", "params": {"script": script}}
    )
    return await session.reply(ref)


@V1.probe("RES-7")
async def a_repeated_event_runs_once(lab: Lab) -> Outcome:
    if not await whole(lab, ONCE):
        return None
    for when in ("before anything came", "while it runs", "when it is answered"):
        async with lab.session() as session:
            await session.hello(lab.caps("resume"))
            ref = await session.event("conformance.run", {"script": ONCE})
            if when == "while it runs":
                await session.next("stream")
            elif when == "when it is answered":
                await session.reply(ref)
            if await comes_back(lab, session, lab.caps("resume")) is None:
                return None
            expected = f"an event repeated, its connection lost {when}: run once, answered once, ok"
            try:
                reply = await _again(session, ref, ONCE)
                await session.run([])
            except Silent as silent:
                return Wrong(expected, str(silent))
            starts = [op["op"] for op in ops_of(session)].count("start")
            code = reply.get("error", {}).get("code")
            if starts > 1 or text_of(session).count("once.") > 1 or code == "resume_failed":
                return Wrong(expected, f"text {text_of(session)!r}, {starts} runs, {reply}")
            if reply["ok"] is not True or text_of(session) != "once.end.":
                lab.inconclusive(f"the handler did not come to its end: {reply}")
                return None
    return SEEN


@V1.probe("RES-8")
async def a_ref_that_is_not_kept_is_not_run(lab: Lab) -> Outcome:
    """One that was passed over stands for one that was forgotten: to a server they are the same."""
    async with lab.session() as session:
        await session.hello(lab.caps("resume"))
        await session.run([])
        session.ref = 7
        await session.run([])
        if await comes_back(lab, session, lab.caps("resume")) is None:
            return None
        expected = "ok: false with resume_failed to an old ref that is not known, which is not run"
        try:
            reply = await _again(session, 4, ONCE)
            await session.run([])
        except Silent as silent:
            return Wrong(expected, str(silent))
        code = reply.get("error", {}).get("code")
        if reply["ok"] is not False or code != "resume_failed" or text_of(session):
            return Wrong(expected, f"{reply}, text {text_of(session)!r}")
    return await _forgotten(lab)


async def _forgotten(lab: Lab) -> Outcome:
    """After more events than `max_events` the first may be forgotten, and is never run again."""
    async with lab.session() as session:
        most = (await session.hello(lab.caps("resume")))["limits"]["max_events"]
        if most > 200:
            return SEEN
        for _ in range(most + 4):
            await session.run([])
        if await comes_back(lab, session, lab.caps("resume")) is None:
            return None
        reply = await _again(session, 1, ONCE)
        await session.run([])
        code = reply.get("error", {}).get("code")
        if text_of(session) or (reply["ok"] is not True and code != "resume_failed"):
            return Wrong(
                "the reply of then, or resume_failed; not run", f"{reply}, text {text_of(session)!r}"
            )
    return SEEN


@V1.probe("RES-9")
async def a_resume_takes_a_live_session_over(lab: Lab) -> Outcome:
    async with lab.session() as old, lab.session() as new:
        await old.hello(lab.caps("resume"))
        await old.run([text("s", "1")])
        welcome = await new.hello(lab.caps("resume"), resume=old.receipts.resume(old.id))
        if welcome["session"] != old.id:
            return Wrong("the session goes on on the new connection", "a new session")
        wrong = await refused(old, "taken_over", "a resume on another connection")
        if wrong is not None:
            return wrong
        new.ref = old.ref
        try:
            await new.run([text("s", "2")])
        except Silent as silent:
            return Wrong("the session goes on on the new connection", str(silent))
        return SEEN if text_of(new) == "2" else None


@V1.probe("RES-20")
async def a_late_resume_leaves_the_session_alone(lab: Lab) -> Outcome:
    caps = lab.caps("resume")
    async with lab.session() as session, lab.session() as new:
        await session.hello(caps)
        await session.run([text("s", "1")])
        resume = session.receipts.resume(session.id)
        if (await new.hello(caps, resume=resume | {"attempt": 2}))["session"] != session.id:
            return None
        new.ref = session.ref
        for attempt in (1, 2):
            if wrong := await _late(lab, resume | {"attempt": attempt}, "while the other is open"):
                return wrong
        expected = "the session goes on where it was after a late hello"
        try:
            await new.run([text("s", "2")])
        except Silent as silent:
            return Wrong(expected, str(silent))
        await new.cut()
        if wrong := await _late(lab, resume | {"attempt": 2}, "while nobody has the session"):
            return wrong
        await new.connect()
        welcome = await new.hello(caps, resume=new.receipts.resume(new.id) | {"attempt": 3})
        if welcome["session"] != session.id:
            return Wrong(f"{expected}, and is resumed with attempt 3", "a new session")
    return SEEN


async def _late(lab: Lab, resume: Frame, when: str) -> Wrong | None:
    """None where a hello with that old attempt is refused."""
    async with lab.session() as late:
        await late.send(lab.hello(caps=lab.caps("resume"), resume=resume))
        stimulus = f"attempt {resume['attempt']} after one with attempt 2, {when}"
        return await refused(late, "taken_over", stimulus)


@V1.probe("RES-10")
async def a_session_of_somebody_else_is_as_unknown_as_none(lab: Lab) -> Outcome:
    if lab.other_headers is None:
        lab.not_applicable("the target file names no second principal: give it other_headers")
    caps = lab.caps("resume")
    async with lab.session() as mine:
        await mine.hello(caps)
        await mine.run([text("s", "1")])
        answers: list[Frame] = []
        for id in (mine.id[::-1], mine.id):
            async with lab.session(headers=lab.other_headers) as other:
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
            return Wrong(f"as to an unknown id: {answers[0]}", f"{answers[1]}")
        if "instead of a welcome" in answers[0]:
            return Wrong("a welcome to an unknown id", f"{answers[0]}")
        try:
            await mine.run([])
        except Silent as silent:
            return Wrong("the session is not touched by others", str(silent))
    return SEEN


@V1.probe("RES-11")
async def a_resume_that_changes_the_terms_fails(lab: Lab) -> Outcome:
    small, large = limits(64, 1 << 17), limits(64, 1 << 18)
    rich = [name for name in ("html", "ack") if name in lab.agreed][:1]
    tried: list[tuple[str, list[str], Frame, list[str], Frame]] = [
        ("smaller frames", lab.caps("resume"), large, lab.caps("resume"), small),
        ("fewer capabilities", lab.caps("resume"), large, ["resume"], large),
    ]
    if rich:
        more = limits(64, 1 << 20)
        tried.append(("more capabilities", lab.caps("resume"), more, lab.caps("resume", *rich), more))
    async with lab.session() as session:
        await session.hello(lab.caps("resume"), limits=small)
        if await comes_back(lab, session, lab.caps("resume"), limits=large) is None:
            return None
    for what, caps, before, other_caps, after in tried:
        async with lab.session() as session:
            await session.hello(caps, limits=before)
            await session.run([text("s", "1")])
            id = session.id
            welcome = await session.resume(other_caps, limits=after)
            if welcome["session"] == id or "resumed" in welcome:
                return Wrong(f"a new session for a resume with {what}", "the session goes on")
    return SEEN


@V1.probe("RES-12")
async def session_ids_are_new_and_long(lab: Lab) -> Outcome:
    ids: list[str] = []
    for _ in range(40):
        async with lab.session() as session:
            ids.append((await session.hello(lab.caps()))["session"])
    if len(set(ids)) < len(ids):
        again = next(id for id in ids if ids.count(id) > 1)
        return Wrong(f"{len(ids)} different ids", f"{again} {ids.count(again)} times")
    varied = [{id[at] for id in ids} for at in range(min(map(len, ids)))]
    alphabet = set().union(*(found for found in varied if len(found) > 1))
    bits = sum(math.log2(len(alphabet)) for found in varied if len(found) > 1)
    if bits < 128:
        return Wrong("at least 128 random bits", f"at most {bits:.0f} in ids such as {ids[0]}")
    return SEEN
