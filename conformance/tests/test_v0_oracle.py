"""The law of v0 and its blame: which calls of a script the frames of a stream show, as tables."""

import pytest
from streamops_conformance.oracle.script import from_json
from streamops_conformance.v0.oracle.blame import arrived, blame
from streamops_conformance.v0.oracle.calls import Page, expected, inside, page, said, unmarked
from streamops_conformance.v0.oracle.prefix import read

TARGET = "[dj-stream='a']"
NESTED = ("n", "<p>{value}</p>")
START, DONE = {"op": "start", "target": TARGET}, {"op": "done", "target": TARGET}


def text(value, mode="append"):
    return {"op": "text", "target": TARGET, "text": value, "mode": mode}


def html(value, op="replace", target=TARGET):
    return {"op": op, "target": target, "html": value}


def error(value="e"):
    return {"op": "error", "target": TARGET, "error": value}


def steps(words):
    """`t1` is text 1, `p1` prepended, `x1` replaced; `h`, `i`, `j` HTML; `_` a long pause."""
    made = []
    for word in words.split():
        head, rest = word[0], word[1:]
        mode = {"t": "append", "p": "prepend", "x": "replace"}.get(head)
        if mode:
            made.append({"do": "text", "stream": "a", "text": rest, "mode": mode})
        elif head == "h":
            made.append({"do": "replace", "stream": "a", "html": rest})
        elif head in "ij":
            at = "append" if head == "i" else "prepend"
            made.append({"do": "insert", "stream": "a", "html": rest, "at": at})
        elif head == "e":
            made.append({"do": "error", "stream": "a", "error": rest or "e"})
        elif head == "_":
            made.append({"do": "sleep_ms", "ms": 50})
        else:
            do = {"s": "start", "d": "done", "r": "stream_to", "-": "delete"}[head]
            made.append({"do": do, "stream": "a"} | ({"target": rest} if rest else {}))
    return from_json(made)


def reading(words, *frames):
    calls = expected(steps(words), {"a": "0"}, None).streams["a"]
    return read(calls, list(enumerate(frames)), "a", "0")


RIGHT = {
    "one by one": ("t1 t2 d", [text("1")], [text("2")], [DONE]),
    "merged, in one frame": ("t1 t2 d", [text("12"), DONE]),
    "without a mode": ("t1", [{"op": "text", "target": TARGET, "text": "1"}]),
    "all content at once, as HTML": ("t1 t2", [html("0"), text("1")], [html("012")]),
    "a replaced text left out": ("t1 x2", [text("2", "replace")]),
    "an empty text left out": ("t t1", [text("1")]),
    "an empty text sent": ("t1 t", [text("1")], [text("")]),
    "a done that ends nothing left out": ("d s d d", [START], [DONE]),
    "a start and a done added": ("t1", [START], [text("1")], [DONE]),
    "a done and a start added before a start": ("s t1 s t2", [START, text("1"), DONE, START], [text("2")]),
    "an error between": ("t1 e t2", [text("1")], [error()], [text("2")]),
    "a target in other quotes": ("t1", [{**text("1"), "target": '[dj-stream="a"]'}]),
    "a target that is not there": ("-#c", []),
}  # fmt: skip  # reason: one line for each is the table that this is


@pytest.mark.parametrize("name", RIGHT)
def test_correct_frames(name):
    words, *frames = RIGHT[name]
    found = reading(words, *frames)
    assert found.right
    assert found.at is None
    assert found.reached == len(found.calls)


