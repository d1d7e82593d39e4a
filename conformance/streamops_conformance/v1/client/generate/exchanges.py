"""Hand-written exchanges for clients: a few messages each, for cases that are seldom drawn."""

import json
from collections.abc import Iterator

from streamops_conformance.v1.client.case import welcome
from streamops_conformance.v1.client.generate.document_exchanges import failing, htmls, views
from streamops_conformance.v1.client.generate.exchange import exchange
from streamops_conformance.v1.client.sequence import MOST, WIDE, SequenceSpec
from streamops_conformance.v1.frames import (
    OPEN,
    done,
    error,
    frame,
    html,
    on,
    prune,
    start,
    text,
)


def exchanges(agreed: frozenset[str]) -> list[SequenceSpec]:
    """The exchanges for a client with these capabilities."""
    every = [
        *_numbers(), *_malformed(), *_texts(), *_future(), *_names(), *_wide(), *_targets(), *_lifecycle(),
    ]  # fmt: skip
    if "html" in agreed:
        every += [*htmls(), *failing()]
    if {"html", "view"} <= agreed:
        every += views()
    return every


def _numbers() -> Iterator[SequenceSpec]:
    """Chapter 5: repeats, gaps, overlaps."""
    yield exchange(OPEN, OPEN, frame(3, text("c")))
    yield exchange(OPEN, frame(1, text("ab")), frame(2, text("b")), frame(3, done()), frame(3, done()))
    yield exchange(frame(1, start(1), text("abc"), n=9), frame(4, text("c"), n=6), frame(10, done()))
    yield exchange(OPEN, frame(1, start(1), n=2), frame(1, done(), n=2), frame(3, done()))
    yield exchange(OPEN, frame(4, text("x")))
    yield exchange(frame(2, text("x")))
    yield exchange(OPEN, frame(2, text("b"), text("c")))
    yield exchange(OPEN, frame(1, start(1), text("ab"), text("c")))
    yield exchange(
        OPEN,
        frame(1, start(1, "b"), name="b"),
        frame(3, text("c")),
        frame(9, done("complete", "b"), name="b"),
    )


def _lifecycle() -> Iterator[SequenceSpec]:
    """Chapter 4: transitions that the wire table forbids, and the content after an error."""
    for op in (text("x"), error(), done()):
        yield exchange(frame(1, op))
    for op in (start(3), text("x")):
        before = OPEN if op["op"] == "start" else frame(1, start(1), done())
        yield exchange(before, frame(3, op))
    yield exchange(frame(1, start(1), error()), frame(3, start(3)))
    yield exchange(OPEN, frame(3, done(), done()))
    yield exchange(OPEN, frame(3, done(), text("x")))
    yield exchange(OPEN, frame(3, error()), frame(4, done("error")), frame(5, start(5)), frame(6, text("c")))
    yield exchange(
        OPEN, frame(3, error("one")), frame(4, error("two", "x_two")), frame(5, text("c")), frame(6, done())
    )
    yield exchange(OPEN, frame(3, error(), done("error"), start(5), text("c"), done()))
    yield exchange(OPEN, frame(3, error('<b>bold</b> & "q"')), frame(4, done("error")))
    yield exchange(
        frame(1, start(1), text("a")),
        frame(1, start(1, "b"), error("b failed", "timeout", "b"), name="b"),
        frame(3, error("a failed")),
        frame(3, done("error", "b"), name="b"),
        frame(4, done("error")),
        frame(4, start(4, "b"), name="b"),
    )
    yield exchange(
        frame(1, start(1, "nowhere"), name="nowhere"), frame(2, done("complete", "nowhere"), name="nowhere")
    )


def _malformed() -> Iterator[SequenceSpec]:
    """Chapter 2: known frames with missing or mistyped members, and messages that are not frames."""
    for raw in ("", "{", "[]", "7", "null", '"ping"', '{"type": "stream"', '{"seq": 1}', '{"type": 7}'):
        yield exchange(OPEN, raw, malformed=True)
    good = frame(3, text("c"))
    for member in ("stream", "seq", "n", "ops"):
        yield exchange(OPEN, {key: value for key, value in good.items() if key != member}, malformed=True)
    for member, wrong in (
        ("stream", 7),
        ("seq", "3"),
        ("seq", 3.5),
        ("seq", 0),
        ("n", 0),
        ("n", None),
        ("ops", {}),
        ("ops", ["text"]),
        ("ops", [{"target": on("a")}]),
        ("ops", [{"op": 7, "target": on("a")}]),
        ("ops", [{"op": "text", "text": "c", "mode": "append"}]),
        ("ops", [{"op": "text", "target": on("a"), "mode": "append"}]),
        ("ops", [{**text("c"), "text": 7}]),
        ("ops", [text("c"), {**text("c"), "text": None}]),
        ("ops", [{"op": "error", "target": on("a"), "error": "no code"}]),
        ("ops", [{"op": "done", "target": on("a")}]),
        ("ops", [done(), {"op": "start", "target": on("a")}]),
        ("ops", [done(), {"op": "start", "target": on("a"), "run": "4"}]),
        ("ops", [html("append", "x") | {"html": 7}]),
        ("ops", [{"op": "replace", "target": on("a")}]),
        ("ops", [prune(1) | {"limit": -1}]),
        ("ops", [{"op": "prune", "target": on("a"), "edge": "top"}]),
    ):
        yield exchange(OPEN, {**good, member: wrong}, malformed=True)
    yield exchange(OPEN, frame(3, text("c"), text("d"), n=1), malformed=True)
    yield exchange(OPEN, welcome(0, 0, ()), malformed=True)
    yield exchange(OPEN, {"type": "error", "code": "app_error", "error": "x"}, malformed=True)
    yield exchange(OPEN, {"type": "reply", "ref": 1}, malformed=True)
    yield exchange(OPEN, {"type": "ping", "t": 7}, malformed=True)


