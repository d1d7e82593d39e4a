"""Chapter 15: forward compatibility."""

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.hostile import survive
from streamops_conformance.v1.server.probe.refusal import refused
from streamops_conformance.wire.silent import Silent


@SERVER.probe("FWD-1")
async def unknown_members_are_ignored(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        try:
            await session.hello(context.caps(), later={"added": [1, None]}, __proto__={"x": 1})
            await session.send({"type": "ping", "t": "a", "later": True})
            await session.next("pong")
            ref = await session.event("conformance.run", {"script": [steps.text("s", "x")]}, later=[])
            reply = await session.reply(ref)
        except Silent as silent:
            return Wrong("the same answers as without the unknown members", str(silent))
        if reply["ok"] is not True or not session.transcript.frames("stream"):
            return Wrong("the event with an unknown member runs", str(reply))
    return KEPT


@SERVER.probe("FWD-2")
async def unknown_frame_types_are_ignored(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        for frame in ({"type": "later"}, {"type": "constructor"}, {"type": "", "ref": 1}):
            await session.send(frame)
        try:
            reply = await session.run([steps.text("s", "x")])
        except Silent as silent:
            return Wrong("an event after an unknown frame type is answered", str(silent))
        return KEPT if reply["ok"] is True else Wrong("ok: true", str(reply))


@SERVER.probe("FWD-2")
async def frames_that_are_not_for_a_server_are_ignored(context: ProbeContext) -> Outcome:
    """Frames that servers send, and an `ack` in a session without the capability."""
    async with context.session() as session:
        await session.hello(context.caps())
        for frame in (
            {"type": "welcome", "session": "x"},
            {"type": "reply", "ref": 1, "ok": True},
            {"type": "stream", "stream": "s", "seq": 1, "n": 1, "ops": []},
            {"type": "ack", "cursors": {"s": 1}},
        ):
            await session.send(frame)
        try:
            reply = await session.run([steps.text("s", "x")])
        except Silent as silent:
            return Wrong("an event after a frame that is not for a server is answered", str(silent))
        return KEPT if reply["ok"] is True else Wrong("ok: true", str(reply))


@SERVER.probe("FWD-3")
async def unknown_capabilities_and_limits_are_ignored(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        limits = {"max_frame_bytes": 1 << 20, "max_fps": 60, "window": 64, "later": "x"}
        try:
            await session.hello([*context.caps(), "later", "x-later"], limits=limits)
            reply = await session.run([steps.text("s", "x")])
        except Silent as silent:
            return Wrong("the same session as without them", str(silent))
        return KEPT if reply["ok"] is True else Wrong("ok: true", str(reply))


@SERVER.probe("FWD-5")
async def an_unknown_type_before_hello_is_refused(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        await session.send({"type": "later"})
        await session.run([])
    async with context.session() as session:
        await session.send({"type": "later"})
        return await refused(session, "bad_frame", "an unknown frame type before hello") or KEPT


@SERVER.probe("FWD-1")
async def drawn_unknown_members_are_ignored(context: ProbeContext) -> Outcome:
    return await survive(context, "surplus")


@SERVER.probe("FWD-2")
async def drawn_unknown_types_are_ignored(context: ProbeContext) -> Outcome:
    return await survive(context, "unknown")
