"""Chapter 2: frames."""

from typing import Any

from streamops_spec import load_shapes

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.hostile import survive
from streamops_conformance.v1.server.probe.refusal import refused
from streamops_conformance.v1.server.transcript_state import TranscriptState


@SERVER.rule("FRM-1", "*")
def every_message_is_text_with_one_json_object(state: TranscriptState) -> Outcome:
    if state.entry.frame is None:
        return Wrong("a text message that holds one JSON object", state.entry.fault)
    if not isinstance(state.frame.get("type"), str):
        return Wrong("a member type that is a string", f"type {state.frame.get('type')!r}")
    return KEPT


@SERVER.rule("FRM-2", "*")
def every_message_is_i_json(state: TranscriptState) -> Outcome:
    return Wrong("I-JSON", state.entry.fault) if state.entry.fault else KEPT


def _shape(state: TranscriptState, name: str) -> Outcome:
    shapes = load_shapes(f"v1:{name}")
    if shapes.is_valid(state.frame):
        return KEPT
    return Wrong(f"a frame that matches urn:streamops:v1:{name}", shapes.explain(state.frame))


@SERVER.rule("FRM-3", "welcome")
def welcomes_match_their_schema(state: TranscriptState) -> Outcome:
    return _shape(state, "welcome")


@SERVER.rule("FRM-4", "stream")
def stream_frames_match_their_schema(state: TranscriptState) -> Outcome:
    return _shape(state, "stream")


@SERVER.rule("FRM-5", "view")
def views_match_their_schema(state: TranscriptState) -> Outcome:
    return _shape(state, "view")


@SERVER.rule("FRM-6", "reply")
def replies_match_their_schema(state: TranscriptState) -> Outcome:
    return _shape(state, "reply")


@SERVER.rule("FRM-7", "error")
def error_frames_match_their_schema(state: TranscriptState) -> Outcome:
    return _shape(state, "error")


@SERVER.rule("FRM-8", "ping", "pong")
def pings_and_pongs_match_their_schema(state: TranscriptState) -> Outcome:
    return _shape(state, state.entry.type)


@SERVER.probe("FRM-13")
async def messages_that_are_not_an_object_are_refused(context: ProbeContext) -> Outcome:
    for message in ('{"type":"ping"', "[]", '"ping"', "7", "null", "", '{"type":"ping"} {}'):
        async with context.session() as session:
            await session.hello(context.caps())
            await session.send({"type": "ping", "t": "control"})
            await session.next("pong")
            await session.send_raw(message)
            wrong = await refused(session, "bad_frame", f"the message {message!r}")
            if wrong is not None:
                return wrong
    return KEPT


@SERVER.probe("FRM-13")
async def drawn_messages_that_are_not_an_object_are_refused(context: ProbeContext) -> Outcome:
    return await survive(context, "object")


@SERVER.probe("FRM-14")
async def binary_messages_are_refused(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        await session.send({"type": "ping", "t": "control"})
        await session.next("pong")
        await session.send_raw(b'{"type":"ping","t":"control"}')
        return await refused(session, "bad_frame", "a valid ping in a binary message") or KEPT


@SERVER.probe("FRM-15")
async def known_frames_with_wrong_members_are_refused(context: ProbeContext) -> Outcome:
    good: dict[str, Any] = {"type": "event", "ref": 1, "event": "conformance.run", "params": {"script": []}}
    broken: list[dict[str, Any]] = [
        {key: value for key, value in good.items() if key != "ref"},
        {"type": "cancel", "stream": "s", "RUN": 1},
        {**good, "ref": "1"},
        {**good, "ref": 0},
        {**good, "ref": 1.5},
        {**good, "ref": True},
        {key: value for key, value in good.items() if key != "event"},
        {**good, "event": 7},
        {**good, "params": []},
        {**good, "params": None},
        {key: value for key, value in good.items() if key != "params"},
        {"type": "ping", "t": 7},
        {"ref": 1},
        {"type": 7},
    ]
    async with context.session() as session:
        await session.hello(context.caps())
        await session.send(good)
        await session.reply(1)
    for frame in broken:
        async with context.session() as session:
            await session.hello(context.caps())
            await session.send(frame)
            wrong = await refused(session, "bad_frame", f"the frame {frame}")
            if wrong is not None:
                return wrong
    return KEPT


@SERVER.probe("FRM-15")
async def drawn_frames_with_wrong_members_are_refused(context: ProbeContext) -> Outcome:
    return await survive(context, "member")
