"""Chapter 3: content operations."""

from typing import Any

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.server.checks.registry import V1
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.transcript_state import Walk


def _says(walk: Walk, requirement: str, seen: bool) -> Outcome:
    found = walk.diagnosis()
    if found.broken == requirement:
        return Wrong(found.expected, found.observed)
    return SEEN if seen else None


def _content(walk: Walk, *kinds: str) -> list[LoggedOp]:
    return [op for op in walk.covered if op.kind in kinds]


@V1.rule("CNT-1", "stream", law=True)
def text_is_literal(walk: Walk) -> Outcome:
    return _says(walk, "CNT-1", any(op.wire["text"] for op in _content(walk, "text")))


@V1.rule("CNT-2", "stream", law=True)
def operations_have_the_kind_and_mode_of_their_call(walk: Walk) -> Outcome:
    return _says(walk, "CNT-2", bool(_content(walk, "text", "replace", "append", "prepend")))


@V1.rule("CNT-3", "stream", law=True)
def html_is_as_the_program_gave_it(walk: Walk) -> Outcome:
    return _says(
        walk, "CNT-3", any(not op.rerendered for op in _content(walk, "replace", "append", "prepend"))
    )


@V1.rule("CNT-4", "stream", law=True)
def targets_are_those_of_the_calls(walk: Walk) -> Outcome:
    return _says(walk, "CNT-4", bool(walk.covered))


@V1.rule("CNT-7", "stream", law=True)
def length_and_hash_on_done_are_those_of_the_run(walk: Walk) -> Outcome:
    # Both members are optional: a server that never sends them has kept the rule.
    return _says(walk, "CNT-7", bool(_content(walk, "done")))


@V1.rule("CNT-9", "stream", law=True)
def a_prune_has_the_limit_and_edge_of_its_call(walk: Walk) -> Outcome:
    return _says(walk, "CNT-9", bool(_content(walk, "prune")))


@V1.rule("CNT-10", "stream", law=True)
def a_re_render_sends_the_whole_html(walk: Walk) -> Outcome:
    return _says(walk, "CNT-10", any(op.rerendered for op in walk.covered))


@V1.rule("CNT-5", "stream", law=True)
def a_long_text_is_split_greedily(walk: Walk) -> Outcome:
    assert walk.case is not None
    limit = walk.case.limits.max_text_bytes
    # A piece that is full to within one scalar can only come from a split.
    pieces = [op for op in _content(walk, "text") if limit - 3 <= len(op.wire["text"].encode()) <= limit]
    return _says(walk, "CNT-5", bool(pieces))


@V1.probe("CNT-6")
async def a_lone_surrogate_raises_in_the_program(lab: Lab) -> Outcome:
    async with lab.session() as session:
        await session.hello(lab.caps())
        control = await session.run(
            [{"do": "text_units", "stream": "control", "units": [0xD83E, 0xDDEA, 98]}]
        )
        texts = [op.get("text", "") for frame in session.transcript.frames("stream") for op in frame["ops"]]
        if control["ok"] is not True or "".join(texts) != "\U0001f9eab":
            lab.inconclusive(f"the control, a paired surrogate, was not accepted: {control}, {texts}")
            return None
        for units in ([120, 0xD800], [0xDC00], [0xDC00, 0xD800, 120]):
            reply = await session.run([{"do": "text_units", "stream": "s", "units": units}])
            if reply["ok"] is not False:
                return Wrong(f"ok: false to a text of the units {units}", str(reply))
        frames = [frame for frame in session.transcript.frames("stream") if frame["stream"] == "s"]
        return Wrong("no operation of that text", str(frames[0])) if frames else SEEN


@V1.probe("CNT-8")
async def what_was_not_agreed_is_unsupported(lab: Lab) -> Outcome:
    gated: dict[str, list[dict[str, Any]]] = {
        "html": [
            {"do": "replace", "stream": "s", "html": "<b>x</b>"},
            {"do": "insert", "stream": "s", "html": "<b>x</b>"},
            {"do": "insert", "stream": "s", "html": "<b>x</b>", "at": "prepend"},
            {"do": "prune", "stream": "s", "limit": 0},
            {"do": "text", "stream": "s", "text": "x", "target": "#c"},
            {"do": "delete", "stream": "s"},
        ],
        "view": [{"do": "push_state"}],
    }
    seen = False
    for capability, calls in gated.items():
        if capability not in lab.agreed:
            continue
        for call in calls:
            for caps, accepted in ((lab.caps(capability), True), (lab.caps(), False)):
                async with lab.session() as session:
                    await session.hello(caps, view=lab.view())
                    before = {"do": "text", "stream": "before", "text": "x"}
                    reply = await session.run([before, call])
                    code = reply.get("error", {}).get("code")
                    if accepted and reply["ok"] is not True:
                        lab.inconclusive(f"the control, {call['do']} with {capability}, failed: {reply}")
                        return None
                    if not accepted and (reply["ok"] is not False or code != "unsupported"):
                        return Wrong(f"unsupported to {call} without {capability}", str(reply))
                    frames = session.transcript.frames("stream")
                    if not accepted and any(frame["stream"] == "s" for frame in frames):
                        return Wrong(f"no operation for {call} without {capability}", str(frames[-1]))
            seen = True
    if not seen:
        lab.not_applicable("the target declares no capability that gates a call")
    return SEEN if seen else None
