"""Windows, acknowledgements and cancels (chapters 9 and 10), on a fake link."""

from collections.abc import Callable
from typing import Any

import pytest
from streamops_server import Limits
from streamops_server.core.errors import Fenced
from streamops_server.core.frames import Cancel
from streamops_server.core.producers import Producer

ACK = ["html", "view", "ack"]
NewLink = Callable[..., Any]


def opened(new_link: NewLink, *, window: int, limits: Limits | None = None, **more: Any) -> Any:
    """A link with `ack`, whose first view is acknowledged."""
    link = new_link(limits).open(caps=ACK, offered=ACK, view="0", window=window, **more)
    link.send({"type": "ack", "cursors": {}, "view": 1})
    return link


def texts(frames: list[dict[str, Any]], stream: str = "s") -> str:
    return "".join(
        op["text"] for frame in frames if frame.get("stream") == stream for op in frame["ops"] if "text" in op
    )


def test_a_full_window_holds_back_and_merges(new_link: NewLink) -> None:
    link = opened(new_link, window=2)
    for number in range(9):
        link.program.text(link.owner, "s", str(number))
        link.wait(0.1)
    assert [frame["seq"] for frame in link.frames if frame["type"] == "stream"] == [1, 3]  # FLW-1
    link.send({"type": "ack", "cursors": {"s": 2}})
    assert texts(link.wait(0.1)) == "2345678"  # FLW-2: one frame, not seven


def test_a_window_that_is_left_out_is_one(new_link: NewLink) -> None:
    link = new_link().open(caps=ACK, offered=ACK, view="0")
    link.program.text(link.owner, "s", "a")
    assert link.wait(1) == []
    link.send({"type": "ack", "cursors": {}, "view": 1})
    assert texts(link.wait(1)) == "a"


@pytest.mark.parametrize("ack", [{"cursors": {"s": 9}}, {"cursors": {"t": 2}}, {"cursors": {}, "view": 9}])
def test_what_was_not_sent_is_not_acknowledged(new_link: NewLink, ack: dict[str, Any]) -> None:
    link = opened(new_link, window=1)
    link.program.text(link.owner, "s", "a")
    link.wait(1)
    link.program.text(link.owner, "s", "b")
    link.send({"type": "ack", **ack})
    assert link.wait(1) == []  # FLW-3
    link.send({"type": "ack", "cursors": {"s": 2}})
    assert texts(link.wait(1)) == "b"


def test_without_the_capability_an_ack_says_nothing(link: Any) -> None:
    link.program.text(link.owner, "s", "a")
    link.wait(1)
    link.send({"type": "ack", "cursors": {"s": 2}, "view": 1})
    link.program.text(link.owner, "s", "b")
    assert texts(link.wait(1)) == "b"


def test_a_reply_waits_for_the_window_and_a_pong_does_not(new_link: NewLink) -> None:
    link = opened(new_link, window=1)
    link.program.text(link.owner, "s", "a")
    link.wait(1)
    link.program.text(link.owner, "s", "b")
    link.answer(1)
    link.send({"type": "ping"})
    assert [frame["type"] for frame in link.wait(1)] == ["pong"]  # FLW-4
    link.send({"type": "ack", "cursors": {"s": 2}})
    assert [frame["type"] for frame in link.wait(1)] == ["stream", "reply"]


def test_views_count_in_the_window(new_link: NewLink) -> None:
    link = opened(new_link, window=1)
    link.session.views.push("1", [], [])
    link.program.text(link.owner, "s", "a")
    assert [frame["type"] for frame in link.wait(1)] == ["view"]
    link.session.views.push("2", [], [])
    link.send({"type": "ack", "cursors": {}, "view": 3})
    assert link.wait(1) == [], "that version was not sent (FLW-3)"
    link.send({"type": "ack", "cursors": {}, "view": 2})
    assert [frame["type"] for frame in link.wait(1)] == ["stream"]
    link.send({"type": "ack", "cursors": {"s": 2}})
    assert [frame["type"] for frame in link.wait(1)] == ["view"]


def test_streams_are_served_in_turn(new_link: NewLink) -> None:
    link = opened(new_link, window=1, max_frame_bytes=1 << 20)
    link.program.text(link.owner, "small", "x")  # a start would wait for all before it (ORD-6)
    link.wait(1)
    for _ in range(700):
        link.program.insert(link.owner, "big", "x" * 4000)
    link.program.text(link.owner, "small", "a")
    order = []
    while len(order) < 4:
        link.send({"type": "ack", "cursors": dict(link.cursors)})
        order += [frame["stream"] for frame in link.wait(0.1)]
    assert order.index("small") <= 1, order  # FLW-8
    assert order.count("big") >= 2


def test_frames_that_size_splits_take_turns(new_link: NewLink) -> None:
    link = new_link(Limits(max_pending_bytes=1 << 22)).open(
        caps=["html"], offered=["html"], max_frame_bytes=1 << 20
    )
    link.program.text(link.owner, "small", "x")
    link.wait(1)
    for _ in range(300):
        link.program.insert(link.owner, "big", "x" * 8000)
    link.program.text(link.owner, "small", "a")
    frames = [frame["stream"] for frame in link.wait(1)]
    assert frames == ["big", "small", "big", "big"]


