"""Sequences for clients of v0: exchanges by hand for each requirement, and frames drawn at random.

What no guide promises is left out: content after a stream's own `done`, a target that does not exist, HTML
whose meaning depends on its context, ids that occur twice, an error without a text, and `prune` where an
error may be among the children. A text that is replaced by nothing is left out too, because a client that
keeps it and a client that loses the op look the same.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle
from typing import Any

from hypothesis import strategies as st
from streamops_spec import default_target

from streamops_conformance.generate import alphabet
from streamops_conformance.model.messages import Message
from streamops_conformance.v0.client.sequence import FrameSequence
from streamops_conformance.v0.oracle.calls import Page

Frame = dict[str, Any]
STREAMS = ("a", "b", "c")
PAGE = (
    '<div dj-stream="a"></div><p>between</p><div dj-stream="b">b</div>'
    '<section><div dj-stream="c" class="mine" data-loading-class="is-busy loads"></div></section>'
)
RICH = '<div dj-stream="a">old<p id="a1">para</p><b>bold</b> end</div><div dj-stream="b">b</div>'
LOADING = '<div dj-stream="a" class="mine" data-loading-class="is-busy loads"></div><div dj-stream="b"></div>'
HTMLS = (
    "<i>i</i>",
    "plain",
    "<b>x",
    "<p>1<p>2",
    "<ul><li>1<li>2</ul>",
    "<!-- c --><em>\u00e9&amp;&lt;\U0001f600</em>",
    '<a href="x" title="&quot;">l</a>\n',
)
MARKUP = "<b>bold</b> &amp; <i"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
NOW, HOLD, FLUSH = 0, 1, 2
"""After an op: send the frame of its stream, wait, or send the frames of all streams."""


def on(name: str) -> str:
    """The default target of a stream."""
    return default_target(name)


def text(said: str, mode: str = "append", target: str = on("a")) -> Frame:
    """A text op; an empty `mode` leaves the member out."""
    return {"op": "text", "target": target, "text": said, **({"mode": mode} if mode else {})}


def html(kind: str, said: str, target: str = on("a")) -> Frame:
    return {"op": kind, "target": target, "html": said}


def delete(target: str) -> Frame:
    return {"op": "delete", "target": target}


def start(name: str = "a") -> Frame:
    return {"op": "start", "target": on(name)}


def error(said: str = "It failed", name: str = "a") -> Frame:
    return {"op": "error", "target": on(name), "error": said}


def done(name: str = "a") -> Frame:
    return {"op": "done", "target": on(name)}


def frame(*ops: Frame, name: str = "a") -> Frame:
    return {"type": "stream", "stream": name, "ops": list(ops)}


def exchange(*frames: Frame, page: str = PAGE, paced: bool = True) -> FrameSequence:
    messages = tuple(Message(json.dumps(each, ensure_ascii=False)) for each in frames)
    return FrameSequence(page, messages, paced)


def one_by_one(*ops: Frame, page: str = PAGE) -> FrameSequence:
    """Each op in its own frame, on the stream `a`."""
    return exchange(*map(frame, ops), page=page)


def exchanges() -> list[FrameSequence]:
    """Exchanges that random drawing would seldom produce, by requirement."""
    return [*_order(), *_streams(), *_texts(), *_htmls(), *_errors(), *_loading()]


def _order() -> Iterator[FrameSequence]:
    """CLI-101."""
    said = [text(each) for each in ("1", "2", "", " 3\n", "\u4e16\u754c", "\U0001f9ea\u200d")]
    tokens = [text(f"{number} ") for number in range(200)]
    yield one_by_one(*said)
    yield exchange(frame(*said))
    yield exchange(frame(start(), *said[:3]), frame(*said[3:], done()))
    yield exchange(frame(*tokens))
    yield exchange(*map(frame, tokens), paced=False)
    yield exchange(
        frame(html("replace", "<b>So:</b>"), html("append", "<i>1</i>"), html("append", "<i>2</i>"))
    )
    yield exchange(frame(html("replace", '<p id="a1">x</p>y'), delete("#a1"), html("prepend", "<i>1</i>")))
    rows = [html("append", f"<i>{number}</i>") for number in range(4)]
    for edge in ("top", "bottom"):
        yield one_by_one(*rows, {"op": "prune", "target": on("a"), "limit": 2, "edge": edge})


def _streams() -> Iterator[FrameSequence]:
    """CLI-102."""
    turns = [frame(text(f"{n} ", target=on(name)), name=name) for n in range(8) for name in "ab"]
    yield exchange(*turns)
    yield exchange(*turns, paced=False)
    yield exchange(
        frame(start()), frame(start("b"), name="b"), frame(text("1")),
        frame(text("2", target=on("b")), name="b"), frame(done()),
        frame(text("3", target=on("b")), name="b"), frame(done("b"), name="b"),
    )  # fmt: skip  # reason: a line for each turn
    yield exchange(
        frame(text("1")), frame(error("b failed", "b"), name="b"), frame(text("2")),
        frame(html("replace", "<i>i</i>", on("b")), name="b"), frame(text("3")),
    )  # fmt: skip


def _texts() -> Iterator[FrameSequence]:
    """CLI-103, CLI-104, CLI-105."""
    for mode in ("append", "prepend", "replace", ""):
        yield one_by_one(text(MARKUP, mode))
        yield one_by_one(text("old"), text("new", mode))
        yield one_by_one(text("new", mode), page=RICH)
    yield one_by_one(text("old"), text("new", "replace"), text("er", ""), text("", ""), text(" yet", ""))
    yield one_by_one(html("replace", "<b>So:</b>"), text(" yes"))
    yield one_by_one(text("x", target="#a1"), text("y", target=on("a") + " b"), page=RICH)


def _htmls() -> Iterator[FrameSequence]:
    """CLI-106, CLI-107."""
    for kind in ("replace", "append", "prepend"):
        for page in (PAGE, RICH):
            yield one_by_one(html(kind, '<i class="new">n</i>tail'), page=page)
        yield one_by_one(html(kind, "<i>n</i>", "#a1"), page=RICH)
    items = "".join(f'<li id="i{number}">{number}</li>' for number in range(3))
    for number in range(3):
        yield one_by_one(delete(f"#i{number}"), page=f'<ul dj-stream="a">{items}</ul>')
    yield one_by_one(delete(on("a")), page=RICH)


def _errors() -> Iterator[FrameSequence]:
    """CLI-108, CLI-109."""
    cut, short = error("A short interruption"), text("So far")
    yield one_by_one(cut)
    yield one_by_one(short, error("<i>1 & 2</i>"))
    yield one_by_one(cut, page=RICH)
    yield one_by_one(short, cut, text(" so good"))
    yield one_by_one(short, cut, text("Now: ", "prepend"))
    yield one_by_one(short, cut, text(" so good", ""), done())
    yield one_by_one(start(), short, cut, text(" so"), error("Another one"), text(" good"), done())


def _loading() -> Iterator[FrameSequence]:
    """CLI-110."""
    yield one_by_one(start(), text("x"), done(), start(), text("y"), done(), page=LOADING)
    yield exchange(frame(start(), text("x")), frame(text("y")), frame(text("z"), done()), page=LOADING)
    yield exchange(
        frame(text("x", target=on("b")), name="b"), frame(start()), frame(done("b"), name="b"), frame(done()),
        page=LOADING,
    )  # fmt: skip


# Drawn


@cache
def cases() -> st.SearchStrategy[FrameSequence]:
    """Frames of one stream or of several, simple before complex."""
    one = st.one_of(*(st.lists(st.sampled_from(_ops(name)), min_size=1, max_size=12) for name in STREAMS))
    every = [op for name in STREAMS for op in _ops(name)]
    several = st.lists(st.sampled_from(every), min_size=2, max_size=16)
    holds = st.lists(st.sampled_from((NOW, HOLD, HOLD, FLUSH)), max_size=6)
    drawn = st.builds(_batched, st.one_of(one, several), holds, st.sampled_from((True, True, True, False)))
    return drawn.filter(lambda spec: bool(spec.messages))


def _ops(name: str) -> list[tuple[str, Frame]]:
    """The ops to draw from for one stream; no other stream has its ids."""
    place, inner = on(name), f"#{name}1"
    found = [text(each, target=place) for each in alphabet.TEXTS[:2] * 3 + alphabet.TEXTS]
    found += [text(each, mode, place) for each in ("x", "<q>") for mode in ("prepend", "replace", "")]
    found += [start(name), start(name), done(name), error("<i>\u00e9</i>", name)]
    found += [error("went wrong", name)]
    found += [html(kind, each, place) for each in HTMLS[:3] for kind in ("replace", "append", "prepend")]
    found += [html("append", each, place) for each in HTMLS[3:]]
    found += [html("append", f'<p id="{name}1">p</p>', place)] * 3
    found += [text("t", mode, inner) for mode in ("append", "prepend", "replace")]
    found += [html("append", "<u>u", inner), html("replace", "<s>s</s>", inner), delete(inner), delete(inner)]
    found += [
        {"op": "prune", "target": place, "limit": n, "edge": edge}
        for n in (1, 2)
        for edge in ("top", "bottom")
    ]
    return [(name, op) for op in found]


def _batched(drawn: Sequence[tuple[str, Frame]], holds: Sequence[int], paced: bool) -> FrameSequence:
    """Frames of those ops whose effect v0 defines; a letter makes each text distinct."""
    pending: dict[str, list[Frame]] = {}
    frames: list[Frame] = []
    decisions = cycle(holds or (NOW,))

    def send(*names: str) -> None:
        frames.extend(frame(*pending.pop(name), name=name) for name in names if name in pending)

    for name, op in _tidy(drawn):
        pending.setdefault(name, []).append(op)
        decision = next(decisions)
        if decision != HOLD:
            send(*([name] if decision == NOW else list(pending)))
    send(*list(pending))
    return exchange(*frames, paced=paced)


def _tidy(drawn: Sequence[tuple[str, Frame]]) -> Iterator[tuple[str, Frame]]:
    letters, page = cycle(LETTERS), Page(PAGE)
    ended: set[str] = set()
    failed: set[str] = set()
    for name, op in drawn:
        kind, made = op["op"], dict(op)
        ended -= {name} if kind == "start" else set()
        again = f'id="{name}1"' in made.get("html", "") and page.find(f"#{name}1") is not None
        if name in ended or again or page.find(op["target"]) is None or (kind == "prune" and name in failed):
            continue
        for member in ("text", "html", "error"):
            if made.get(member):
                made[member] = next(letters) + made[member]
        ended |= {name} if kind == "done" else set()
        failed |= {name} if kind == "error" else set()
        page.apply(made)
        yield name, made
