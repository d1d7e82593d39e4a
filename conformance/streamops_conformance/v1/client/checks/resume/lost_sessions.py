"""Chapter 11: sessions that are lost, and sessions that the client gives up."""

from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.client.probe.resume import PAGE, Resumable, read, sent
from streamops_conformance.v1.frames import OPEN, at, done, error, frame, on, start, text, view
from streamops_conformance.wire.silent import Silent

Frame = dict[str, Any]


@CLIENT.probe("RES-14")
async def a_new_session_id_ends_the_open_runs(context: ClientProbeContext) -> Outcome:
    for offered in ("resume", "no resume") if "resume" in context.agreed else ("no resume",):
        found = await _lost(context, resumes=offered == "resume")
        if isinstance(found, Wrong):
            return found
    return KEPT


async def _lost(context: ClientProbeContext, *, resumes: bool) -> Outcome:
    async with context.client(PAGE) as case:
        session = Resumable(context, case)
        if not resumes:
            session.caps = [name for name in session.caps if name != "resume"]
        await session.begin()
        if session.views:
            await session.send(view(5, PAGE, a=at(0), b=at(0)))
        await session.send(frame(1, start(1), text("KEPT")))
        await session.send(frame(1, start(1, "b"), done(name="b"), start(3, "b"), name="b"))
        await session.send(frame(4, text("ALSO", target=on("b")), error(name="b"), name="b"))
        await session.settled()
        for kind, members in (
            ("event", {"event": "send_message", "params": {}}),
            ("cancel", {"stream": "a"}),
        ):
            await case.testee.say(kind, case.number, **members)
            await session.peer.next(kind)
        before = len((await case.dump())["events"])
        hello = await session.cut()
        await case.welcome(session.peer, hello, session.caps)
        await read(session.peer)
        dump = await case.dump()
        for name in ("a", "b"):
            stream = dump["streams"].get(name, {"state": "idle", "cursor": 0})
            if (stream["state"], stream["cursor"]) != ("idle", 0):
                return Wrong(f"{name} idle, with cursor 0", f"{stream}")
            late = [each for each in dump["events"][before:] if each["stream"] == name]
            ends = [each for each in late if each["event"] == "stream:done"]
            if [each.get("reason") for each in ends] != ["expired"]:
                return Wrong(f"one stream:done of {name}, with reason expired", f"{ends or 'none'}")
        shown = _shown(case, dump)
        if "KEPT" not in shown or "ALSO" not in shown:
            return Wrong("the content is kept", shown)
        if old := [*sent(session.peer, "event"), *sent(session.peer, "cancel")]:
            return Wrong("no event or cancel of the old session in the new one", f"{old}")
        if session.views:
            await session.peer.send(view(1, PAGE.replace("><", ">VIEW<", 1), a=at(0), b=at(0)))
        await session.peer.send(frame(1, start(1), text("NEW")))
        await read(session.peer)
        shown = _shown(case, await case.dump())
        if "NEW" not in shown or (session.views and "VIEW" not in shown):
            return Wrong("the content of the new session, from its first view and number on", shown)
        return KEPT


def _shown(case: Any, dump: Frame) -> str:
    return str(dump[case.testee.ready["shows"]])[:2000]


@CLIENT.probe("RES-21")
async def each_resume_has_a_greater_attempt(context: ClientProbeContext) -> Outcome:
    """Also if the hello was not answered: only the server knows whether a hello arrived late."""
    async with context.client(PAGE) as case:
        session = Resumable(context, case)
        await session.begin()
        hellos = [await session.cut()]
        hellos.append(await session.cut())
        await session.resume(hellos[-1])
        await session.settled()
        hellos.append(await session.cut())
        if any(hello.get("resume", {}).get("session") != session.session for hello in hellos):
            return NOT_SEEN
        attempts = [hello["resume"].get("attempt") for hello in hellos]
        if None not in attempts and attempts == sorted(set(attempts)):
            return KEPT
        return Wrong("in three resumes of a session, increasing attempts", f"{attempts}")


@CLIENT.probe("RES-19")
async def after_two_equal_violations_the_client_asks_for_a_new_session(
    context: ClientProbeContext,
) -> Outcome:
    gap = frame(9, text("a gap"))
    async with context.client(PAGE) as case:
        session = Resumable(context, case)
        await session.begin()
        await session.send(OPEN)
        await session.settled()
        hello = await session.cut()
        await session.resume(hello, a="replay")
        await session.peer.send(gap)
        await session.peer.end()
        hello = await session.again()
        if hello.get("resume", {}).get("session") != session.session:
            return Wrong("a resume after the first violation", f"{hello}")
        await session.resume(hello, a=("replay", 9))
        await session.peer.send(gap)
        await session.peer.end()
        hello = await session.again()
        if "resume" in hello:
            return Wrong("a hello for a new session after the same violation", f"{hello}")
        await case.welcome(session.peer, hello, session.caps)
        await session.peer.send(frame(1, start(1), text("NEW")))
        await read(session.peer)
        if "NEW" not in _shown(case, await case.dump()):
            raise Silent("the client did not show the content of its new session")
        return KEPT
