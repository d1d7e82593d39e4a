"""Each kind of wrong frame is blamed on the requirement that it breaks, and on no other."""

from typing import Any

import pytest
from streamops_conformance.oracle.script import from_json
from streamops_conformance.v1.oracle.blame import Following, blame
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.oracle.program import Program
from streamops_conformance.v1.server.diagnosis import diagnose

S = "[dj-stream='s']"
Wire = dict[str, Any]


def text(value: str, mode: str = "append", target: str = S) -> Wire:
    return {"op": "text", "target": target, "text": value, "mode": mode}


def html(op: str, value: str, target: str = S) -> Wire:
    return {"op": op, "target": target, "html": value}


START: Wire = {"op": "start", "target": S, "run": 1}
DONE: Wire = {"op": "done", "target": S, "reason": "complete"}
DELETE: Wire = {"op": "delete", "target": S}


def log(*steps: Wire) -> list[LoggedOp]:
    program = Program(frozenset({"html"}), {"s": "<v>"}, max_text_bytes=16)
    program.run(from_json([{"stream": "s", **step} for step in steps]))
    return program.streams["s"].ops


def say(value: str, **more: Any) -> Wire:
    return {"do": "text", "text": value, **more}


ABC = (say("a"), say("b"), say("c"))
AB = (say("a"), say("b"))
PUT = {"do": "insert", "html": "<b>x"}

