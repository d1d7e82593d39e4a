"""Hand-written exchanges for clients: a few messages each, for cases that are seldom drawn."""

import json
from collections.abc import Iterator

from streamops_conformance.model.messages import Message
from streamops_conformance.v1.client.sequence import SequenceSpec
from streamops_conformance.v1.frames import (
    OPEN,
    Frame,
    at,
    delete,
    done,
    error,
    frame,
    html,
    on,
    prune,
    start,
    text,
    view,
)

PAGE = '<div dj-stream="a" data-loading-class="busy"></div><div dj-stream="b"></div>'
RICH = '<ul dj-stream="a"><li id="x">1</li>t</ul><table><tbody dj-stream="b"></tbody></table><p id="y">y</p>'


def exchange(
    *messages: Frame | str, page: str = PAGE, caps: tuple[str, ...] = (), malformed: bool = False
) -> SequenceSpec:
    """A hand-written sequence; `malformed` means that a correct client must refuse its last message."""
    raw = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in messages]
    made = tuple(Message(each, malformed and index == len(raw) - 1) for index, each in enumerate(raw))
    return SequenceSpec(caps, html=page, messages=made)


def exchanges(agreed: frozenset[str]) -> list[SequenceSpec]:
    """The exchanges for a client with these capabilities."""
    every = [*_numbers(), *_malformed(), *_texts(), *_future(), *_names(), *_targets(), *_lifecycle()]
    if "html" in agreed:
        every += [*_htmls(), *_failing()]
    if {"html", "view"} <= agreed:
        every += _views()
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


