"""Chapter 11: drawn sessions with cuts at any place, resumed from the cursors of the client."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

from streamops_conformance.generate.drawing import draw
from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.generate.sequences import sequences
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.client.probe.resume import Resumable, against_reference_client, with_its_cursors
from streamops_conformance.v1.client.sequence import SequenceSpec, messages_of, page_of

Frame = dict[str, Any]
DRAWN = 40
"""The number of drawn sequences, of which the longest are played."""
SESSIONS = 10
CUTS = 2


@CLIENT.probe("RES-16")
async def nothing_is_lost_or_repeated_wherever_a_session_is_cut(context: ClientProbeContext) -> Outcome:
    drawn = draw(sequences(context.agreed), DRAWN, context.seed)
    frames = {spec: _frames(spec) for spec in drawn}
    longest = sorted(frames, key=lambda spec: len(frames[spec]), reverse=True)[:SESSIONS]
    found = await asyncio.gather(
        *(
            against_reference_client(
                context, partial(_cut, frames[spec], place), with_its_cursors, html=page_of(spec)
            )
            for place, spec in enumerate(longest)
        )
    )
    return next((each for each in found if isinstance(each, Wrong)), KEPT)


def _frames(spec: SequenceSpec) -> list[Frame]:
    """The frames of a server, without the extras, which do not concern a resume."""
    return [message.frame for message in messages_of(replace(spec, extras=())) if message.frame is not None]


async def _cut(frames: list[Frame], place: int, session: Resumable) -> Outcome:
    """Cut after some frame, whether it arrived or not: the cursors of the client tell what it missed."""
    done = 0
    for cut in sorted((place + 1 + number * 7) % (len(frames) + 1) for number in range(CUTS)):
        for each in frames[done:cut]:
            await session.peer.send(each)
        hello = await session.cut()
        last = {each["stream"]: each["seq"] + each["n"] - 1 for each in frames[:cut] if "seq" in each}
        await session.resume(hello, **{name: ("replay", seq) for name, seq in last.items()})
        for each in frames[:cut]:
            if _missed(each, hello["resume"]):
                await session.peer.send(each)
        done = cut
    for each in frames[done:]:
        await session.peer.send(each)
    session.takes(*frames)
    return await session.wrong() or KEPT


def _missed(frame: Frame, resume: Frame) -> bool:
    if frame["type"] == "view":
        return bool(frame["version"] > resume.get("view", 0))
    return bool(frame["seq"] + frame["n"] - 1 > resume["cursors"].get(frame["stream"], 0))
