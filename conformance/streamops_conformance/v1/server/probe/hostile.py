"""Sends drawn messages, each in a session of its own, and sees what becomes of them."""

import asyncio

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.server.generate.hostile import Hostile, draw_hostile
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.probe.refusal import refused
from streamops_conformance.v1.server.session import Silent

COUNT = 150
AT_ONCE = 8


async def survive(lab: Lab, kind: str) -> Outcome:
    """The first drawn message of that kind that is not dealt with as it must be; SEEN where all are."""
    messages = [each for each in draw_hostile(COUNT, lab.seed) if each.kind == kind]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(hostile: Hostile) -> Wrong | None:
        async with gate:
            return await _one(lab, hostile)

    outcomes = await asyncio.gather(*(one(each) for each in messages))
    wrong = next((outcome for outcome in outcomes if outcome is not None), None)
    if wrong is not None:
        return wrong
    return SEEN if messages else None


async def _one(lab: Lab, hostile: Hostile) -> Wrong | None:
    async with lab.session() as session:
        await session.hello(lab.caps())
        await session.send_raw(hostile.message)
        if hostile.refused:
            return await refused(session, "bad_frame", f"the message {hostile.message[:200]!r}")
        try:
            reply = await session.run([])
        except Silent as silent:
            return Wrong(f"the message {hostile.message[:200]!r} is ignored", str(silent))
    return None if reply.get("ok") is True else Wrong("ok: true", str(reply))
