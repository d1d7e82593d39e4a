"""Chapter 6: batching and coalescing. BAT-1, what every frame must obey, is asked after these."""

import math
from itertools import pairwise
from typing import Any

from streamops_spec import load_protocol

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.oracle.coalescing import ABSORBABLE
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.server.checks.registry import V1
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.session import Silent
from streamops_conformance.v1.server.transcript_state import Walk


def _says(walk: Walk, requirement: str, seen: bool) -> Outcome:
    found = walk.diagnosis()
    if found.broken == requirement:
        return Wrong(found.expected, found.observed)
    return SEEN if seen else None


def _neighbours(walk: Walk) -> list[tuple[LoggedOp, LoggedOp]]:
    return list(pairwise(walk.covered))


@V1.rule("BAT-2", "stream", law=True)
def only_neighbours_merge(walk: Walk) -> Outcome:
    content = [op for op in walk.covered if op.kind in ABSORBABLE]
    seen = any(
        a.wire["target"] == c.wire["target"] != b.wire["target"]
        for a, b, c in zip(content, content[1:], content[2:], strict=False)
    )
    return _says(walk, "BAT-2", seen)


@V1.rule("BAT-3", "stream", law=True)
def only_equal_targets_merge(walk: Walk) -> Outcome:
    seen = any(
        a.kind == b.kind == "text" and a.wire["target"] != b.wire["target"] for a, b in _neighbours(walk)
    )
    return _says(walk, "BAT-3", seen)


@V1.rule("BAT-4", "stream", law=True)
def html_is_never_joined(walk: Walk) -> Outcome:
    seen = any(
        a.kind == b.kind and a.kind in ("append", "prepend") and a.wire["target"] == b.wire["target"]
        for a, b in _neighbours(walk)
    )
    return _says(walk, "BAT-4", seen)


@V1.rule("BAT-5", "stream", law=True)
def nothing_merges_across_a_barrier(walk: Walk) -> Outcome:
    barriers = load_protocol().coalescing.barriers
    kinds = [op.kind for op in walk.covered]
    content = [index for index, kind in enumerate(kinds) if kind in ABSORBABLE]
    seen = any(kind in barriers for kind in kinds[content[0] : content[-1]]) if content else False
    return _says(walk, "BAT-5", seen or any(a in barriers and a == b for a, b in pairwise(kinds)))


@V1.rule("BAT-6", "stream", law=True)
def merged_text_obeys_the_limit(walk: Walk) -> Outcome:
    assert walk.case is not None
    size = sum(len(op.wire["text"].encode()) for op in walk.covered if op.kind == "text")
    return _says(walk, "BAT-6", size > walk.case.limits.max_text_bytes)


TOKENS = 400


def _tokens(count: int, pause_every: int = 0) -> list[dict[str, Any]]:
    script: list[dict[str, Any]] = []
    for number in range(count):
        script.append({"do": "text", "stream": "s", "text": f"t{number}."})
        if pause_every and number % pause_every == pause_every - 1:
            script.append({"do": "sleep_ms", "ms": 1})
    return script


@V1.probe("BAT-7")
async def a_stream_gets_one_frame_per_interval(lab: Lab) -> Outcome:
    seen: Outcome = None
    for max_fps in (60, 20):
        for pause_every in (0, 4):
            async with lab.session() as session:
                limits = {"max_frame_bytes": 1 << 20, "max_fps": max_fps, "window": 64}
                welcome = await session.hello(lab.caps(), limits=limits)
                interval = 1000 / min(max_fps, welcome["limits"]["max_fps"])
                reply = await session.run(_tokens(TOKENS, pause_every))
                entries = session.transcript.entries
                sent = next(entry.ms for entry in entries if entry.type == "event")
                got = next(entry.ms for entry in entries if entry.type == "reply")
                frames = [frame for frame in session.transcript.frames("stream") if frame["stream"] == "s"]
                covered = sum(frame["n"] for frame in frames)
                if reply["ok"] is not True or covered < TOKENS:
                    lab.inconclusive(f"{covered} operations arrived of {TOKENS} and more: {reply}")
                    return None
                allowed = 2 + 1.1 * (got - sent) / interval
                if len(frames) > allowed:
                    return Wrong(
                        f"at most {allowed:.1f} frames in {got - sent:.0f} ms of {interval:.1f} ms intervals",
                        f"{len(frames)} frames for {TOKENS} texts",
                    )
                if allowed < TOKENS:
                    seen = SEEN
    return seen


@V1.probe("BAT-8")
async def after_quiet_an_operation_goes_alone(lab: Lab) -> Outcome:
    async with lab.session() as session:
        welcome = await session.hello(lab.caps())
        interval = 1000 / min(60, welcome["limits"]["max_fps"])
        reply = await session.run(
            [
                {"do": "text", "stream": "s", "text": "a"},
                {"do": "sleep_ms", "ms": math.ceil(interval * 10)},
                {"do": "text", "stream": "s", "text": "b"},
            ]
        )
        if reply["ok"] is not True:
            lab.inconclusive(f"the script was not run: {reply}")
            return None
        texts = [
            "".join(op.get("text", "") for op in frame["ops"])
            for frame in session.transcript.frames("stream")
        ]
        if "a" in texts and any(text.endswith("b") and "a" not in text for text in texts):
            arrived = [entry.ms for entry in session.transcript.entries if entry.type in ("event", "stream")]
            lab.measure("first operation after quiet", arrived[1] - arrived[0], "ms", bound=interval)
            return SEEN
        return Wrong("a and b in different frames", f"frames with {texts}")


@V1.probe("BAT-9")
async def what_is_pending_needs_no_stimulus(lab: Lab) -> Outcome:
    async with lab.session() as session:
        await session.hello(lab.caps())
        script = [*_tokens(50), {"do": "hang"}]
        await session.event("conformance.run", {"script": script})
        try:
            await session.until(lambda frame: "t49." in str(frame.get("ops", "")), "the last of 50 texts")
        except Silent as silent:
            return Wrong("all texts arrive while the handler hangs", str(silent))
    return SEEN


@V1.probe("BAT-10")
async def texts_of_one_frame_are_merged(lab: Lab) -> Outcome:
    async with lab.session() as session:
        await session.hello(lab.caps())
        await session.run(_tokens(TOKENS))
        frames = session.transcript.frames("stream")
        ops = sum(op["op"] == "text" for frame in frames for op in frame["ops"])
        if sum(frame["n"] for frame in frames) < TOKENS:
            return None
        return SEEN if ops < TOKENS / 2 else Wrong(f"fewer ops than the {TOKENS} texts", f"{ops} text ops")
