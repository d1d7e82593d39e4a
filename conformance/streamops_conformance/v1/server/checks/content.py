"""Chapter 3: content operations."""

from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.transcript_state import TranscriptState


def _diagnosed(state: TranscriptState, requirement: str, seen: bool) -> Outcome:
    found = state.diagnosis()
    if found.broken == requirement:
        return Wrong(found.expected, found.observed)
    return KEPT if seen else NOT_SEEN


def _content(state: TranscriptState, *kinds: str) -> list[LoggedOp]:
    return [op for op in state.covered if op.kind in kinds]


@SERVER.rule("CNT-1", "stream", needs_program=True)
def text_is_literal(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "CNT-1", any(op.wire["text"] for op in _content(state, "text")))


@SERVER.rule("CNT-2", "stream", needs_program=True)
def operations_have_the_kind_and_mode_of_their_call(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "CNT-2", bool(_content(state, "text", "replace", "append", "prepend")))


@SERVER.rule("CNT-3", "stream", needs_program=True)
def html_is_sent_as_the_program_gave_it(state: TranscriptState) -> Outcome:
    return _diagnosed(
        state, "CNT-3", any(not op.rerendered for op in _content(state, "replace", "append", "prepend"))
    )


@SERVER.rule("CNT-4", "stream", needs_program=True)
def targets_match_the_calls(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "CNT-4", bool(state.covered))


@SERVER.rule("CNT-7", "stream", needs_program=True)
def length_and_hash_on_done_match_the_run(state: TranscriptState) -> Outcome:
    # Both members are optional: a server that never sends them obeys the rule.
    return _diagnosed(state, "CNT-7", bool(_content(state, "done")))


@SERVER.rule("CNT-9", "stream", needs_program=True)
def a_prune_has_the_limit_and_edge_of_its_call(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "CNT-9", bool(_content(state, "prune")))


@SERVER.rule("CNT-10", "stream", needs_program=True)
def a_re_render_sends_the_whole_html(state: TranscriptState) -> Outcome:
    return _diagnosed(state, "CNT-10", any(op.rerendered for op in state.covered))


@SERVER.rule("CNT-5", "stream", needs_program=True)
def a_long_text_is_split_greedily(state: TranscriptState) -> Outcome:
    assert state.case is not None
    limit = state.case.limits.max_text_bytes
    # Only a split makes a piece that has no space for one more scalar.
    pieces = [op for op in _content(state, "text") if limit - 3 <= len(op.wire["text"].encode()) <= limit]
    return _diagnosed(state, "CNT-5", bool(pieces))


@SERVER.probe("CNT-6")
async def a_lone_surrogate_raises_in_the_program(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        control = await session.run([steps.step("text_units", stream="control", units=[0xD83E, 0xDDEA, 98])])
        texts = [op.get("text", "") for frame in session.transcript.frames("stream") for op in frame["ops"]]
        if control["ok"] is not True or "".join(texts) != "\U0001f9eab":
            context.inconclusive(f"the control, a paired surrogate, was not accepted: {control}, {texts}")
            return NOT_SEEN
        for units in ([120, 0xD800], [0xDC00], [0xDC00, 0xD800, 120]):
            reply = await session.run([steps.step("text_units", stream="s", units=units)])
            if reply["ok"] is not False:
                return Wrong(f"ok: false to a text of the units {units}", str(reply))
        frames = [frame for frame in session.transcript.frames("stream") if frame["stream"] == "s"]
        return Wrong("no operation of that text", str(frames[0])) if frames else KEPT


@SERVER.probe("CNT-8")
async def a_call_without_its_capability_is_unsupported(context: ProbeContext) -> Outcome:
    gated: dict[str, list[dict[str, Any]]] = {
        "html": [
            steps.replace("s", "<b>x</b>"),
            steps.step("insert", stream="s", html="<b>x</b>"),
            steps.step("insert", stream="s", html="<b>x</b>", at="prepend"),
            steps.step("prune", stream="s", limit=0),
            steps.text("s", "x", target="#c"),
            steps.step("delete", stream="s"),
        ],
        "view": [steps.push_state()],
    }
    seen = False
    for capability, calls in gated.items():
        if capability not in context.agreed:
            continue
        for call in calls:
            for caps, accepted in ((context.caps(capability), True), (context.caps(), False)):
                async with context.session() as session:
                    await session.hello(caps, view=context.view())
                    before = steps.text("before", "x")
                    reply = await session.run([before, call])
                    code = reply.get("error", {}).get("code")
                    if accepted and reply["ok"] is not True:
                        context.inconclusive(f"the control, {call['do']} with {capability}, failed: {reply}")
                        return NOT_SEEN
                    if not accepted and (reply["ok"] is not False or code != "unsupported"):
                        return Wrong(f"unsupported to {call} without {capability}", str(reply))
                    frames = session.transcript.frames("stream")
                    if not accepted and any(frame["stream"] == "s" for frame in frames):
                        return Wrong(f"no operation for {call} without {capability}", str(frames[-1]))
            seen = True
    if not seen:
        context.not_applicable("the target declares no capability that gates a call")
    return KEPT if seen else NOT_SEEN


@SERVER.probe("CNT-11")
async def a_stream_that_the_template_does_not_mark_cannot_be_re_rendered(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps("html", "view"), view=context.view(marked="<1>"))
        good = await session.run([steps.stream_to("marked")])
        if good["ok"] is not True:
            context.inconclusive(f"the control, a stream that the template marks, was refused: {good}")
            return NOT_SEEN
        reply = await session.run([steps.stream_to("unmarked")])
        if reply["ok"] is not False:
            return Wrong("ok: false, because there is nothing to render", str(reply)[:300])
        frames = [frame for frame in session.transcript.frames("stream") if frame["stream"] == "unmarked"]
        return Wrong("no operation on such a stream", str(frames[0])[:300]) if frames else KEPT
