"""Hand-written exchanges that change the document: HTML in its context, ops that fail, views."""

from collections.abc import Iterator

from streamops_conformance.v1.client.generate.exchange import RICH, exchange
from streamops_conformance.v1.client.sequence import MOST, SequenceSpec
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


def failing() -> Iterator[SequenceSpec]:
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


def htmls() -> Iterator[SequenceSpec]:
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
        frame(1, start(1), html("append", many), prune(3, "left")), frame(4, done()), page=RICH, caps=caps
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


def views() -> Iterator[SequenceSpec]:
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
    # The same error again: of a new run it is another one, and so it is with another code.
    failed = frame(4, error("It failed"))
    for entry in (
        at(9, "errored", run=7, error="It failed", code="app_error"),
        at(4, "errored", run=1, error="It failed", code="timeout"),
        at(9, error="It failed", code="app_error"),
    ):
        yield shown(*live, failed, view(2, both, a=entry, b=at(0)))
    yield shown(*live, view(2, both, a=at(5, "dormant"), b=at(0)), frame(6, start(6), text("x")))
    yield shown(view(MOST - 1, f"late{both}", a=at(0), b=at(0)), view(MOST, f"last{both}", a=at(0), b=at(0)))
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
