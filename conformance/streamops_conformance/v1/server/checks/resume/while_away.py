"""Chapter 11: the session while the client is disconnected."""

import asyncio
from functools import partial

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.model.registry import in_turn
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.controls import TRIES, arrives_intact
from streamops_conformance.v1.server.probe.observe import ends_a_run, text_of
from streamops_conformance.wire.silent import Silent


@SERVER.probe("RES-1")
async def the_session_continues_without_a_connection(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        ttl = (await session.hello(context.caps("resume")))["resume_ttl_ms"]
    if ttl < 3000:
        context.inconclusive(f"resume_ttl_ms is {ttl}: on a busy machine, the suite may reconnect too late")
        return NOT_SEEN
    if not await arrives_intact(
        context, [steps.text("s", "1."), steps.pause(50), steps.text("s", "2."), steps.text("s", "3.")]
    ):
        return NOT_SEEN
    parts = [partial(_without_a_connection, context, ttl), partial(_for_long, context, ttl)]
    parts.append(partial(_after_silence, context))
    if ttl + 1500 < context.longest_wait * 1000:
        parts.append(partial(_ends, context, ttl))
    return await in_turn(*parts)


async def _without_a_connection(context: ProbeContext, ttl: int) -> Outcome:
    """A handler continues without a connection. If it ended before the cut, the next try is slower."""
    expected = "all operations of the handler, while no client was connected and after"
    for attempt in range(TRIES):
        ms = 300 * 2**attempt
        async with context.session() as session:
            await session.hello(context.caps("resume"))
            script = [
                steps.text("s", "1."),
                steps.pause(ms),
                steps.text("s", "2."),
                steps.pause(ms),
                steps.text("s", "3."),
            ]
            await session.event("conformance.run", {"script": script})
            await session.next("stream")
            await session.cut()
            if any(map(ends_a_run, session.frames("stream"))):
                continue
            before = session.id
            await asyncio.sleep(0.4)
            if (await session.resume(context.caps("resume")))["session"] != before:
                return Wrong(f"the session continues for {ttl} ms after a lost connection", "a new session")
            try:
                await session.until(ends_a_run, expected)
            except Silent as silent:
                return Wrong(expected, str(silent))
            if text_of(session) != "1.2.3.":
                return Wrong(f"{expected}: 1.2.3.", text_of(session))
            return KEPT
    context.inconclusive("every handler ended before its connection could be cut")
    return NOT_SEEN


async def _for_long(context: ProbeContext, ttl: int) -> Outcome:
    """Resume after 70 % of the TTL, or after the longest time that a probe may wait."""
    seconds = min(0.7 * ttl / 1000, 0.6 * context.longest_wait)
    async with context.session() as session:
        await session.hello(context.caps("resume"))
        before = session.id
        await session.cut()
        await asyncio.sleep(seconds)
        if (await session.resume(context.caps("resume")))["session"] != before:
            return Wrong(f"the session continues for {ttl} ms", f"it had ended after {seconds * 1000:.0f} ms")
    return KEPT


async def _after_silence(context: ProbeContext) -> Outcome:
    """A client that the server no longer hears is lost, not gone: its session waits."""
    async with context.session() as session:
        welcome = await session.hello(context.caps("resume"))
        patience = 2 * welcome["heartbeat_ms"] / 1000
        if patience > context.longest_wait:
            return KEPT  # longer than a probe may wait
        await session.run([steps.text("s", "1.")])
        before, session.answer_pings = session.id, False
        try:
            closed = await session.end(patience=patience + 8)
        except Silent:
            return KEPT  # a server may keep a silent connection
        session.answer_pings = True
        if (await session.resume(context.caps("resume")))["session"] != before:
            expected = f"the session continues after close {closed.code} of a silent connection"
            return Wrong(expected, "a new session")
    return KEPT


async def _ends(context: ProbeContext, ttl: int) -> Outcome:
    """The session has ended after its TTL, if that is short enough to wait for."""
    async with context.session() as session:
        await session.hello(context.caps("resume"))
        before = session.id
        await session.cut()
        await asyncio.sleep(ttl / 1000 + 1)
        if (await session.resume(context.caps("resume")))["session"] == before:
            return Wrong(f"the session ends {ttl} ms after its connection was lost", "it continues")
    return KEPT
