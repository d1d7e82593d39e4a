"""Chapter 6: batching and coalescing. BAT-1, which holds for every frame, is asked later (`law`)."""

import math
from itertools import pairwise
from typing import Any

from streamops_spec import load_protocol

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.oracle.coalescing import ABSORBABLE
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.transcript_state import TranscriptState
from streamops_conformance.wire.silent import Silent


def _diagnosed(state: TranscriptState, requirement: str, seen: bool) -> Outcome:
    found = state.diagnosis()
    if found.broken == requirement:
        return Wrong(found.expected, found.observed)
    return KEPT if seen else NOT_SEEN


def _neighbours(state: TranscriptState) -> list[tuple[LoggedOp, LoggedOp]]:
    return list(pairwise(state.covered))


@SERVER.rule("BAT-2", "stream", needs_program=True)
def only_neighbouring_operations_merge(state: TranscriptState) -> Outcome:
    content = [op for op in state.covered if op.kind in ABSORBABLE]
    seen = any(
        a.wire["target"] == c.wire["target"] != b.wire["target"]
        for a, b, c in zip(content, content[1:], content[2:], strict=False)
    )
    return _diagnosed(state, "BAT-2", seen)


@SERVER.rule("BAT-3", "stream", needs_program=True)
def only_texts_of_one_target_merge(state: TranscriptState) -> Outcome:
    seen = any(
        a.kind == b.kind == "text" and a.wire["target"] != b.wire["target"] for a, b in _neighbours(state)
    )
    return _diagnosed(state, "BAT-3", seen)


@SERVER.rule("BAT-4", "stream", needs_program=True)
def html_is_never_joined(state: TranscriptState) -> Outcome:
    seen = any(
        a.kind == b.kind and a.kind in ("append", "prepend") and a.wire["target"] == b.wire["target"]
        for a, b in _neighbours(state)
    )
    return _diagnosed(state, "BAT-4", seen)


@SERVER.rule("BAT-5", "stream", needs_program=True)
def nothing_merges_across_a_barrier(state: TranscriptState) -> Outcome:
    barriers = load_protocol().coalescing.barriers
    kinds = [op.kind for op in state.covered]
    content = [index for index, kind in enumerate(kinds) if kind in ABSORBABLE]
    seen = any(kind in barriers for kind in kinds[content[0] : content[-1]]) if content else False
    return _diagnosed(state, "BAT-5", seen or any(a in barriers and a == b for a, b in pairwise(kinds)))


@SERVER.rule("BAT-6", "stream", needs_program=True)
def merged_text_obeys_the_limit(state: TranscriptState) -> Outcome:
    assert state.case is not None
    size = sum(len(op.wire["text"].encode()) for op in state.covered if op.kind == "text")
    return _diagnosed(state, "BAT-6", size > state.case.limits.max_text_bytes)


TOKENS = 400


def _tokens(count: int, pause_every: int = 0) -> list[dict[str, Any]]:
    script: list[dict[str, Any]] = []
    for number in range(count):
        script.append(steps.text("s", f"t{number}."))
        if pause_every and number % pause_every == pause_every - 1:
            script.append(steps.pause(1))
    return script


@SERVER.probe("BAT-7")
async def a_stream_gets_one_frame_per_interval(context: ProbeContext) -> Outcome:
    seen: Outcome = NOT_SEEN
    for max_fps in (60, 20):
        for pause_every in (0, 4):
            async with context.session() as session:
                limits = {"max_frame_bytes": 1 << 20, "max_fps": max_fps, "window": 64}
                welcome = await session.hello(context.caps(), limits=limits)
                interval = 1000 / min(max_fps, welcome["limits"]["max_fps"])
                reply = await session.run(_tokens(TOKENS, pause_every))
                entries = session.transcript.entries
                sent = next(entry.ms for entry in entries if entry.type == "event")
                got = next(entry.ms for entry in entries if entry.type == "reply")
                frames = [frame for frame in session.transcript.frames("stream") if frame["stream"] == "s"]
                covered = sum(frame["n"] for frame in frames)
                if reply["ok"] is not True or covered < TOKENS:
                    context.inconclusive(f"{covered} operations arrived, not all of the {TOKENS}: {reply}")
                    return NOT_SEEN
                allowed = 2 + 1.1 * (got - sent) / interval
                if len(frames) > allowed:
                    return Wrong(
                        f"at most {allowed:.1f} frames in {got - sent:.0f} ms at one per {interval:.1f} ms",
                        f"{len(frames)} frames for {TOKENS} texts",
                    )
                if allowed < TOKENS:
                    seen = KEPT
    return seen


@SERVER.probe("BAT-8")
async def an_operation_after_a_quiet_time_is_sent_alone(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        welcome = await session.hello(context.caps())
        interval = 1000 / min(60, welcome["limits"]["max_fps"])
        reply = await session.run(
            [
                steps.text("s", "a"),
                steps.pause(math.ceil(interval * 10)),
                steps.text("s", "b"),
            ]
        )
        if reply["ok"] is not True:
            context.inconclusive(f"the script did not run: {reply}")
            return NOT_SEEN
        texts = [
            "".join(op.get("text", "") for op in frame["ops"])
            for frame in session.transcript.frames("stream")
        ]
        if "a" in texts and any(text.endswith("b") and "a" not in text for text in texts):
            arrived = [entry.ms for entry in session.transcript.entries if entry.type in ("event", "stream")]
            context.measure(
                "first operation after a quiet time", arrived[1] - arrived[0], "ms", bound=interval
            )
            return KEPT
        return Wrong("a and b in different frames", f"frames with {texts}")


@SERVER.probe("BAT-9")
async def pending_operations_are_sent_without_a_stimulus(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        script = [*_tokens(50), steps.hang()]
        await session.event("conformance.run", {"script": script})
        try:
            await session.until(lambda frame: "t49." in str(frame.get("ops", "")), "the last of 50 texts")
        except Silent as silent:
            return Wrong("all texts arrive while the handler waits", str(silent))
    return KEPT


@SERVER.probe("BAT-10")
async def texts_of_one_frame_are_merged(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        await session.run(_tokens(TOKENS))
        frames = session.transcript.frames("stream")
        ops = sum(op["op"] == "text" for frame in frames for op in frame["ops"])
        if sum(frame["n"] for frame in frames) < TOKENS:
            return NOT_SEEN
        return KEPT if ops < TOKENS / 2 else Wrong(f"fewer ops than the {TOKENS} texts", f"{ops} text ops")
