"""Sessions that outlive their connection (chapter 11), on a fake link.

The file is long because it has one short test for each rule of the chapter, and all of them come back alike.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from streamops_server import Limits
from streamops_server.core.errors import PeerViolation
from streamops_server.core.sent_log import MOST_CURSORS
from streamops_server.core.stream import Stream

CAPS = ["html", "view", "resume"]
NewLink = Callable[..., Any]


def opened(new_link: NewLink, *, caps: list[str] | None = None, **limits: Any) -> Any:
    return new_link(Limits(**limits)).open(caps=caps or CAPS, offered=[*CAPS, "ack"], view="0", window=1)


def hello(link: Any, cursors: dict[str, int], view: int | None = 1, **members: Any) -> Any:
    resume = {"session": "an id", "cursors": cursors} | ({} if view is None else {"view": view})
    caps = sorted(link.program.caps)
    return link.decode({"type": "hello", "caps": caps, "limits": {}, "resume": resume, **members})


def back(
    link: Any, cursors: dict[str, int], view: int | None = 1, said: Any = lambda: None
) -> dict[str, Any]:
    """The client comes back; `welcome.resumed`. What it does not have will arrive again."""
    link.cursors.clear()
    link.cursors.update(cursors)
    asked = hello(link, cursors, view)
    assert link.session.may_resume(asked, [*CAPS, "ack"])
    link.session.resume(asked, link.now, said)
    welcome = link.session.flush(link.now - 1e6)[0]
    resumed: dict[str, Any] = json.loads(welcome)["resumed"]
    return resumed


def text_of(frames: list[dict[str, Any]]) -> str:
    return "".join(op.get("text", "") for frame in frames if "ops" in frame for op in frame["ops"])


def test_what_was_missed_comes_again_batched_anew(new_link: NewLink) -> None:
    link = opened(new_link)
    for letter in "abc":
        link.program.text(link.owner, "s", letter)
        link.wait(0.1)
    assert link.session.lost(link.now)
    link.program.text(link.owner, "s", "d")
    assert link.session.deadline() == link.now + 60
    assert back(link, {"s": 2}) == {"s": {"how": "replay", "seq": 5}}
    (frame,) = link.wait(0.1)
    assert (frame["seq"], frame["n"], text_of([frame])) == (3, 3, "bcd")  # RES-3


def test_a_session_ends_when_nobody_comes_back(new_link: NewLink) -> None:
    link = opened(new_link)
    assert link.session.lost(link.now)
    assert link.session.flush(link.now + 59) == []
    assert not link.session.ended
    assert link.session.flush(link.now + 60) == []
    assert link.session.ended
    assert link.session.deadline() is None
    assert not link.session.may_resume(hello(link, {}), CAPS)


def test_without_resume_a_session_ends_with_its_connection(link: Any) -> None:
    assert not link.session.lost(link.now)
    assert link.session.ended


def test_a_failure_without_a_connection_ends_the_session(new_link: NewLink) -> None:
    link = opened(new_link)
    assert link.session.lost(link.now)
    link.session.fail("shutting_down", "The server is ending")
    assert link.session.ended


@pytest.mark.parametrize(
    ("cursors", "view"), [({"s": 1}, 1), ({"s": 4}, 1), ({"t": 1}, 1), ({"s": 2}, 2)], ids=str
)
def test_a_cursor_that_the_client_cannot_have_fails(
    new_link: NewLink, cursors: dict[str, int], view: int
) -> None:
    link = opened(new_link)
    link.program.text(link.owner, "s", "a")
    link.wait(0.1)
    link.session.lost(link.now)
    assert not link.session.may_resume(hello(link, cursors, view), CAPS)  # RES-4
    assert link.session.may_resume(hello(link, {"s": 2, "t": 0}), CAPS)


def test_a_hello_that_changes_what_was_agreed_fails(new_link: NewLink) -> None:
    link = opened(new_link)
    link.session.lost(link.now)
    assert not link.session.may_resume(hello(link, {}, caps=["html", "resume"]), CAPS)  # RES-11
    assert not link.session.may_resume(hello(link, {}, caps=[*CAPS, "ack"]), [*CAPS, "ack"])
    assert link.session.may_resume(hello(link, {}, limits={"max_frame_bytes": 2 << 20}), CAPS)
    plain = link.decode({"type": "hello", "caps": CAPS, "limits": {}})
    assert not link.session.may_resume(plain, CAPS)
    link = new_link().open(caps=CAPS, offered=CAPS, view="0", max_frame_bytes=2 << 20)
    assert not link.session.may_resume(hello(link, {}), CAPS)


def test_a_number_that_resumed_gave_is_a_cursor(new_link: NewLink) -> None:
    link = opened(new_link)
    link.program.text(link.owner, "s", "a")
    link.wait(0.1)
    link.session.lost(link.now)
    link.program.text(link.owner, "s", "b")
    assert back(link, {"s": 2})["s"]["seq"] == 3
    link.session.lost(link.now)
    link.program.text(link.owner, "s", "c")
    assert back(link, {"s": 3}) == {"s": {"how": "replay", "seq": 4}}
    assert text_of(link.wait(0.1)) == "c"


def test_a_cursor_that_no_right_client_has_any_more_is_gone(new_link: NewLink) -> None:
    link = opened(new_link)
    link.program.text(link.owner, "s", "a")
    link.wait(0.1)
    link.program.text(link.owner, "s", "b")
    link.wait(0.1)
    link.session.lost(link.now)
    link.program.text(link.owner, "s", "c")
    back(link, {"s": 2})
    assert [frame["n"] for frame in link.wait(0.1)] == [2], "the frame with b was merged: its end is gone"
    link.session.lost(link.now)
    assert back(link, {"s": 3}) == {"s": {"how": "gone", "seq": 4}}


def test_what_the_log_has_not_is_gone_until_the_next_start(new_link: NewLink) -> None:
    link = opened(new_link, caps=["html", "resume"], replay_bytes=400)
    for letter in "abcdef":
        link.program.text(link.owner, "s", letter * 30)
        link.wait(0.1)
    link.session.lost(link.now)
    assert back(link, {"s": 2}, view=None) == {"s": {"how": "gone", "seq": 7}}  # RES-5
    link.program.text(link.owner, "s", "g")
    assert text_of(link.wait(0.1)) == ""
    link.session.lost(link.now)
    assert back(link, {"s": 7}, view=None) == {"s": {"how": "gone", "seq": 8}}
    link.program.start(link.owner, "s")
    link.program.text(link.owner, "s", "h")
    link.cursors["s"] = 9
    (frame,) = link.wait(0.1)
    assert (frame["seq"], text_of([frame])) == (10, "h")


def test_what_the_log_has_not_is_said_by_a_view(new_link: NewLink) -> None:
    link = opened(new_link, replay_bytes=400)
    for letter in "abcdef":
        link.program.replace(link.owner, "s", letter * 30, rendered=True)
        link.program.text(link.owner, "t", letter * 30)
        link.wait(0.1)
    link.session.lost(link.now)
    resumed = back(link, {"s": 2, "t": 2}, said=lambda: link.session.views.push("<p>", ["s"], []))
    assert resumed == {"s": {"how": "view", "seq": 7}, "t": {"how": "gone", "seq": 7}}
    (view,) = link.wait(0.1)
    assert view["streams"] == {"s": {"seq": 7, "state": "open", "run": 1}}
    link.program.replace(link.owner, "s", "z")
    link.program.text(link.owner, "t", "z")
    link.cursors["s"] = 7
    assert [frame["stream"] for frame in link.wait(0.1)] == ["s"]


def test_a_view_that_the_log_has_not_is_made_anew(new_link: NewLink) -> None:
    link = opened(new_link, replay_bytes=400)
    for number in range(4):
        link.session.views.push(f"{number}" * 90, [], [])
        link.wait(0.1)
    link.program.text(link.owner, "s", "a")
    link.wait(0.1)
    link.session.lost(link.now)
    fresh = partial(link.session.views.push, "fresh", [], [])
    assert back(link, {}, said=fresh) == {"s": {"how": "gone", "seq": 2}}
    link.session.lost(link.now)
    assert back(link, {"s": 2}, view=5) == {"s": {"how": "gone", "seq": 2}}, "its run is still gone"
    assert [frame["html"] for frame in link.wait(1)] == ["fresh"]


def test_an_older_view_says_nothing_of_what_is_gone(new_link: NewLink) -> None:
    """Else a client would take it from there, and the next start for a gap."""
    link = opened(new_link, replay_bytes=400)
    link.program.replace(link.owner, "s", "1", rendered=True)
    link.wait(1)
    for letter in "abc":
        link.program.text(link.owner, "t", letter * 90)
        link.wait(1)
    link.session.views.push("old", ["s", "u"], [])
    link.program.text(link.owner, "s", "2")
    link.program.text(link.owner, "u", "3")
    link.session.lost(link.now)
    resumed = back(link, {"t": 4}, said=partial(link.session.views.push, "new", [], []))
    assert [resumed[name]["how"] for name in "stu"] == ["gone", "replay", "replay"]
    frames = link.wait(1)
    views = {frame["html"]: frame["streams"] for frame in frames if frame["type"] == "view"}
    assert views == {"old": {"u": {"seq": 0, "state": "idle"}}, "new": {}}
    assert text_of(frames) == "3"


def test_views_of_before_go_with_a_fresh_one(new_link: NewLink) -> None:
    """However often a client comes back to say that it has none, and acknowledges nothing."""
    link = opened(new_link, caps=[*CAPS, "ack"], replay_bytes=1000)
    link.send({"type": "ack", "cursors": {}, "view": 1})
    sizes = []
    for number in range(6):
        link.program.text(link.owner, "s", f"{number}")
        link.session.lost(link.now)
        back(link, {}, view=0, said=partial(link.session.views.push, f"{number}" * 800, [], []))
        assert [frame["html"][0] for frame in link.wait(1) if frame["type"] == "view"] == [f"{number}"]
        sizes.append(link.session.outbox.pending_bytes)
    assert max(sizes) < 2000, sizes


def test_more_views_than_a_log_holds_are_not_sent_again(new_link: NewLink) -> None:
    link = opened(new_link, replay_bytes=1000)
    for number in range(4):
        link.program.text(link.owner, "s", f"{number}")
        link.session.views.push(f"{number}" * 400, [], [])
    link.session.lost(link.now)
    fresh = partial(link.session.views.push, "fresh", [], [])
    assert back(link, {"s": 0}, said=fresh) == {"s": {"how": "gone", "seq": 5}}
    assert [frame["html"] for frame in link.wait(1)] == ["fresh"]


def test_a_resume_acknowledges_what_it_says(new_link: NewLink) -> None:
    """Else what the client has would stay in the log, and narrow its window."""
    caps = [*CAPS, "ack"]
    link = new_link(Limits(replay_bytes=800)).open(caps=caps, offered=caps, view="0", window=9)
    link.session.views.push("x" * 100, [], [])
    link.program.text(link.owner, "s", "a" * 300)
    link.wait(1)
    link.session.lost(link.now)
    link.session.resume(hello(link, {"s": 2}, view=2, limits={"window": 9}), link.now, lambda: None)
    assert link.session.outbox.pending_bytes == 0
    for letter in "abc":
        link.program.text(link.owner, "t", letter)
        link.wait(1)
    assert text_of(link.frames).endswith("abc")


def test_only_a_greater_attempt_is_not_late(new_link: NewLink) -> None:
    link = opened(new_link)
    for attempt, late in (
        (None, False),
        (2, False),
        (1, True),
        (2, True),
        (None, False),
        (2, True),
        (3, False),
    ):
        said = hello(link, {})
        if attempt is not None:
            said.resume.attempt = attempt
        assert link.session.is_late(said) is late, attempt
        if not late:
            link.session.lost(link.now)
            link.session.resume(said, link.now, lambda: None)
    assert not link.session.is_late(link.session.hello), "a hello that resumes nothing"


def test_missed_views_come_again_in_their_place(new_link: NewLink) -> None:
    link = opened(new_link)
    link.program.text(link.owner, "s", "a")
    link.session.views.push("1", [], [])
    link.program.text(link.owner, "s", "b")
    link.wait(1)
    link.session.lost(link.now)
    link.session.views.push("2", [], [])
    assert back(link, {}) == {"s": {"how": "replay", "seq": 3}}
    frames = [frame.get("html") or text_of([frame]) for frame in link.wait(1)]
    assert frames == ["a", "1", "b", "2"]  # RES-6


def test_acknowledged_is_not_kept(new_link: NewLink) -> None:
    link = opened(new_link, caps=[*CAPS, "ack"])
    link.send({"type": "ack", "cursors": {}, "view": 1})
    assert link.session.outbox.pending_bytes == 0
    link.program.text(link.owner, "s", "a")
    link.wait(1)
    assert link.session.outbox.pending_bytes > 0
    link.send({"type": "ack", "cursors": {"s": 2}})
    assert link.session.outbox.pending_bytes == 0
    link.session.lost(link.now)
    assert back(link, {"s": 2}) == {"s": {"how": "replay", "seq": 2}}
    link.session.lost(link.now)
    assert back(link, {}, view=0)["s"]["how"] == "gone"


def test_no_more_is_in_flight_than_can_be_replayed(new_link: NewLink) -> None:
    link = new_link(Limits(replay_bytes=800)).open(
        caps=["resume", "ack"], offered=["resume", "ack"], window=99
    )
    for letter in "abcdef":
        link.program.text(link.owner, "s", letter * 80)
        link.wait(1)
    assert text_of(link.frames) == "a" * 80 + "b" * 80
    link.session.lost(link.now)
    assert link.session.is_full, "producers wait while the client is away"
    assert back(link, {}, view=None) == {"s": {"how": "replay", "seq": 7}}
    assert not link.session.is_full


@pytest.mark.parametrize("size", [300, 50])
def test_one_entry_is_kept_however_large(new_link: NewLink, size: int) -> None:
    link = opened(new_link, replay_bytes=2)
    link.session.views.push("x" * size, [], [])
    link.wait(1)
    link.session.lost(link.now)
    assert back(link, {}, view=1) == {}
    assert [frame["html"] for frame in link.wait(1)] == ["x" * size]
    for _ in range(2):
        link.program.text(link.owner, "s", "y" * size)
        link.wait(1)
    link.session.lost(link.now)
    assert back(link, {"s": 2}, view=2) == {"s": {"how": "replay", "seq": 3}}


def test_the_latest_cursors_are_known(new_link: NewLink) -> None:
    stream = Stream("s")
    for number in range(1, 3 * MOST_CURSORS):
        stream.mark(number)
    assert stream.knows(3 * MOST_CURSORS - 1)
    assert stream.knows(2 * MOST_CURSORS)
    assert not stream.knows(1)


def event(link: Any, ref: int) -> list[Any]:
    link.asked.clear()
    link.send({"type": "event", "ref": ref, "event": "e", "params": {}})
    return list(link.asked)


def replies(frames: list[dict[str, Any]]) -> list[tuple[int, bool]]:
    return [(frame["ref"], frame["ok"]) for frame in frames if frame["type"] == "reply"]


def test_an_event_runs_once_and_is_answered_after_the_replay(new_link: NewLink) -> None:
    link = opened(new_link)
    assert len(event(link, 1)) == 1
    link.program.text(link.owner, "s", "a")
    link.wait(1)
    link.session.lost(link.now)
    link.session.reply(1)
    back(link, {})
    assert event(link, 1) == []  # RES-7
    frames = link.wait(1)
    assert [frame["type"] for frame in frames] == ["stream", "reply"]
    assert replies(frames) == [(1, True)]
    assert event(link, 1) == []
    assert link.session.closing.reason == "bad_frame", "once only"


def test_a_reply_goes_to_who_repeats_its_event_and_to_nobody_else(new_link: NewLink) -> None:
    link = opened(new_link)
    event(link, 1)
    event(link, 2)
    link.session.lost(link.now)
    back(link, {})
    assert event(link, 2) == []
    link.session.reply(1)
    link.session.reply(2)
    assert replies(link.wait(1)) == [(2, True)]


def test_a_ref_that_is_not_kept_is_not_run(new_link: NewLink) -> None:
    link = opened(new_link, max_events=2)
    for ref in (1, 2, 3):
        event(link, ref)
        link.session.reply(ref)
        link.wait(1)
    link.session.lost(link.now)
    back(link, {})
    assert [event(link, ref) for ref in (1, 2, 3)] == [[], [], []]
    assert replies(link.wait(1)) == [(1, False), (2, True), (3, True)]  # RES-8
    assert len(event(link, 4)) == 1


def test_only_a_repeated_ref_may_be_lower(new_link: NewLink) -> None:
    link = opened(new_link)
    assert link.session._replies.is_repeated(5) is False
    with pytest.raises(PeerViolation):
        link.session._replies.is_repeated(5)


@pytest.mark.parametrize("code", ["heartbeat_timeout", "slow_consumer", "rate_limited"])
def test_a_close_of_the_connection_alone_leaves_the_session(new_link: NewLink, code: str) -> None:
    link = opened(new_link)
    link.program.text(link.owner, "s", "a")
    link.wait(1)
    link.session.fail(code, "for this connection")
    assert link.wait(0)[-1]["code"] == code
    link.program.text(link.owner, "s", "b")  # the program goes on, and nothing follows the fatal error
    assert link.wait(1) == []
    assert link.session.lost(link.now)
    assert back(link, {"s": 2}) == {"s": {"how": "replay", "seq": 3}}
    assert text_of(link.wait(1)) == "b"


def test_any_other_close_ends_the_session(new_link: NewLink) -> None:
    link = opened(new_link)
    link.session.fail("bad_frame", "broken")
    link.wait(0)
    assert not link.session.may_resume(hello(link, {}), CAPS)
    assert not link.session.lost(link.now)
    assert link.session.ended