WRONG = {
    "lost in the middle": ("t1 t2 t3", "ORD-101", 1, [text("1")], [text("3")]),
    "lost at the end": ("t1 t2", "ORD-101", None, [text("1")]),
    "lost before a replacement, and shown": ("t1 t2 h3", "ORD-101", 0, [text("2")], [html("3")]),
    "lost from a merged text": ("t1 t2 t3", "ORD-101", 0, [text("13")]),
    "an empty replacement lost": ("x t1", "ORD-101", 0, [text("1")]),
    "error before start": ("s e", "ORD-102", 0, [error()], [START]),
    "lost before an error": ("t1 t2 e", "ORD-101", 1, [text("1")], [error()]),
    "swapped": ("t1 t2", "ORD-102", 1, [text("2")], [text("1")]),
    "swapped within a text": ("t1 t2 t3", "ORD-102", 0, [text("132")]),
    "prepended in the wrong order": ("p1 p2", "ORD-102", 0, [text("12", "prepend")]),
    "twice": ("t1 t2", "ORD-102", 2, [text("1")], [text("2")], [text("2")]),
    "start before earlier text": ("t1 t2 s", "ORD-102", 1, [text("1")], [START], [text("2")]),
    "error before earlier text": ("t1 t2 e", "ORD-102", 2, [text("1")], [error()], [text("2")]),
    "done after later content": ("t1 d s t2", "ORD-102", 2, [text("1")], [START], [text("2")], [DONE]),
    "text after done": ("t1 t2 d", "ORD-103", 2, [text("1")], [DONE], [text("2")]),
    "text after done, in one frame": ("t1 d", "ORD-103", 0, [DONE, text("1")]),
    "text after a done that the server added": ("t1 t2", "ORD-103", 2, [text("1")], [DONE], [text("2")]),
    "start after its done": ("s d", "ORD-103", 1, [DONE], [START]),
    "text after the next start": ("t1 d s t2", "ORD-102", 1, [DONE], [START], [text("1")], [text("2")]),
    "text after two starts": ("t1 t2 s", "ORD-102", None, [START], [text("1")], [START], [text("2")]),
    "an empty text, then a swap": ("t1 t2", "ORD-102", 2, [text("")], [text("2")], [text("1")]),
    "late text after a done of the program": ("t1 d t2", "ORD-103", 1, [DONE], [text("1")], [text("2")]),
    "another mode": ("p1", "CNT-101", 0, [text("1")]),
    "alone and lost": ("t1 _ t2", "CNT-101", None, [text("1")]),
    "alone and twice": ("t1 _ t2", "CNT-101", 1, [text("1")], [text("1")], [text("2")]),
    "text without a call": ("t1", "CNT-101", 1, [text("1")], [text("9")]),
    "HTML that differs from the call": ("h1", "CNT-102", 0, [html("2")]),
    "a re-render that is cut": ("r", "CNT-103", 0, [html("")]),
    "inserted at the other end": ("j1", "CNT-104", 0, [html("1", "append")]),
    "an element that was not deleted": ("-", "CNT-105", None),
    "a replacement lost before text": ("t1 h2 t3", "CNT-106", 1, [text("1")], [text("3")]),
    "text lost after a replacement": ("h1 t2", "CNT-106", None, [html("1")]),
    "no done": ("t1 d", "LIF-101", None, [text("1")]),
    "start after its text": ("s t1 d", "LIF-101", 1, [text("1")], [START], [DONE]),
    "no error": ("t1 e t2", "ERR-101", 1, [text("1")], [text("2")]),
    "another error": ("e1", "ERR-101", 0, [error("2")]),
    "an error removes the content": ("t1 e", "ERR-101", 2, [text("1")], [error()], [text("", "replace")]),
}  # fmt: skip  # reason: one line for each is the table that this is


@pytest.mark.parametrize("name", WRONG)
def test_wrong_frames_and_the_requirement_that_they_break(name):
    words, requirement, entry, *frames = WRONG[name]
    found = reading(words, *frames)
    assert not found.right
    diagnosis = blame(found)
    assert (diagnosis.broken, diagnosis.entry) == (requirement, entry)
    assert "the page shows" in diagnosis.expected
    assert "the page shows" in diagnosis.observed


def test_a_result_that_no_order_of_the_calls_gives_is_blamed_on_the_order():
    found = reading("t1 e1", [error("1")], [text("1")])
    assert blame(found).broken == "ORD-102"
    found = reading("h1 i2", [html("12")], [text("")])
    assert (found.right, blame(reading("h1 i2", [html("1", target="#c")], [html("12")])).broken) == (
        True,
        "CNT-102",
    )


def test_how_many_calls_arrived():
    words = " ".join(f"t{n}." for n in range(200))
    found = reading(words, [text("0.")], [text("199.")])
    assert arrived(found) == 2
    assert "2 of 200 calls arrived" in blame(found).observed
    assert len(blame(found).observed) < 1000
    assert arrived(reading("t1 x2 t3", [text("2", "replace")])) == 2
    assert arrived(reading("t1 t2 x3 p4", [text("4", "prepend")])) == 1


