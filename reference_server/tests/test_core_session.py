"""One session through a fake link: handshake, heartbeat, events, errors, the end."""

from collections.abc import Callable
from typing import Any

import pytest
from streamops_server import Limits
from streamops_server.core.errors import Fenced

HELLO = {"type": "hello", "caps": ["html", "view", "ack"], "limits": {}}


def event(ref: int, name: str = "go") -> dict[str, Any]:
    return {"type": "event", "ref": ref, "event": name, "params": {}}


def last_words(link: Any) -> tuple[str, int, str]:
    """The code of the fatal error, and the close that follows."""
    error = link.arrive()[-1]
    assert error["type"] == "error"
    assert error["fatal"] is True
    assert link.session.closing.reason == error["code"]
    assert link.session.deadline() is None
    return error["code"], link.session.closing.code, error["retryable"]


@pytest.fixture
def link(new_link: Callable[..., Any]) -> Any:
    return new_link()


def test_welcome_names_what_both_sides_have(link: Any) -> None:
    link.send(HELLO)
    assert link.arrive() == []
    link.session.welcome(["html", "view", "x-conformance"])
    (welcome,) = link.arrive()
    assert welcome["caps"] == ["html", "view"]
    assert welcome["heartbeat_ms"] == 25_000


@pytest.mark.parametrize("first", [event(1), {"type": "news"}, "nonsense"])
def test_anything_but_hello_first_ends_the_session(link: Any, first: Any) -> None:
    link.send(first)
    assert last_words(link) == ("bad_frame", 4400, False)


def test_a_second_hello_ends_the_session(link: Any) -> None:
    link.open().send(HELLO)
    assert last_words(link) == ("bad_frame", 4400, False)
    link.send(event(1))
    assert not link.asked[1:], "nothing is heard after the end"


def test_hello_has_ten_seconds(link: Any) -> None:
    assert link.session.deadline() == link.now + 10
    link.wait(9.9)
    assert link.frames == []
    link.now += 0.2
    assert last_words(link) == ("hello_timeout", 4408, True)


def test_a_silent_client_is_pinged_and_then_left(link: Any) -> None:
    link.open()
    link.send({"type": "pong"})
    link.wait(26)
    assert link.frames[-1] == {"type": "ping"}
    link.send({"type": "pong"})
    link.wait(26)
    assert link.frames[-1] == {"type": "ping"}
    link.wait(25)
    assert link.frames[-1]["code"] == "heartbeat_timeout"
    assert link.session.closing.code == 4504


def test_a_ping_is_answered_even_before_the_mount(link: Any) -> None:
    link.send(HELLO)
    link.session.welcome([])
    link.send({"type": "ping", "t": "now"})
    link.send({"type": "ping"})
    assert link.session.deadline() == 0
    assert link.arrive()[1:] == [{"type": "pong", "t": "now"}, {"type": "pong"}]


def test_a_binary_frame_ends_the_session(link: Any) -> None:
    link.open().session.receive_binary()
    assert last_words(link) == ("bad_frame", 4400, False)


def test_a_large_frame_ends_the_session(new_link: Callable[..., Any]) -> None:
    for filler, size in [("x", 65536), ("é", 32768)]:
        link = new_link(Limits(max_frame_bytes=65536)).open()
        frame = '{"type":"ping","x":"%s"}'
        most = size - len(frame % "") // len(filler.encode())
        link.send(frame % (filler * most))
        assert link.arrive() == [{"type": "pong"}]
        link.send(frame % (filler * size))
        assert last_words(link) == ("frame_too_large", 4413, False)


def test_bytes_are_taken_like_text(link: Any) -> None:
    link.session.receive(b'{"type":"news"}', link.now)
    assert last_words(link) == ("bad_frame", 4400, False)


def test_what_is_unknown_or_not_agreed_is_ignored(link: Any) -> None:
    link.open()
    for frame in [
        {"type": "news"},
        {"type": "ack", "cursors": {"s": 5}},
        {"type": "cancel", "stream": "s", "run": 1},
    ]:
        link.send(frame)
    assert link.wait(1) == []
    assert link.session.unknown_frames == 1
    assert link.session.closing is None


