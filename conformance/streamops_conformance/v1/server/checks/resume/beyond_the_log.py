"""Chapter 11: streams that cannot be replayed in full, and views in a replay."""

from functools import partial
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.model.registry import in_turn
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.missing import is_first_after_resume
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.controls import arrives_intact
from streamops_conformance.v1.server.probe.observe import text_of
from streamops_conformance.v1.server.probe.resume import comes_back
from streamops_conformance.v1.server.session import Session
from streamops_conformance.v1.server.transcript_state import TranscriptState

Frame = dict[str, Any]
Steps = list[Frame]

LARGEST_LOG = 8 << 20
"""The largest replay log, in bytes, that a probe exceeds."""


@SERVER.rule("RES-5", "stream")
def a_gone_stream_begins_with_a_start_and_a_view_stream_waits_for_its_view(state: TranscriptState) -> Outcome:
    if not is_first_after_resume(state):
        return NOT_SEEN
    entry = (state.here.resumed or {}).get(state.name, {})
    seq, how = state.frame["seq"], entry.get("how")
    if state.name in state.here.awaited:
        return Wrong(f"a view with {state.name}, because it was resumed by view", f"a frame with seq {seq}")
    if how == "gone" and (state.ops[0]["op"] != "start" or seq <= entry["seq"]):
        first = state.ops[0]["op"]
        return Wrong(f"a start beyond {entry['seq']}, because {state.name} was gone", f"{first} at {seq}")
    too_much = state.here.missed_bytes > state.here.replay_bytes
    if how == "replay" and too_much and seq != state.cursors.get(state.name, 0) + 1:
        cursor = state.cursors.get(state.name, 0)
        return Wrong(
            f"seq {cursor + 1}, or how view or gone", f"seq {seq}: only a part of the missed operations"
        )
    return KEPT if how in ("gone", "view") else NOT_SEEN


@SERVER.rule("RES-5", "view")
def an_earlier_view_lists_no_stream_that_was_not_replayed(state: TranscriptState) -> Outcome:
    listed = state.frame["streams"]
    told = (state.here.gone | state.here.awaited) & listed.keys()
    for name in sorted(told):
        entry, at = (state.here.resumed or {})[name], listed[name]["seq"]
        if at < entry["seq"]:
            return Wrong(
                f"{name} at {entry['seq']} or more, resumed by {entry['how']}", f"a view with {name} at {at}"
            )
    return KEPT if told else NOT_SEEN


@SERVER.probe("RES-5")
async def a_stream_that_cannot_be_replayed_in_full_is_view_or_gone(context: ProbeContext) -> Outcome:
    parts = [_texts_beyond_the_log]
    if {"view", "html"} <= context.agreed:
        parts.append(_views_beyond_the_log)
    return await in_turn(*(partial(part, context) for part in parts))


def _beyond(context: ProbeContext, welcome: Frame) -> int:
    """A number of bytes that the log cannot hold; 0, with a note, if that is too much for a probe."""
    size = welcome["limits"]["replay_bytes"]
    if size > LARGEST_LOG:
        context.inconclusive(f"replay_bytes is {size}: too much for a probe to exceed")
        return 0
    return int(size * 1.5) + (1 << 16)


async def _texts_beyond_the_log(context: ProbeContext) -> Outcome:
    """The run is open and continues: if its stream is gone, nothing more of the run may arrive."""
    caps = context.caps("resume")
    if not await arrives_intact(context, [steps.text("s", "12" * 64, 1 << 10), steps.text("s", "|")]):
        return NOT_SEEN
    async with context.session() as session:
        size = _beyond(context, await session.hello(caps))
        if not size:
            return NOT_SEEN
        many = [
            steps.text("s", f"{number}" * 64, 1 << 10) for number in range(10, 10 + size // (128 << 10) + 1)
        ]
        script: Steps = [*many, steps.text("s", "|"), steps.hang()]
        await session.event("conformance.run", {"script": script})
        await session.until(
            lambda frame: any(op.get("text", "").endswith("|") for op in frame.get("ops", ())), "all"
        )
        due = text_of(session)
        welcome = await comes_back(context, session, caps, cursors={})
        if welcome is None:
            return NOT_SEEN
        entry = welcome.get("resumed", {}).get("s", {})
        await session.run([steps.start("s"), steps.text("s", "new")])
        ops = [op for frame in session.frames("stream") for op in frame["ops"]]
        got = "".join(op.get("text", "") for op in ops)
        if entry.get("how") == "replay" and got == due + "new":
            return KEPT
        if entry.get("how") == "gone" and got == "new":
            return KEPT
        expected = "replay with the whole text, or gone with no text"
        return Wrong(expected, f"{entry}, with {len(got)} of {len(due) + 3} characters")


def _has_the_end(frame: Frame) -> bool:
    return any(op.get("text", "").endswith("|") for op in frame.get("ops", ()))


async def _views_beyond_the_log(context: ProbeContext) -> Outcome:
    caps = context.caps("resume", "view", "html")
    async with context.session() as session:
        size = _beyond(context, await session.hello(caps, view=context.view(s="")))
        if not size:
            return NOT_SEEN
        script: Steps = []
        for number in range(size // (128 << 10) + 1):
            value = steps.set_variable("s", f"{number:04}", 1 << 15)
            script += [value, steps.stream_to("s"), steps.pause(20)]
        await session.run(script)
        first = session.frames("view")[0]["version"]
        welcome = await comes_back(context, session, caps, cursors={}, version=first)
        if welcome is None:
            return NOT_SEEN
        await session.run([steps.set_variable("s", "end"), steps.stream_to("s")])
        entry = welcome.get("resumed", {}).get("s", {})
        how, due = entry.get("how"), entry.get("seq", 0) + 1
        frames = [frame for frame in session.frames("stream") if frame["stream"] == "s"]
        if how == "view" and frames and due != frames[0]["seq"]:
            return Wrong(f"a frame with seq {due}", f"seq {frames[0]['seq']}")
        if how == "replay" and sum(frame["n"] for frame in frames) < session.receipts.cursors["s"]:
            return Wrong("replay with all operations, or view, or gone", "replay with a part of them")
        return KEPT if frames else NOT_SEEN


@SERVER.probe("RES-6", caps=("view",))
async def missed_views_are_replayed_in_their_place(context: ProbeContext) -> Outcome:
    caps = context.caps("resume", "view")
    async with context.session() as session:
        await session.hello(caps, view=context.view(v="-"))
        script: Steps = []
        for number in range(4):
            script += [steps.text("s", f"{number}"), steps.set_variable("v", f"{number}")]
            script += [steps.push_state()]
        await session.run(script)
        first, *missed = _placed(session)
        welcome = await comes_back(
            context, session, caps, cursors={}, version=session.frames("view")[0]["version"]
        )
        if welcome is None:
            return NOT_SEEN
        await session.run([])
        if welcome.get("resumed", {}).get("s", {}).get("how") != "replay" or not missed:
            context.inconclusive(f"even a few views are not replayed: {welcome.get('resumed')}")
            return NOT_SEEN
        again = _placed(session)
    if again[: len(missed)] == missed:
        return KEPT
    return Wrong(f"after {first} the views, each in its place: {missed}", f"{again}")


def _placed(session: Session) -> list[tuple[str, int]]:
    """For each view of this connection: its HTML, and the cursor of `s` when it arrived."""
    found: list[tuple[str, int]] = []
    cursor = 0
    for frame in session.frames():
        if frame["type"] == "stream":
            cursor = frame["seq"] + frame["n"] - 1
        elif frame["type"] == "view":
            found.append((frame["html"], cursor))
    return found
