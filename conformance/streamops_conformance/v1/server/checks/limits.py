"""Chapter 14: limits and security."""

import json

from streamops_spec import load_protocol

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.transcript_state import TranscriptState
from streamops_conformance.wire.silent import Silent
from streamops_conformance.wire.upgrade import upgrade

FOREIGN = "https://elsewhere.invalid"


@SERVER.rule("LIM-1", "*")
def no_frame_exceeds_the_max_frame_bytes_of_the_client(state: TranscriptState) -> Outcome:
    limit = state.hello.get("limits", {}).get("max_frame_bytes")
    if not isinstance(limit, int):
        return NOT_SEEN
    size = state.entry.size()
    return Wrong(f"at most {limit} bytes", f"{size} bytes") if size > limit else NOT_SEEN


@SERVER.probe("LIM-1")
async def pending_operations_are_split_to_fit_the_limit(context: ProbeContext) -> Outcome:
    limit = load_protocol().limits.min_frame_bytes
    async with context.session() as session:
        await session.hello(["x-conformance"], limits={"max_frame_bytes": limit, "max_fps": 60, "window": 64})
        # Quotes and control characters: their escapes make a frame larger than its text.
        reply = await session.run([steps.text("s", '"\u0001', 100_000)])
        frames = [entry for entry in session.transcript.entries if entry.type == "stream"]
        text = sum(len(op.get("text", "")) for entry in frames for op in (entry.frame or {})["ops"])
        if reply["ok"] is not True or text < 200_000:
            return NOT_SEEN
        largest = max(entry.size() for entry in frames)
        return KEPT if largest <= limit else Wrong(f"at most {limit} bytes", f"{largest} bytes")


@SERVER.probe("LIM-2")
async def a_message_over_the_limit_is_refused(context: ProbeContext) -> Outcome:
    row = load_protocol().close_codes["frame_too_large"]
    async with context.session() as session:
        limit = (await session.hello(context.caps()))["limits"]["max_frame_bytes"]
        if limit > 1 << 25:
            context.inconclusive(f"max_frame_bytes is {limit}: too large for a probe")
            return NOT_SEEN
        await session.send_raw(_padded(limit))
        await session.next("pong")
        await session.send_raw(_padded(limit + 1))
        try:
            closed = await session.end()
        except Silent as silent:
            return Wrong(f"close {row.close} or {row.also[0]}", str(silent))
        fatal = [frame for frame in session.transcript.frames("error") if frame.get("fatal")]
        if closed.code not in (row.close, *row.also):
            return Wrong(f"close {row.close} or {row.also[0]}", f"close {closed.code} {closed.reason!r}")
        if fatal and fatal[-1]["code"] != "frame_too_large":
            return Wrong("frame_too_large", str(fatal[-1]))
    return KEPT


def _padded(size: int) -> str:
    """A ping of exactly `size` bytes, filled up with an unknown member."""
    empty = json.dumps({"type": "ping", "t": "t", "padding": ""}, separators=(",", ":"))
    return json.dumps({"type": "ping", "t": "t", "padding": "x" * (size - len(empty))}, separators=(",", ":"))


