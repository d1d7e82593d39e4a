"""Captures of v0 traffic: what is judged, and what cannot be told."""

import json

import pytest
from streamops_conformance.capture.lines import read_lines
from streamops_conformance.commands.check import judge


def op(kind, **members):
    return {"op": kind, "target": "[dj-stream='s']", **members}


def v0(*frames, every=10.0):
    lines = []
    for number, sent in enumerate(frames):
        sends = sent["type"] in ("event", "ping") or "url" in sent
        lines.append(
            {
                "type": "message",
                "connection": 1,
                "ms": number * every,
                "dir": "send" if sends else "recv",
                "data": json.dumps(sent),
            }
        )
    lines.append({"type": "end", "connection": 1, "ms": len(frames) * every + 1000, "how": "x"})
    return read_lines(map(json.dumps, lines))


def streamed(*ops):
    return [{"type": "stream", "stream": "s", "ops": [each]} for each in ops]


def texts(*written):
    return [op("text", text=each, mode="append") for each in written]


OPENED = [
    {"type": "connect", "session_id": "1"},
    {"type": "mount", "view": "v", "url": "/"},
    {"type": "mount", "view": "v", "html": ""},
    {"type": "event", "event": "ask", "params": {}, "ref": 1},
]
SCRIPT = [
    {"do": "start", "stream": "s"},
    *({"do": "text", "stream": "s", "text": f"t{number}. "} for number in range(4)),
    {"do": "done", "stream": "s"},
]
DRIVEN = [
    *OPENED[:3],
    {"type": "event", "event": "conformance_run", "params": {"script": SCRIPT}, "ref": 1},
]
ANSWER = {"type": "noop", "ref": 1}


def v0_broken(made, written=None):
    (account,) = judge(made, "", written or {})
    return {each.id for each in account.findings}


def test_correct_v0_traffic_is_clean_and_the_report_lists_what_it_cannot_tell():
    made = v0(*OPENED, *streamed(op("start"), *texts("a", "b"), op("done")), ANSWER)
    (account,) = judge(made, "", {})
    assert not account.findings
    verdicts = {line.requirement.id: line.verdict for line in account.lines()}
    assert verdicts["ORD-103"] == "holds"
    assert verdicts["ORD-101"] == verdicts["ORD-102"] == "cannot be told"
    (account,) = judge(made, "", {"s": "ab"})
    assert {line.requirement.id: line.verdict for line in account.lines()}["ORD-101"] == "holds"


@pytest.mark.parametrize(
    ("frames", "written", "due"),
    [
        ([*OPENED, {"type": 7}], {}, {"FRM-101"}),
        ([*OPENED, {"type": "stream", "stream": "s", "ops": [{"op": "text"}]}], {}, {"FRM-102"}),
        ([*OPENED, *streamed(op("done"), *texts("late"))], {}, {"ORD-103"}),
        ([*OPENED, *streamed(*texts("a", "c"), op("done"))], {"s": "abc"}, {"ORD-101"}),
        ([*OPENED, *streamed(*texts("a", "c", "b"), op("done"))], {"s": "abc"}, {"ORD-102"}),
        ([*OPENED, *streamed(*texts("x"), op("done"))], {"s": "abc"}, {"CNT-101", "ORD-101"}),
        ([*DRIVEN, *streamed(op("start"), *texts("t0. ", "t3. "), op("done")), ANSWER], {}, {"ORD-101"}),
        (
            [*DRIVEN, *streamed(op("start"), *texts("t0. ", "t2. ", "t1. ", "t3. "), op("done")), ANSWER],
            {},
            {"ORD-102"},
        ),
        (
            [*DRIVEN, *streamed(op("start"), *texts("t0. ", "t3. ", "t2. "), op("done")), ANSWER],
            {},
            {"ORD-101", "ORD-102"},
        ),
        (
            [*DRIVEN, *streamed(op("start"), *texts("t0. t1. t2. "), op("done"), *texts("t3. ")), ANSWER],
            {},
            {"ORD-103"},
        ),
        ([*DRIVEN, *streamed(op("start"), *texts("t0. t1. t2. t3. ")), ANSWER], {}, {"LIF-101"}),
    ],
)
def test_broken_v0_traffic_is_found(frames, written, due):
    assert v0_broken(v0(*frames), written) == due


def test_text_after_done_is_excused_if_the_client_sent_something():
    again = {"type": "event", "event": "more", "params": {}, "ref": 2}
    assert not v0_broken(v0(*OPENED, *streamed(op("done")), again, *streamed(*texts("x"))))
    assert not v0_broken(v0(*OPENED, *streamed(op("done"), op("start"), *texts("x"))))


def test_text_that_may_still_arrive_is_not_lost():
    made = v0(*DRIVEN, *streamed(op("start"), *texts("t0. ")), ANSWER)
    made.connections[0].ended_ms = made.connections[0].transcript.entries[-1].ms + 5
    assert not v0_broken(made)
    right = v0(*DRIVEN, *streamed(op("start"), *texts("t0. t1. t2. t3. "), op("done")), ANSWER)
    assert not v0_broken(right)


def test_a_failed_handler_is_not_judged_by_its_script():
    failed = {"type": "error", "error": "An error occurred"}
    assert not v0_broken(v0(*DRIVEN, *streamed(op("start")), failed))
