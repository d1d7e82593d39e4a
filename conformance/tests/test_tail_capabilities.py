"""The terminal's client with capabilities: resume, acknowledgements, html and views."""

import io
import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamops_conformance.tail import integrity
from streamops_conformance.tail.client import Client
from streamops_conformance.tail.effects import (
    Close,
    Effect,
    Fired,
    Html,
    Removed,
    Replied,
    Report,
    Retry,
    Send,
    Stop,
    Text,
    Viewed,
)
from streamops_conformance.tail.html import as_text
from streamops_conformance.tail.integrity import Built
from streamops_conformance.tail.terminal import Lines, Printer
from streamops_conformance.v1.client.case import LIMITS, REPLAY_BYTES
from streamops_spec import load_shapes

TARGET = "[dj-stream='a']"
START = {"op": "start", "target": TARGET, "run": 1}
DONE = {"op": "done", "target": TARGET, "reason": "complete"}


def text(value: str) -> dict[str, object]:
    return {"op": "text", "target": TARGET, "text": value, "mode": "append"}


class Peer:
    """Plays the server over several connections of one client."""

    def __init__(self, *caps: str) -> None:
        self.caps = list(caps)
        self.client = Client({"name": "V"}, caps, keep=False)
        self.now = 100.0
        self.hello = self.connect()
        self.welcome("first")

    def connect(self) -> Any:
        (hello,) = self.sent(self.client.connected(self.now))
        assert not load_shapes("v1:hello").explain(hello)
        return hello

    def sent(self, effects: list[Effect]) -> list[Any]:
        frames = [json.loads(each.text) for each in effects if isinstance(each, Send)]
        for frame in frames:
            assert not load_shapes("v1:client-frame").explain(frame)
        return frames

    def welcome(self, session: str, **members: object) -> list[Effect]:
        names = session.ljust(22, "x")
        return self.say(
            {
                "type": "welcome",
                "session": names,
                "caps": self.caps,
                "limits": LIMITS | {"replay_bytes": REPLAY_BYTES},
                "heartbeat_ms": 25000,
            }
            | ({"resume_ttl_ms": 60000} if "resume" in self.caps else {})
            | members
        )

    def say(self, frame: Any) -> list[Effect]:
        return self.client.received(json.dumps(frame), self.now)

    def stream(self, seq: int, n: int, *ops: object, stream: str = "a") -> list[Effect]:
        return self.say({"type": "stream", "stream": stream, "seq": seq, "n": n, "ops": list(ops)})

    def cut(self, code: int = 1006) -> list[Effect]:
        return self.client.lost(code, self.now, 0.5)


def fired(effects: list[Effect]) -> list[tuple[str, str | None]]:
    return [(each.event.removeprefix("stream:"), each.reason) for each in effects if isinstance(each, Fired)]


def test_without_capabilities_nothing_is_offered() -> None:
    peer = Peer()
    assert peer.hello["caps"] == []
    peer.stream(1, 2, START, text("x"))
    assert [type(each) for each in peer.cut()] == [Retry]
    assert "resume" not in peer.connect()


def test_a_resume_names_what_was_applied_and_goes_on_after_it() -> None:
    peer = Peer("resume")
    assert peer.hello["caps"] == ["resume"]
    (event,) = peer.sent(peer.client.push("ask", {"n": 1}))
    peer.stream(1, 2, START, text("one "))
    assert [type(each) for each in peer.cut()] == [Retry]  # the event is not answered yet
    resume = {"session": "first".ljust(22, "x"), "cursors": {"a": 2}, "attempt": 1}
    assert peer.connect()["resume"] == resume
    peer.cut()
    assert peer.connect()["resume"] == resume | {"attempt": 2}  # no answer came to the first
    effects = peer.welcome("first", resumed={"a": {"how": "replay", "seq": 3}})
    assert fired(effects) == []
    assert peer.sent(effects) == [event]
    assert [each.text for each in peer.stream(3, 1, text("two")) if isinstance(each, Text)] == ["two"]
    (later,) = peer.sent(peer.client.push("ask", {"n": 2}))
    assert later["ref"] == 2
    assert [each for each in peer.say({"type": "reply", "ref": 1, "ok": True}) if isinstance(each, Replied)]