@SERVER.probe("LIM-3")
async def html_that_cannot_fit_raises_overflow(context: ProbeContext) -> Outcome:
    limit = load_protocol().limits.min_frame_bytes_html
    async with context.session() as session:
        await session.hello(
            context.caps("html"),
            view=context.view(),
            limits={"max_frame_bytes": limit, "max_fps": 60, "window": 64},
        )
        half = await session.run([steps.replace("s", "xy", limit // 4)])
        if half["ok"] is not True:
            context.inconclusive(f"the control, HTML of half the limit, was refused: {half}")
            return NOT_SEEN
        seen = len([frame for frame in session.transcript.frames("stream") if frame["stream"] == "s"])
        for step in ("replace", "insert"):
            reply = await session.run([steps.step(step, stream="big", html="xy", repeat=limit // 2 + 1)])
            if reply["ok"] is not False or reply["error"]["code"] != "overflow":
                return Wrong(f"overflow for a {step} of {limit + 2} bytes", str(reply)[:300])
        frames = [frame for frame in session.transcript.frames("stream") if frame["stream"] == "big"]
        if frames:
            return Wrong("no operation for HTML that cannot fit", str(frames[0])[:300])
        return KEPT if seen else NOT_SEEN


@SERVER.probe("LIM-4")
async def a_stream_beyond_max_streams_fails_only_its_call(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        limit = (await session.hello(context.caps()))["limits"]["max_streams"]
        if limit > 5000:
            context.inconclusive(f"max_streams is {limit}: too many for a probe")
            return NOT_SEEN
        names = [f"s{number}" for number in range(limit)]
        for begin in range(0, limit, 500):
            texts = [steps.text(name, "x") for name in names[begin : begin + 500]]
            reply = await session.run(texts)
            if reply["ok"] is not True:
                return Wrong(f"calls on {limit} names succeed", str(reply))
        surplus = await session.run([steps.text("surplus", "x")])
        if surplus["ok"] is not False:
            return Wrong(f"a call on name {limit + 1} fails", str(surplus))
        ended = await session.run([steps.done("surplus")])
        if ended["ok"] is not False:
            return Wrong(f"a done call on name {limit + 1} fails too", str(ended))
        again = await session.run([steps.text(names[0], "y")])
        if again["ok"] is not True:
            return Wrong("calls on the earlier names succeed", str(again))
        if any(frame["stream"] == "surplus" for frame in session.transcript.frames("stream")):
            return Wrong("no operation on the surplus stream", "a frame for it")
    return KEPT


@SERVER.probe("LIM-5")
async def a_foreign_origin_gets_403(context: ProbeContext) -> Outcome:
    offered = [load_protocol().subprotocol]
    headers = {name: value for name, value in context.headers.items() if name.lower() != "origin"}
    control = await upgrade(context.url, subprotocols=offered, headers=headers)
    if control.status != 101:
        return Wrong("an upgrade without Origin is accepted", f"status {control.status}")
    answer = await upgrade(context.url, subprotocols=offered, headers={**headers, "Origin": FOREIGN})
    return (
        KEPT
        if answer.status == 403
        else Wrong(f"status 403 for the Origin {FOREIGN}", f"status {answer.status}")
    )


async def _extensions(context: ProbeContext) -> str | None:
    answer = await upgrade(
        context.url,
        subprotocols=[load_protocol().subprotocol],
        headers={**context.headers, "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"},
    )
    return answer.headers.get("sec-websocket-extensions", "") if answer.status == 101 else None


@SERVER.probe("LIM-6")
async def compression_is_not_negotiated(context: ProbeContext) -> Outcome:
    extensions = await _extensions(context)
    if extensions is None:
        return NOT_SEEN
    return Wrong("no permessage-deflate", extensions) if "permessage-deflate" in extensions else KEPT


@SERVER.probe("LIM-7")
async def compression_has_no_context_takeover(context: ProbeContext) -> Outcome:
    extensions = await _extensions(context)
    if extensions is None:
        return NOT_SEEN
    both = ("server_no_context_takeover", "client_no_context_takeover")
    if "permessage-deflate" in extensions and any(way not in extensions for way in both):
        return Wrong(f"no compression, or {' and '.join(both)}", extensions)
    return KEPT


@SERVER.probe("LIM-8")
async def a_malformed_stream_name_raises(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        good = await session.run([steps.text("A" * 64, "x")])
        if good["ok"] is not True:
            return Wrong("a call on a name of 64 letters succeeds", str(good))
        before = len(session.transcript.frames("stream"))
        for name in ("", "1a", "a b", "a'b", 'a"b', "a]", "é", "A" * 65, "__proto__", "a\n"):
            reply = await session.run([steps.text(name, "x")])
            if reply["ok"] is not False:
                return Wrong(f"ok: false to the name {name!r}", str(reply))
        after = session.transcript.frames("stream")[before:]
        return Wrong("no operation on such a stream", str(after[0])) if after else KEPT
