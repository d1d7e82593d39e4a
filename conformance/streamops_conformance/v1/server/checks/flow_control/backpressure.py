"""Chapter 9: clients that do not read, and fairness between streams."""

import asyncio
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.controls import TRIES, arrives_intact, limits
from streamops_conformance.v1.server.probe.observe import ends_a_run, first_operation, ops_of
from streamops_conformance.v1.server.session import Session
from streamops_conformance.wire.silent import Silent

Frame = dict[str, Any]
Steps = list[Frame]

SOON = 4
"""Two streams wait to send: each of them gets its turn within this number of frames."""
SMALL = 1 << 16
"""The smallest `max_frame_bytes`, so that a large amount of text needs many frames."""


@SERVER.probe("FLW-7")
async def nothing_is_dropped_while_a_client_does_not_read(context: ProbeContext) -> Outcome:
    piece = "0123456789abcdef"
    pieces = 12
    script: Steps = [steps.text("s", f"<{n}>{piece}", 1 << 15) for n in range(pieces)]
    if not await arrives_intact(context, script[:2]):
        return NOT_SEEN
    async with context.session() as session:
        await session.hello(context.caps())
        await session.run([])
        session.pause()
        ref = await session.event("conformance.run", {"script": script})
        for _ in range(6):
            await asyncio.sleep(0.2)
            await session.send({"type": "pong"})  # Shows that the client is alive: it does not read pings.
        session.go_on()
        due = "".join(step["text"] * step["repeat"] for step in script)
        expected = f"all {len(due)} characters in order, or slow_consumer"
        try:
            await session.until(ends_a_run, "the end of the run")
            await session.reply(ref)
        except Silent as silent:
            fatal = [frame.get("code") for frame in session.frames("error") if frame.get("fatal")]
            if fatal == ["heartbeat_timeout"]:
                context.inconclusive(
                    "the client was too busy to send in time, so the server closed with heartbeat_timeout"
                )
                return NOT_SEEN
            if fatal != ["slow_consumer"]:
                return Wrong(expected, str(silent))
            due = due[: sum(len(op.get("text", "")) for op in ops_of(session))]
        got = "".join(op.get("text", "") for op in ops_of(session))
        if got != due:
            at = next((n for n, (a, b) in enumerate(zip(got, due, strict=False)) if a != b), len(got))
            return Wrong(expected, f"{len(got)} characters, the first wrong or missing one at {at}")
    return KEPT


@SERVER.probe("FLW-8")
async def a_stream_with_little_to_send_is_not_starved(context: ProbeContext) -> Outcome:
    """Both streams are open before, because a `start` must wait for all operations accepted before it."""
    with_ack = "ack" in context.agreed
    # Without acks, the text must be larger than the buffers of both systems.
    copies = 1 << 9 if with_ack else 1 << 12
    much: Steps = [steps.text("much", "m" * 64, copies)] * 80
    little: Steps = [steps.pause(50), steps.text("little", "l")]
    script: Steps = [
        steps.start("much"),
        steps.start("little"),
        steps.pause(100),
        steps.parallel(much, little),
    ]
    found: Outcome = NOT_SEEN
    for attempt in range(TRIES if with_ack else 1):
        async with context.session() as session:
            await session.hello(context.caps("ack"), limits=limits(1, SMALL))
            ref = await session.event("conformance.run", {"script": script})
            for name in ("much", "little"):
                await first_operation(session, name)
            if with_ack:
                session.acks = False
            else:
                session.pause()
            await asyncio.sleep(0.5 * 2**attempt)
            held = len(_texts(session))
            if with_ack:
                session.acks = True
                await session.ack()
            else:
                session.go_on()
            await session.reply(ref)
            found = _served(_texts(session), held + SOON if with_ack else None)
            if not isinstance(found, Wrong):
                return found
    return found


def _served(order: list[str], latest: int | None) -> Outcome:
    """Whether the text of `little` is among the first `latest` frames, or before the last one of `much`."""
    much = order.count("much")
    if much < SOON + 4 or "little" not in order:
        return NOT_SEEN
    at = order.index("little")
    if at > (much - 1 if latest is None else latest):
        return Wrong(f"the text of little in its turn among {much} frames of much", f"{at} of them before it")
    return KEPT


def _texts(session: Session) -> list[str]:
    """The stream name of each frame with text, in order."""
    return [frame["stream"] for frame in session.frames("stream") if _has_text(frame)]


def _has_text(frame: Frame) -> bool:
    return any(op["op"] == "text" for op in frame["ops"])