def _texts() -> Iterator[SequenceSpec]:
    """Chapter 3: literal text in every mode, also long text."""
    for content in (
        "<b>x</b>",
        "&amp;&lt;",
        "</div><script>streamopsRan()</script>",
        "1 < 2 & 3 > 2",
        "\u2028\ufeff\u202e\U0001f9ea",
    ):
        yield exchange(
            frame(1, start(1), text(content)),
            frame(3, text(content, "prepend")),
            frame(4, text(content, "replace")),
        )
    yield exchange(OPEN, *(frame(3 + k, text(f"{k} ")) for k in range(40)), frame(43, done()))
    long = "x\u00e9\U0001f9ea" * 1000
    yield exchange(OPEN, frame(3, *(text(long) for _ in range(60))), frame(63, text("end", "prepend")))


def _future() -> Iterator[SequenceSpec]:
    """Chapter 15: unknown members, types, ops and values."""
    later = {"later": {"x": [1, None]}}
    yield exchange(
        {"type": "later", "stream": "a", "seq": 1}, OPEN, {"type": "", "x": 1}, frame(3, text("c"))
    )
    yield exchange(
        frame(1, start(1) | later, text("a") | later, later=True), frame(3, text("b"), done() | later)
    )
    yield exchange(
        OPEN, frame(3, {"op": "morph", "target": on("a"), "html": "<p>L</p>"}, text("c")), frame(5, done())
    )
    yield exchange(OPEN, frame(3, text("c"), {"op": "later", "target": on("a")}, n=5), frame(8, done()))
    for known in (
        {"type": "error", "code": "rate_limited", "error": "slow", "fatal": False},
        {"type": "reply", "ref": 99, "ok": True},
        {"type": "ping"},
    ):
        yield exchange(OPEN, known | {"later": {"x": 1}}, frame(3, text("c")))
    yield exchange(OPEN, frame(3, done("evaporated")), frame(4, start(4), text("c")))
    yield exchange(OPEN, frame(3, text("c", "sideways"), text("d", "replace")), frame(5, done()))
    yield exchange(OPEN, {"type": "hello", "caps": [], "limits": {}}, frame(3, text("c")))
    yield exchange(
        {"type": "ping", "later": 1},
        OPEN,
        {"type": "error", "code": "rate_limited", "error": "slow", "fatal": False},
    )


def _names() -> Iterator[SequenceSpec]:
    """Chapter 13: names of members that every object has in some languages."""
    page = "".join(f'<div dj-stream="{name}"></div>' for name in ("constructor", "toString", "a"))
    for name in ("constructor", "toString", "hasOwnProperty", "valueOf"):
        yield exchange(
            frame(1, start(1, name), text("x", "append", on(name)), name=name),
            frame(3, text("y", "append", on(name)), error("no", "timeout", name), name=name),
            frame(5, done("error", name), name=name),
            OPEN,
            page=page,
        )
    for op in ("constructor", "__proto__", "toString", "hasOwnProperty"):
        yield exchange(OPEN, frame(3, {"op": op, "target": on("a")}, text("c")), frame(5, done()))
    yield exchange({"type": "constructor"}, {"type": "__proto__"}, OPEN)
    trap = '{"type": "stream", "stream": "a", "seq": 3, "n": 1, "__proto__": {"polluted": 1}, "ops": [%s]}'
    yield exchange(OPEN, trap % json.dumps(text("c")), frame(4, text("d")))


def _wide() -> Iterator[SequenceSpec]:
    """Chapter 2: the longest names, every character of a name, the largest numbers."""
    page = "".join(f'<div dj-stream="{name}"></div>' for name in (*WIDE, "a"))
    for name in WIDE:
        yield exchange(
            frame(1, start(1, name), text("x", "append", on(name)), name=name),
            frame(3, text("y", "append", on(name)), error("no", "timeout", name), name=name),
            frame(5, done("error", name), name=name),
            OPEN,
            page=page,
        )
    yield exchange(
        frame(1, start(1), text("a"), n=MOST - 4),
        frame(MOST - 3, done()),
        frame(MOST - 2, start(MOST - 2), text("b")),
        frame(MOST, done()),
    )


HOSTILE = (
    "[dj-stream='b']",
    "*",
    "div",
    "body",
    ".x",
    "#x > li",
    "#x, div",
    "[dj-stream]",
    "[dj-stream='a'] li",
    "[dj-stream='a'], body",
    "[dj-stream=a]",
    '[dj-stream="a"]',
    "[dj-stream='']",
    "[dj-stream='a\\']",
    "[dj-stream='1a']",
    "#",
    "# x",
    "#x[y]",
    "#x'",
    '#x"',
    "#<script>",
    "",
    "javascript:streamopsRan()",
)


def _targets() -> Iterator[SequenceSpec]:
    """Chapter 3: a client refuses a malformed target before it looks into the document."""
    for target in HOSTILE:
        yield exchange(OPEN, frame(3, text("HOSTILE", "replace", target), text("c")), frame(5, done()))