def test_a_failed_resume_ends_what_was_open() -> None:
    peer = Peer("resume")
    peer.client.push("ask", {})
    peer.stream(1, 2, START, text("one "))
    peer.cut()
    peer.connect()
    effects = peer.welcome("second")
    assert fired(effects) == [("done", "expired")]
    assert [each.code for each in effects if isinstance(each, Replied)] == ["resume_failed"]
    peer.cut()
    assert peer.connect()["resume"] == {"session": "second".ljust(22, "x"), "cursors": {"a": 0}, "attempt": 2}


@pytest.mark.parametrize("code", [4401, 4409, 1000])
def test_a_close_that_allows_no_reconnect_answers_what_waits(code: int) -> None:
    peer = Peer("resume")
    peer.client.push("ask", {})
    assert [type(each) for each in peer.cut(code)] == [Replied, Stop]


def test_what_is_gone_ends_and_the_next_run_may_begin_beyond_it() -> None:
    peer = Peer("resume")
    peer.stream(1, 2, START, text("one "))
    peer.cut()
    peer.connect()
    effects = peer.welcome("first", resumed={"a": {"how": "gone", "seq": 90}, "b": {"how": "gone", "seq": 5}})
    assert fired(effects) == [("done", "expired")]
    assert fired(peer.stream(101, 2, START | {"run": 2}, text("new"))) == [("start", None), ("text", None)]
    assert [type(each) for each in peer.stream(110, 1, text("x"))] == [Report, Close]


def test_the_same_violation_twice_begins_a_new_session() -> None:
    peer = Peer("resume")
    for again in (False, True):
        assert [type(each) for each in peer.stream(9, 1, text("x"))] == [Report, Close]
        assert isinstance(peer.cut(4400)[-1], Retry)
        assert ("resume" in peer.connect()) is not again
        peer.welcome("second" if again else "first", **({} if again else {"resumed": {}}))


def test_a_cancel_is_repeated_while_its_run_is_open() -> None:
    peer = Peer("resume")
    peer.stream(1, 2, START, text("one "))
    (cancel,) = peer.sent(peer.client.cancel("a"))
    for _ in range(2):
        peer.cut()
        peer.connect()
        assert peer.sent(peer.welcome("first", resumed={"a": {"how": "replay", "seq": 3}})) == [cancel]
    peer.stream(3, 1, DONE)
    peer.cut()
    peer.connect()
    assert peer.sent(peer.welcome("first", resumed={"a": {"how": "replay", "seq": 3}})) == []


def test_each_frame_is_acknowledged_the_repeated_ones_too() -> None:
    peer = Peer("ack", "view")
    assert peer.hello["limits"]["window"] > 1
    for _ in range(2):
        assert peer.sent(peer.stream(1, 2, START, text("x"))) == [{"type": "ack", "cursors": {"a": 2}}]
    for _ in range(2):
        view = {"type": "view", "html": "<p>", "version": 4, "streams": {}}
        assert peer.sent(peer.say(view)) == [{"type": "ack", "cursors": {}, "view": 4}]


def test_a_view_gives_its_html_once_and_the_state_of_its_streams() -> None:
    peer = Peer("view", "resume")
    state: dict[str, object] = {"seq": 7, "state": "open", "run": 3}
    view = {"type": "view", "html": "<p>new</p>", "version": 2, "streams": {"a": state}}
    effects = peer.say(view)
    assert [each for each in effects if isinstance(each, Viewed)] == [Viewed(2, "<p>new</p>")]
    assert fired(effects) == [("start", None)]
    assert peer.say(view) == []
    state |= {"run": 4, "state": "errored", "error": "busy", "code": "x_busy", "seq": 9}
    assert fired(peer.say(view | {"version": 3})) == [("done", "expired"), ("start", None), ("error", None)]
    assert fired(peer.say(view | {"version": 4})) == []
    view["streams"] = {"a": {"seq": 10, "state": "idle"}}
    assert fired(peer.say(view | {"version": 5})) == [("done", "expired")]
    assert fired(peer.stream(11, 1, START | {"run": 5})) == [("start", None)]
    peer.cut()
    assert peer.connect()["resume"]["view"] == 5