def test_a_start_waits_for_others_also_where_it_would_be_its_turn(new_link: NewLink) -> None:
    link = opened(new_link, window=1)
    order: list[str] = []

    def more() -> None:
        link.send({"type": "ack", "cursors": dict(link.cursors)})
        order.extend(frame["stream"] for frame in link.wait(0.1))

    for name in ("s", "u"):
        link.program.text(link.owner, name, "a")
    more()
    more()
    for name in ("s", "u", "t"):
        link.program.text(link.owner, name, "b")
    for _ in range(4):
        more()
    assert order == ["s", "u", "s", "u", "t"]  # ORD-6 goes before FLW-8


def test_a_full_stream_takes_no_more_tokens(new_link: NewLink) -> None:
    link = new_link(Limits(max_pending_bytes=140)).open()
    link.program.text(link.owner, "s", "x" * 40)
    assert link.program.extend(link.owner, "s", "y" * 40) == 2
    assert link.program.extend(link.owner, "s", "z") == 0


def cancel(link: Any, stream: str, run: int) -> Any:
    link.asked.clear()
    link.send({"type": "cancel", "stream": stream, "run": run})
    (asked,) = link.asked
    assert isinstance(asked, Cancel)
    return link.session.cancel(asked, link.now)


def reasons(link: Any, stream: str = "s") -> list[str]:
    return [
        op["reason"]
        for frame in link.frames
        if frame.get("stream") == stream
        for op in frame["ops"]
        if op["op"] == "done"
    ]


def test_a_cancelled_owner_may_finish_and_then_is_fenced(link: Any) -> None:
    link.program.text(link.owner, "s", "a")
    link.wait(1)
    assert cancel(link, "s", 1) is link.owner
    link.program.text(link.owner, "s", " stopped")
    with pytest.raises(Fenced):
        link.program.start(link.owner, "s")
    link.program.done(link.owner, "s")
    with pytest.raises(Fenced):
        link.program.text(link.owner, "s", "more")  # FLW-11
    link.program.done(link.owner, "s")
    link.wait(5)
    assert reasons(link) == ["cancelled"]  # FLW-9
    assert texts(link.frames) == "a stopped"


def test_a_cancelled_run_ends_after_cancel_ms_at_the_latest(link: Any) -> None:
    link.program.text(link.owner, "s", "a")
    link.wait(1)
    cancel(link, "s", 1)
    link.wait(1.9)
    assert reasons(link) == []
    link.wait(0.2)
    assert reasons(link) == ["cancelled"]
    with pytest.raises(Fenced):
        link.program.text(Producer(link.owner), "s", "more")


def test_a_cancel_that_is_repeated_disturbs_nobody(link: Any) -> None:
    link.program.text(link.owner, "s", "a")
    link.program.text(link.owner, "t", "a")
    assert cancel(link, "s", 1) is link.owner
    link.wait(1)
    assert cancel(link, "s", 1) is None
    assert cancel(link, "t", 1) is None
    link.program.text(link.owner, "s", " stopped")
    link.wait(1.1)
    assert texts([frame for frame in link.frames if frame.get("stream") == "s"]) == "a stopped"
    assert (reasons(link, "s"), reasons(link, "t")) == (["cancelled"], [])
    link.wait(1)
    assert reasons(link, "t") == ["cancelled"], "it was named a second later"


def test_a_cancelled_owner_starts_no_run(link: Any) -> None:
    link.program.text(link.owner, "s", "a")
    child = Producer(link.owner)
    cancel(link, "s", 1)
    for caller, name in ((link.owner, "t"), (child, "t"), (child, "u")):
        with pytest.raises(Fenced):
            link.program.text(caller, name, "more")  # FLW-14
    with pytest.raises(Fenced):
        link.program.error(child, "t", "no")
    link.wait(1)
    assert {frame["stream"] for frame in link.frames if "stream" in frame} == {"s"}


def test_a_cancelled_run_that_ended_by_itself_is_left_alone(link: Any) -> None:
    link.program.text(link.owner, "s", "a")
    cancel(link, "s", 1)
    link.program.end(link.owner, "owner_returns")
    link.program.text(Producer(), "s", "b")
    link.wait(5)
    assert reasons(link) == ["cancelled"], "the next run is somebody else's"


@pytest.mark.parametrize(("stream", "run"), [("s", 3), ("t", 1), ("u", 1)])
def test_any_other_cancel_is_ignored(link: Any, stream: str, run: int) -> None:
    link.program.text(link.owner, "s", "a")
    link.program.text(link.owner, "u", "a")
    link.program.done(link.owner, "u")
    assert cancel(link, stream, run) is None  # FLW-10
    link.program.text(link.owner, "s", "b")
    link.wait(5)
    assert texts(link.frames) == "ab"
    assert reasons(link) == []