MERGED = {
    "appends": ("t1 t2", text("12")),
    "prepends": ("p1 p2", text("21", "prepend")),
    "a replaced text with what follows": ("t1 x2 t3 p4", text("423", "replace")),
    "an empty replacement": ("x t1", text("1", "replace")),
}


@pytest.mark.parametrize("name", MERGED)
def test_a_merged_text_has_its_calls(name):
    words, op = MERGED[name]
    assert reading(words, [op]).right
    assert arrived(reading(words + " t9", [op])) == arrived(reading(words, [op]))


def test_the_calls_of_a_script_with_their_pauses():
    script = from_json(
        [
            {"do": "text", "stream": "a", "text": "x", "repeat": 2},
            {"do": "sleep_ms", "ms": 5},
            {
                "do": "parallel",
                "branches": [
                    [{"do": "sleep_ms", "ms": 7}, {"do": "text", "stream": "a", "text": "y"}],
                    [{"do": "done", "stream": "b"}, {"do": "sleep_ms", "ms": 20}],
                ],
            },
            {"do": "set", "var": "n", "value": "<1>"},
            {"do": "stream_to", "stream": "n"},
            {"do": "text", "stream": "a", "text": "z", "target": "#c"},
        ]
    )
    found = expected(script, {"a": "", "n": "0"}, NESTED)
    assert not found.undetermined
    assert not found.raises
    assert [(call.kind, call.pause) for call in found.streams["a"]] == [
        ("text.append", float("inf")),
        ("text.append", 12),
        ("text.append", 13),
    ]
    assert found.streams["a"][0].wire["text"] == "xx"
    assert found.streams["b"][0].optional
    assert (found.streams["n"][0].kind, found.streams["n"][0].wire["html"]) == ("nested", "<p>&lt;1&gt;</p>")
    assert [call.order for calls in found.streams.values() for call in calls] == [1, 2, 5, 3, 4]


@pytest.mark.parametrize(
    "step",
    [
        {"do": "push_state"},
        {"do": "hang"},
        {"do": "prune", "stream": "a", "limit": 1},
        {"do": "text_units", "stream": "a", "units": [97]},
        {"do": "stream_to", "stream": "unknown"},
        {
            "do": "parallel",
            "branches": [[{"do": "done", "stream": "a"}], [{"do": "start", "stream": "a"}]],
        },
        {"do": "finally", "script": [], "then": []},
    ],
    ids=lambda step: step["do"],
)
def test_what_v0_leaves_open_is_not_judged(step):
    assert expected(from_json([step]), {"a": ""}, None).undetermined


def test_a_script_ends_where_it_raises():
    text_step = {"do": "text", "stream": "a", "text": "x"}
    found = expected(from_json([text_step, {"do": "raise"}, text_step]), {"a": ""}, None)
    assert (found.raises, len(found.streams["a"])) == (True, 1)
    branches = [[{"do": "raise"}, text_step], [{"do": "text", "stream": "b", "text": "y"}]]
    found = expected(from_json([{"do": "parallel", "branches": branches}, text_step]), {"a": ""}, None)
    assert (found.raises, list(found.streams)) == (True, ["b"])


def test_the_page_of_a_stream():
    assert inside("n", {"n": "&"}, NESTED) == "<p>&amp;</p>"
    assert inside("a", {}, NESTED) == ""
    shown = page("a", "0")
    for target in ("[[", "#missing"):
        assert shown.find(target) is None
    assert Page("<div><b dj-id='1' data-dj-x='2' dj-stream='s' id='c'>x</b></div>").find("b#c") is not None
    assert unmarked('<b dj-id="1" dj-stream="s" data-dj-x="2">x</b>') == '<b dj-stream="s">x</b>'
    assert page("a", "<i dj-id='4'>x</i>").serialized() == page("a", "<i>x</i>").serialized()


def test_an_op_as_short_text():
    assert said(text("x" * 99)) == f"text '{'x' * 40}…{'x' * 12}'"
    assert said({"op": "text", "target": "#c", "text": "x", "mode": "replace"}) == "text 'x' replace of #c"
    assert (said(html("<b>")), said(error()), said(DONE)) == ("replace '<b>'", "error 'e'", "done")
    assert said({"op": "delete", "target": "#c"}) == "delete of #c"