def test_html_and_removals_are_effects_if_they_were_agreed_on() -> None:
    def ops(target: str) -> list[dict[str, object]]:
        at: dict[str, object] = {"target": target}
        return [
            {"op": "append", "html": "<b>", **at},
            {"op": "prepend", "html": "<i>", **at},
            {"op": "replace", "html": "<u>", **at},
            {"op": "prune", "limit": 3, "edge": "top", **at},
            {"op": "delete", **at},
        ]

    peer = Peer("html")
    found = peer.stream(1, 11, START, *ops(TARGET), *ops("#row"))
    shown = [each for each in found if not isinstance(each, Fired)]
    for target, part in (("", shown[:5]), ("#row", shown[5:])):
        assert part == [
            Html("a", "append", "<b>", target),
            Html("a", "prepend", "<i>", target),
            Html("a", "replace", "<u>", target),
            Removed("a", "prune", target, 3, "top"),
            Removed("a", "delete", target),
        ]
    assert {each.kind for each in Peer().stream(1, 11, START, *ops(TARGET), *ops("#row"))[1:]} == {  # type: ignore[union-attr]  # reason: they are reports
        "unsupported",
        "target",
    }


STEPS = st.lists(
    st.tuples(st.sampled_from(["append", "prepend", "replace"]), st.text(max_size=6)), max_size=30
)


@given(STEPS, st.sampled_from([0, 3, 8, 1000]), st.sampled_from([1, 4, 100]))
def test_the_integrity_of_a_run_is_that_of_its_whole_text_or_unknown(
    steps: list[tuple[Any, str]], kept: int, pieces: int
) -> None:
    was = integrity.KEPT, integrity._MOST_PIECES
    integrity.KEPT, integrity._MOST_PIECES = kept, pieces
    try:
        built, whole, was_long = Built(), "", False
        for mode, part in steps:
            whole = part if mode == "replace" else part + whole if mode == "prepend" else whole + part
            if not built.write(part, mode):
                assert mode == "prepend"
                assert was_long
                return
            was_long = (was_long and mode != "replace") or len(whole) > kept
        digest = sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
        assert built.is_whole(len(whole), digest)
        assert built.is_whole(None, digest)
        assert not built.is_whole(len(whole) + 1, digest)
        assert not built.is_whole(len(whole), "0" * 64)
    finally:
        integrity.KEPT, integrity._MOST_PIECES = was


def test_the_text_of_an_endless_stream_is_not_kept() -> None:
    peer = Peer()
    peer.stream(1, 1, START)
    for number in range(400):
        peer.stream(number + 2, 1, text("x" * 4096))
    stream = peer.client.streams["a"]
    assert stream.text == ""
    assert stream._built is not None
    assert stream._built._pieces is None
    digest = sha256(b"x" * 4096 * 400).hexdigest()
    (done,) = fired(peer.stream(402, 1, DONE | {"text_len": 4096 * 400, "text_sha256": digest}))[:1]
    assert done == ("done", "complete")


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<h1>A</h1><p>b<br>c</p>", "A\n\nb\nc"),
        ("<tr><td>1</td><td>2</td></tr>", "1  2"),
        ("<ul><li>one<li>two</ul>", "* one\n* two"),
        ("<script>x</script><style>y</style><p hidden></p>", ""),
        ("a &lt;b&gt; \ud800", "a <b> ?"),
        ("", ""),
    ],
)
def test_html_is_shown_as_the_text_of_a_page(html: str, shown: str) -> None:
    assert as_text(html) == shown


def test_a_rendering_that_continues_the_last_one_prints_what_was_added() -> None:
    out, err = io.StringIO(), io.StringIO()
    printer = Printer(out, err)
    for html in ("<p>one</p>", "<p>one two</p>", "<p>one two</p>", "<p>one two three</p>", "<p>other</p>"):
        printer.show([Html("a", "replace", html)])
    printer.show(
        [Html("a", "append", "<li>more</li>"), Html("b", "prepend", "<b>x</b>"), Html("a", "append", "")]
    )
    printer.show([Viewed(1, "<p>A view</p>"), Viewed(2, "<p>A view</p>"), Removed("a", "delete")])
    printer.close()
    assert out.getvalue().splitlines() == [
        "one two three",
        "other",
        "* more",
        "b | x",
        "(view) | A view",
    ]
    assert err.getvalue() == ""


def test_for_programs_html_and_views_are_lines() -> None:
    out = io.StringIO()
    Lines(out).show([Html("a", "replace", "<b>"), Removed("a", "prune", "", 3, "top"), Viewed(2, "<p>")])
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"event": "stream:html", "stream": "a", "mode": "replace", "html": "<b>", "target": ""},
        {"event": "stream:removed", "stream": "a", "op": "prune", "target": "", "limit": 3, "edge": "top"},
        {"event": "view", "version": 2, "html": "<p>"},
    ]
