"""Sends drawn messages, each in its own session, and checks how the server treats them."""

import asyncio

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.server.generate.hostile import Hostile, draw_hostile
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.refusal import refused
from streamops_conformance.wire.silent import Silent

COUNT = 150
AT_ONCE = 8


async def survive(context: ProbeContext, kind: str) -> Outcome:
    """Send the drawn messages of a kind; Wrong for the first one that is not treated as required."""
    messages = [each for each in draw_hostile(COUNT, context.seed) if each.kind == kind]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(hostile: Hostile) -> Wrong | None:
        async with gate:
            return await _one(context, hostile)

    outcomes = await asyncio.gather(*(one(each) for each in messages))
    wrong = next((outcome for outcome in outcomes if outcome is not None), None)
    if wrong is not None:
        return wrong
    return KEPT if messages else NOT_SEEN


async def _one(context: ProbeContext, hostile: Hostile) -> Wrong | None:
    async with context.session() as session:
        await session.hello(context.caps())
        await session.send_raw(hostile.message)
        if hostile.refused:
            return await refused(session, "bad_frame", f"the message {hostile.message[:200]!r}")
        try:
            reply = await session.run([])
        except Silent as silent:
            return Wrong(f"the message {hostile.message[:200]!r} is ignored", str(silent))
    return None if reply.get("ok") is True else Wrong("ok: true", str(reply))