HOSTILE = (
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


def _failing() -> Iterator[SequenceSpec]:
    """Chapter 13: an op that fails does not stop the next."""
    for target in ("*", ".x", "#x > li", "[dj-stream]", "ul"):
        for op in (delete(target), prune(0, "top", target), html("replace", "HOSTILE", target)):
            yield exchange(OPEN, frame(3, op, text("c")), frame(5, done()), page=RICH, caps=("html",))
    yield exchange(OPEN, frame(3, text("x", "append", "#none"), text("c")), frame(5, done()), caps=("html",))
    yield exchange(
        OPEN,
        frame(3, delete("#none"), prune(0, "top", "#none"), text("c"), delete("#z"), text("d")),
        caps=("html",),
    )
    yield exchange(OPEN, frame(3, delete(on("a")), text("gone")), frame(5, done()), caps=("html",))
    yield exchange(
        frame(1, start(1), text("t", "append", "#y"), html("append", "<b>n</b>", "#none")),
        page=RICH,
        caps=("html",),
    )


HTMLS = (
    "<li>2</li>",
    "<b>x",
    "</ul>y",
    "<tr><td>1<td>2",
    "<script>streamopsRan()</script><i>after</i>",
    "<svg><circle r='1'/></svg>",
    '<p onclick="streamopsRan()">c</p>',
    '<a href="javascript:streamopsRan()">j</a>',
    "<!-- c -->",
    "<template><p>t</p></template>",
    "",
)


def _htmls() -> Iterator[SequenceSpec]:
    """Chapters 3 and 13: HTML in the context of its target, node identity, pruning."""
    caps = ("html",)
    for markup in HTMLS:
        if "template" not in markup:
            yield exchange(
                frame(1, start(1), html("append", markup), html("prepend", markup)),
                frame(4, html("replace", markup)),
                page=RICH,
                caps=caps,
            )
    yield exchange(
        frame(
            1,
            start(1, "b"),
            html("append", "<tr><td>1", on("b")),
            html("append", "<tr><td>2", on("b")),
            name="b",
        ),
        frame(4, html("replace", "<td>cell", on("b")), name="b"),
        page=RICH,
        caps=caps,
    )
    yield exchange(
        frame(1, start(1), html("append", '<li id="n"><b>two</b></li>')),
        frame(3, text("tail")),
        frame(4, text("head", "prepend")),
        frame(5, text("!", "append", "#n")),
        frame(6, text("?", "prepend", "#x")),
        frame(7, text("whole", "replace", "#x")),
        page=RICH,
        caps=caps,
    )
    many = "".join(f"<li>{k}</li>" for k in range(9))
    yield exchange(
        frame(1, start(1), html("append", many), prune(3)), frame(4, prune(1, "bottom")), page=RICH, caps=caps
    )
    yield exchange(
        frame(1, start(1), html("append", '<p id="d">1</p><p id="d">2</p>')),
        frame(3, text("!", "append", "#d")),
        frame(4, delete("#d"), delete("#d")),
        caps=caps,
    )
    yield exchange(
        frame(1, start(1), html("append", '<div dj-stream="b">inner</div>')),
        frame(1, start(1, "b"), text("first", "append", on("b")), name="b"),
        frame(3, text(" t")),
        page='<div dj-stream="a"></div>',
        caps=caps,
    )
    yield exchange(
        frame(1, start(1, "late"), text("x", "append", on("late")), name="late"),
        frame(1, start(1), html("append", '<p dj-stream="late" data-loading-class="busy"></p>')),
        frame(3, text("y", "append", on("late")), name="late"),
        frame(4, done("complete", "late"), name="late"),
        caps=caps,
    )
    yield exchange(
        frame(1, start(1), html("append", "<p>" + "x" * 900_000 + "</p>")), frame(3, text("end")), caps=caps
    )
    yield exchange(
        frame(1, start(1), text("kept"), error()),
        frame(4, prune(0)),
        frame(5, html("replace", "<i>new</i>")),
        caps=caps,
    )


def _views() -> Iterator[SequenceSpec]:
    """Chapter 12: all kinds of the map, elements that stay, runs without frames on the wire."""
    caps = ("html", "view")
    both = '<p dj-stream="a" data-loading-class="busy"></p><p dj-stream="b">0</p>'

    def shown(*messages: Frame, page: str = both) -> SequenceSpec:
        first = view(1, page, a=at(0), b=at(0))
        return exchange(first, *messages, page=page, caps=caps)

    live = [frame(1, start(1), text("live"), html("append", "<b>node</b>"))]
    yield shown(*live, view(2, f"<h1>new</h1>{both}", b=at(0)), frame(4, text("!")), view(5, both, b=at(0)))
    yield shown(
        *live, view(2, '<p dj-stream="b">0</p>', b=at(0)), view(3, both, b=at(0)), frame(4, text("!"))
    )
    yield shown(*live, view(2, both, a=at(3, "open", run=1), b=at(0)), frame(4, text("x")), frame(5, done()))
    yield shown(*live, view(2, f"<div><section>{both}</section></div>", b=at(0)), frame(4, done()))
    yield shown(view(2, '<p dj-stream="a">from the template</p>', b=at(0)), frame(1, start(1), text("x")))
    for version in (1, 2):
        yield shown(*live, view(2, f"two{both}", b=at(0)), view(version, "<p>OLD</p>"), frame(4, text("x")))
    yield shown(view(7, f"seven{both}", a=at(0), b=at(0)), view(9, f"nine{both}", a=at(0), b=at(0)))
    scripted = f"<script>streamopsRan()</script><i>{both}</i>"
    yield shown(*live, view(2, scripted, b=at(0)), view(3, f"{both}{scripted}", b=at(0)))
    yield shown(*live, view(2, both, b=at(0)) | {"later": [1]}, frame(4, text("x")))
    # Runs whose operations were not sent.
    for entry in (
        at(9),
        at(9, "open", run=7),
        at(9, "errored", run=7, error="new", code="timeout"),
        at(9, error="left over", code="timeout"),
    ):
        yield shown(*live, view(2, '<p dj-stream="a">9</p>', a=entry, b=at(0)))
    yield shown(
        view(2, both, a=at(4, "open", run=2), b=at(3, "errored", run=1, error="b", code="timeout")),
        frame(5, text("x")),
        frame(4, done("error", "b"), name="b"),
    )
    yield shown(
        *live,
        view(2, both, a=at(5, "errored", run=1, error="same run", code="timeout"), b=at(0)),
        frame(6, text("on")),
    )
    yield shown(
        *live,
        frame(4, error()),
        view(2, both, b=at(0)),
        view(3, both, a=at(4, "errored", run=1, error="It failed", code="app_error")),
    )
    yield shown(*live, frame(4, error(), done("error")), view(2, both, b=at(0)), frame(6, start(6)))
    yield shown(
        *live,
        view(2, both, a=at(3, "open", run=1), b=at(0)),
        view(3, both, a=at(4)),
        frame(5, start(5), text("z")),
    )
    for member, wrong in (
        ("html", 7),
        ("version", "2"),
        ("version", 0),
        ("streams", []),
        ("streams", {"a": {"seq": 0}}),
    ):
        broken = view(2, both, b=at(0)) | {member: wrong}
        yield exchange(view(1, both, a=at(0), b=at(0)), broken, page=both, caps=caps, malformed=True)
    # An element that the view does not change, also if the map names its stream.
    ignored = '<p dj-stream="a" dj-update="ignore">t</p><p dj-stream="b">0</p>'
    yield shown(*live, view(2, ignored, b=at(0)), frame(4, text("!")), page=ignored)
    yield shown(*live, view(2, ignored, a=at(3, "open", run=1), b=at(0)), frame(4, text("!")), page=ignored)
    yield shown(view(2, ignored.replace(">t<", ">other<"), a=at(0), b=at(0)), page=ignored)
    yield shown(view(2, both, a=at(0), b=at(0), later=at(3)), frame(4, start(4, "later"), name="later"))