def test_events_wait_for_the_mount_and_its_view(link: Any) -> None:
    link.send(HELLO)
    link.session.welcome(["view"])
    link.send(event(1))
    link.send(event(2))
    link.program.text(link.owner, "s", "early")
    assert [type(each).__name__ for each in link.asked] == ["Hello"]
    assert [frame["type"] for frame in link.wait(1)] == ["welcome"]
    link.session.views.first("<p dj-stream='s'></p>", ["s"], [])
    assert [each.ref for each in link.session.mounted()] == [1, 2]
    link.session.reply(1)
    link.session.reply(2, "x_no", "no")
    view, stream, yes, no = link.wait(1)
    assert view["streams"] == {"s": {"seq": 0, "state": "idle"}}
    assert (stream["seq"], stream["n"]) == (1, 2)
    assert yes == {"type": "reply", "ref": 1, "ok": True}
    assert no == {"type": "reply", "ref": 2, "ok": False, "error": {"code": "x_no", "error": "no"}}


def test_refs_grow(link: Any) -> None:
    link.open()
    link.send(event(5))
    link.send(event(7))
    link.send(event(7))
    assert last_words(link) == ("bad_frame", 4400, False)


def test_one_event_too_many_is_answered_rate_limited(new_link: Callable[..., Any]) -> None:
    link = new_link(Limits(max_events=2)).open()
    for ref in (1, 2, 3):
        link.send(event(ref))
    assert len(link.asked) == 3, "hello and two events"
    (refused,) = link.wait()
    assert (refused["ref"], refused["error"]["code"]) == (3, "rate_limited")
    link.session.reply(1)
    link.wait()
    link.send(event(4))
    assert link.asked[-1].ref == 4


def test_who_asks_and_never_reads_is_left(new_link: Callable[..., Any]) -> None:
    link = new_link(Limits(max_unread_frames=3)).open()
    for _ in range(4):
        link.send({"type": "ping"})
    link.now += 0.1
    assert last_words(link) == ("slow_consumer", 4508, True)


def test_a_flood_of_events_has_its_answers_and_then_ends(new_link: Callable[..., Any]) -> None:
    limits = Limits(max_unread_frames=3, max_events=1)
    link = new_link(limits).open()
    for ref in range(1, 6):
        link.send(event(ref))
    assert last_words(link) == ("rate_limited", 4429, True)
    *refused, error = link.frames[-5:]
    assert [(each["ref"], each["error"]["code"]) for each in refused] == [
        (ref, "rate_limited") for ref in (2, 3, 4, 5)
    ]
    assert error["retry_after_ms"] == 1000

    link = new_link(limits).open()
    for ref in range(1, 100):
        link.send(event(ref))
        assert len(link.arrive()) == (ref > 1)
    assert link.session.closing is None, "who reads the refusals is not left"


def test_a_refusal_waits_for_nothing(new_link: Callable[..., Any]) -> None:
    link = new_link(Limits(max_events=1)).open()
    link.program.text(link.owner, "s", "a")
    link.arrive()
    link.program.text(link.owner, "s", "b")
    link.send(event(1))
    link.session.reply(1)
    link.send(event(2))
    assert [frame["ref"] for frame in link.arrive()] == [2]
    assert [frame["type"] for frame in link.wait(1)] == ["stream", "reply"]
    link.send(event(3))
    assert link.asked[-1].ref == 3


def test_only_the_first_failure_counts(link: Any) -> None:
    link.open().session.fail("app_error", "no", close="internal", retryable=False)
    link.session.fail("shutting_down", "too late")
    assert last_words(link) == ("app_error", 4500, False)


def test_calls_are_fenced_once_the_session_is_over(link: Any) -> None:
    link.open().session.over()
    with pytest.raises(Fenced):
        link.program.text(link.owner, "s", "late")


def test_nothing_is_taken_while_the_transport_is_full(link: Any) -> None:
    link.open()
    link.program.text(link.owner, "s", "a")
    assert link.session.deadline(writable=False) > link.now
    assert link.arrive(writable=False) == []
    link.program.text(link.owner, "s", "b")
    (frame,) = link.arrive()
    assert [op.get("text") for op in frame["ops"]] == [None, "ab"]
    link.session.fail("shutting_down", "bye")
    assert link.session.deadline(writable=False) == 0
    assert len(link.arrive(writable=False)) == 1, "last words are said in any case"


def test_messages_are_short_and_always_text(link: Any) -> None:
    link.open().answer(1, "x_no", "é" * 512)
    link.answer(2, "x_no", "é" * 513)
    link.answer(3, "x_no", "\ud800")
    first, second, third = (reply["error"]["error"] for reply in link.wait())
    assert (first, second, third) == ("é" * 512, "é" * 511 + "…", "?")
    link.session.fail("internal", "x" * 100_000)
    assert len(link.arrive()[-1]["error"]) == 512