CASES: list[tuple[str, str, tuple[Wire, ...], int, int, list[Wire], list[Wire]]] = [
    # requirement, what happens, script, begin, n, ops, ops of the next frame
    ("", "right", ABC, 0, 5, [START, text("abc"), DONE], []),
    ("", "correct, in two frames", ABC, 0, 3, [START, text("ab")], [text("c"), DONE]),
    ("ORD-3", "n too small at the end", ABC, 0, 3, [START, text("abc"), DONE], []),
    ("ORD-3", "n too large before more", ABC, 0, 4, [START, text("ab")], [text("c"), DONE]),
    ("ORD-3", "n beyond the log", ABC, 0, 9, [START, text("abc"), DONE], []),
    ("ORD-3", "n beyond the log, and lost text", ABC, 0, 9, [START, text("ab"), DONE], []),
    ("LIF-1", "beyond the log and after done", AB, 4, 1, [text("late")], []),
    ("ORD-5", "a missing text", ABC, 0, 5, [START, text("ac"), DONE], []),
    ("ORD-5", "a missing text that is not merged", ABC, 0, 5, [START, text("a"), text("c"), DONE], []),
    ("ORD-5", "a missing last text that n counts", ABC, 0, 4, [START, text("ab")], [DONE]),
    ("ORD-4", "merged in another order", ABC, 0, 5, [START, text("acb"), DONE], []),
    ("ORD-4", "sent in another order", ABC, 0, 5, [START, text("b"), text("a"), text("c"), DONE], []),
    ("ORD-4", "done before the text of the next frame", ABC, 3, 1, [DONE], [text("c")]),
    ("ORD-4", "many merged in another order", tuple(say(c) for c in "abcdefgh"), 0, 10,
     [START, text("hgfebcda"), DONE], []),
    ("LIF-1", "a text after done", AB, 0, 4, [START, text("a"), DONE, text("b")], []),
    ("LIF-3", "no start", AB, 0, 4, [text("ab"), DONE], []),
    ("LIF-7", "no done", AB, 2, 2, [text("b")], []),
    ("LIF-7", "the wrong reason", AB, 3, 1, [{**DONE, "reason": "error"}], []),
    ("LIF-2", "the wrong run", AB, 0, 1, [{**START, "run": 7}], []),
    ("LIF-6", "a second done", (*AB, {"do": "done"}, {"do": "done"}), 0, 4, [START, text("ab"), DONE, DONE], []),
    ("LIF-1", "a surplus start", AB, 0, 3, [START, text("a"), START, text("b")], []),
    ("ORD-1", "an error without a call", AB, 0, 3,
     [START, {"op": "error", "target": S, "error": "e", "code": "timeout"}, text("ab")], []),
    ("CNT-4", "a lifecycle op on another target", AB, 0, 1, [{**START, "target": "#c"}], []),
    ("CNT-1", "escaped text", (say("<b>"),), 0, 3, [START, text("&lt;b&gt;"), DONE], []),
    ("CNT-1", "escaped text, with text in the next frame", (say("<b>"), say("c")), 0, 2, [START, text("&lt;b&gt;")], [text("c"), DONE]),
    ("CNT-2", "the wrong mode beside another target", (say("a"), say("b", target="#c")), 0, 4,
     [START, text("a", "prepend"), text("b", target="#c"), DONE], []),
    ("CNT-2", "the wrong mode", (say("b", mode="prepend"),), 0, 3, [START, text("b"), DONE], []),
    ("CNT-2", "the wrong kind", (PUT,), 0, 3, [START, html("prepend", "<b>x"), DONE], []),
    ("CNT-3", "other html", (PUT,), 0, 3, [START, html("append", "<b>x</b>"), DONE], []),
    ("CNT-4", "another target", (say("a", target="#c"),), 0, 3, [START, text("a"), DONE], []),
    ("CNT-9", "another limit", ({"do": "prune", "limit": 1},), 0, 3,
     [START, {"op": "prune", "target": S, "limit": 2, "edge": "top"}, DONE], []),
    ("CNT-10", "a part of the template", ({"do": "stream_to"},), 0, 3, [START, html("replace", "v"), DONE], []),
    ("", "the template in another notation", ({"do": "stream_to"},), 0, 3, [START, html("replace", "&lt;v>"), DONE], []),
    ("CNT-5", "a long text in one piece", (say("x" * 20),), 0, 2, [START, text("x" * 20)], [DONE]),
    ("CNT-5", "a long text cut early", (say("x" * 20),), 0, 2, [START, text("x" * 10)], [text("x" * 10), DONE]),
    ("BAT-6", "merged beyond the limit", (say("x" * 10), say("y" * 10)), 0, 4, [START, text("x" * 10 + "y" * 10), DONE], []),
    ("BAT-4", "HTML of two calls joined", (PUT, PUT), 0, 4, [START, html("append", "<b>x<b>x"), DONE], []),
    ("BAT-4", "HTML of two prepends joined", ({**PUT, "at": "prepend"},) * 2, 0, 4,
     [START, html("prepend", "<b>x<b>x"), DONE], []),
    ("BAT-3", "merged across targets", (say("a"), say("b", target="#c")), 0, 4, [START, text("ab"), DONE], []),
    ("BAT-2", "merged past another target", (say("a"), say("b", target="#c"), say("c")), 0, 5,
     [START, text("ac"), text("b", target="#c"), DONE], []),
    ("BAT-5", "two deletes merged", ({"do": "delete"},) * 2, 0, 4, [START, DELETE, DONE], []),
    ("BAT-5", "merged past a delete", (say("a"), {"do": "delete", "target": "#c"}, say("b")), 0, 5,
     [START, {"op": "delete", "target": "#c"}, text("ab"), DONE], []),
    ("BAT-5", "a text merged over a delete", (say("a"), {"do": "delete"}, say("b")), 0, 5, [START, text("ab"), DONE], []),
    ("ERR-1", "an error that removes the content", (say("a"), {"do": "error", "error": "e"}), 0, 4,
     [START, text("a"), {"op": "error", "target": S, "error": "e", "code": "app_error"}, text("", "replace"),
      {**DONE, "reason": "error"}], []),
    ("ERR-2", "another error text", ({"do": "error", "error": "e"},), 0, 2,
     [START, {"op": "error", "target": S, "error": "f", "code": "app_error"}], []),
    ("ERR-2", "another code", ({"do": "error", "error": "e"},), 0, 2,
     [START, {"op": "error", "target": S, "error": "e", "code": "timeout"}], []),
    ("LIF-8", "another code for a raise", (say("a"), {"do": "raise"}), 2, 1,
     [{"op": "error", "target": S, "error": "any", "code": "internal"}], []),
    ("CNT-7", "the wrong length", AB, 3, 1, [{**DONE, "text_len": 3}], []),
    ("CNT-7", "the wrong hash", AB, 3, 1, [{**DONE, "text_len": 2, "text_sha256": "0" * 64}], []),
    ("CNT-7", "a length after HTML", (PUT,), 2, 1, [{**DONE, "text_len": 0}], []),
    ("CNT-2", "text as HTML", (say("<b>x"),), 0, 3, [START, html("append", "<b>x"), DONE], []),
    ("CNT-5", "pieces of a prepend, first piece first", (say("a"), say("x" * 16 + "y" * 4, mode="prepend")), 0, 5,
     [START, text("a"), text("x" * 16, "prepend"), text("y" * 4, "prepend"), DONE], []),
    ("ORD-4", "pieces in another order", (say("x" * 16 + "y" * 4),), 0, 4, [START, text("y" * 4), text("x" * 16), DONE], []),
    ("ERR-1", "an error that removes removed content", (say("", mode="replace"), {"do": "error", "error": "e"}), 0, 4,
     [START, text("", "replace"), {"op": "error", "target": S, "error": "e", "code": "app_error"}, text("", "replace"),
      {**DONE, "reason": "error"}], []),
    ("LIF-6", "a done before the first start", (say("a"),), 0, 1, [DONE], [START, text("a"), DONE]),
    ("LIF-5", "a run that continued after its done", (say("a"), {"do": "done"}, say("b")), 0, 4,
     [START, text("a"), text("b"), DONE], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("requirement", "what", "steps", "begin", "n", "ops", "following"),
    CASES,
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_wrong_frame_is_blamed_on_one_requirement(
    requirement: str,
    what: str,
    steps: tuple[Wire, ...],
    begin: int,
    n: int,
    ops: list[Wire],
    following: list[Wire],
) -> None:
    whole = log(*steps)
    state = "idle" if begin in (0, len(whole)) else "open"
    after = Following(begin + n, following) if following else Following()
    found = diagnose(whole, begin, n, ops, after, limit=16, state=state)
    assert (found.broken, found.unexplained) == (requirement, False), (what, found)


def test_the_right_hash_is_right() -> None:
    sha = "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603"
    found = diagnose(
        log(*AB), 3, 1, [{**DONE, "text_len": 2, "text_sha256": sha}], Following(), limit=16, state="open"
    )
    assert not found.broken


def test_a_frame_that_no_single_rule_explains_is_left_to_the_documents() -> None:
    ops = [START, html("replace", "z"), text("q", "prepend"), DONE]
    found = diagnose(log(*ABC), 0, 5, ops, Following(), limit=16, state="idle")
    assert found.unexplained
    assert blame(log(*ABC), 0, 5, ops, Following(), limit=16) is None
