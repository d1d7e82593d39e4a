"""The program's calls on a fake link: what they put on the wire, when, and in which order."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from streamops_server import Limits
from streamops_server.core.errors import Fenced, Overflow, Unsupported
from streamops_server.core.producers import Producer

INTERVAL = 1 / 60


def test_a_first_call_opens_the_stream_and_leaves_at_once(link: Any) -> None:
    link.program.text(link.owner, "s", "a")
    (frame,) = link.arrive()
    assert [op["op"] for op in frame["ops"]] == ["start", "text"]
    assert frame["ops"][0]["run"] == 1


def test_what_follows_waits_for_the_interval_and_merges(link: Any) -> None:
    link.program.text(link.owner, "s", "a")
    link.arrive()
    for token in "bcd":
        link.program.text(link.owner, "s", token)
    assert link.arrive() == []
    assert link.session.deadline() == pytest.approx(link.now + INTERVAL)
    (frame,) = link.wait(INTERVAL)
    assert (frame["seq"], frame["n"], frame["ops"][0]["text"]) == (3, 3, "bcd")


def test_the_slower_side_sets_the_interval(new_link: Callable[..., Any]) -> None:
    link = new_link().open(max_fps=10)
    link.program.text(link.owner, "s", "a")
    link.arrive()
    link.program.text(link.owner, "s", "b")
    assert link.wait(0.09) == []
    assert len(link.wait(0.02)) == 1


def test_every_kind_of_content(link: Any) -> None:
    program, owner = link.program, link.owner
    program.replace(owner, "s", "<b>x")
    program.insert(owner, "s", "<i>", "prepend")
    program.insert(owner, "s", "<i>", target="#t")
    program.prune(owner, "s", 3, "bottom")
    program.delete(owner, "s", "#t")
    program.text(owner, "s", "x", "replace", "[dj-stream='s']")
    with pytest.raises(ValueError, match="of another stream"):
        program.text(owner, "s", "x", "replace", "[dj-stream='other']")
    program.error(owner, "s", "oh", "x_oh", retryable=True)
    program.done(owner, "s")
    (frame,) = link.arrive()
    assert link.ops("s") == [
        "start", "replace", "prepend", "append", "prune", "delete", "text", "error", "done",
    ]  # fmt: skip
    assert frame["ops"][-2]["retryable"] is True
    assert frame["ops"][-1] == {"op": "done", "target": "[dj-stream='s']", "reason": "error"}


@pytest.mark.parametrize(
    ("call", "arguments", "error"),
    [
        ("text", ("1s", "x"), ValueError),
        ("text", ("s", "x", "insert"), ValueError),
        ("text", ("s", "x", "append", "div"), ValueError),
        ("text", ("s", "\ud800"), ValueError),
        ("replace", ("s", "\ud800"), ValueError),
        ("insert", ("s", "x", "top"), ValueError),
        ("prune", ("s", 1, "left"), ValueError),
        ("prune", ("s", -1), ValueError),
        ("error", ("s", "x", "mine"), ValueError),
        ("error", ("s", "\ud800"), ValueError),
        ("error", ("s", "x" * (1 << 20)), Overflow),
        ("replace", ("s", "x" * (1 << 20)), Overflow),
        ("replace", ("s", "\x01" * (1 << 18)), Overflow),
    ],
)
def test_a_refused_call_adds_nothing(link: Any, call: str, arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        getattr(link.program, call)(link.owner, *arguments)
    assert link.wait(1) == []
    link.program.text(link.owner, "s", "still works")
    assert link.arrive()[0]["seq"] == 1


@pytest.mark.parametrize("state", ["idle", "open", "errored"])
def test_an_error_that_cannot_fit_is_refused_and_the_stream_goes_on(
    new_link: Callable[..., Any], state: str
) -> None:
    link = new_link().open(caps=[], max_frame_bytes=65536)
    if state != "idle":
        link.program.start(link.owner, "s")
    if state == "errored":
        link.program.error(link.owner, "s", "first")
    before = len(link.wait(1))
    with pytest.raises(Overflow):
        link.program.error(link.owner, "s", "\x01" * 11_000)
    assert link.wait(1) == []
    link.program.error(link.owner, "s", "x" * 60_000)
    assert len(link.wait(1)) == 1
    assert before == (state != "idle")
    assert link.ops("s")[0] == "start"
    assert link.ops("s")[-1] == "error"


def test_a_call_that_was_not_agreed_on_adds_nothing(new_link: Callable[..., Any]) -> None:
    link = new_link().open(caps=[])
    program, owner = link.program, link.owner
    for call in (
        lambda: program.replace(owner, "s", ""),
        lambda: program.insert(owner, "s", ""),
        lambda: program.delete(owner, "s"),
        lambda: program.prune(owner, "s", 1),
        lambda: program.text(owner, "s", "x", target="#id"),
        lambda: link.session.views.push("", [], []),
    ):
        with pytest.raises(Unsupported):
            call()
    assert link.wait(1) == []


def test_large_html_that_just_fits_is_sent_alone(new_link: Callable[..., Any]) -> None:
    link = new_link().open(max_frame_bytes=1 << 20)
    html = "é" * ((1 << 19) - 75)
    link.program.replace(link.owner, "s", html)
    first, second = link.arrive()
    assert first["ops"][0]["op"] == "start"
    assert second["ops"][0]["html"] == html


def test_names_are_limited(new_link: Callable[..., Any]) -> None:
    link = new_link(Limits(max_streams=2)).open()
    link.program.text(link.owner, "a", "x")
    link.program.text(link.owner, "b", "x")
    with pytest.raises(Overflow):
        link.program.text(link.owner, "c", "x")
    link.program.text(link.owner, "a", "x")


def test_a_start_goes_after_everything_earlier(link: Any) -> None:
    program, owner = link.program, link.owner
    program.text(owner, "a", "1")
    program.start(owner, "b")
    program.text(owner, "a", "2")
    program.done(owner, "a")
    program.start(owner, "a")
    program.text(owner, "b", "1")
    program.text(owner, "a", "3")
    found = [(frame["stream"], [op["op"] for op in frame["ops"]]) for frame in link.arrive()]
    assert found == [
        ("a", ["start", "text", "done"]),
        ("b", ["start", "text"]),
        ("a", ["start", "text"]),
    ]


def test_a_view_is_a_barrier(link: Any) -> None:
    program, owner, views = link.program, link.owner, link.session.views
    program.text(owner, "a", "1")
    program.text(owner, "b", "1")
    views.push("v1", ["c"], [])
    program.text(owner, "a", "2")
    views.push("v2", [], [])
    program.text(owner, "b", "2")
    link.answer(1)
    kinds = [frame.get("html", frame.get("stream", "reply")) for frame in link.wait(1)]
    assert kinds == ["a", "b", "v1", "a", "v2", "b", "reply"]
    link.wait(1)


def test_a_pending_view_is_replaced_only_by_its_neighbour(link: Any) -> None:
    views = link.session.views
    for html in ("v1", "v2"):
        views.push(html, [], [])
    assert link.session.outbox.view_bytes > 0
    link.program.start(link.owner, "s")
    views.push("v3", [], [])
    assert [frame.get("html", "s") for frame in link.wait(1)] == ["v2", "s", "v3"]
    assert link.session.outbox.view_bytes == 0


def test_views_have_a_clock_of_their_own(link: Any) -> None:
    views = link.session.views
    views.push("v1", [], [])
    assert len(link.arrive()) == 1
    views.push("v2", [], [])
    assert link.arrive() == []
    assert link.session.deadline() == pytest.approx(link.now + INTERVAL)
    link.program.start(link.owner, "s")
    link.answer(1)
    assert [frame["type"] for frame in link.wait(INTERVAL)] == ["view", "stream", "reply"]


def test_the_map_lists_what_the_template_made(link: Any) -> None:
    program, owner, views = link.program, link.owner, link.session.views
    program.text(owner, "text", "x")
    program.text(owner, "told", "x")
    program.replace(owner, "back", "x")
    program.replace(owner, "back", "x", "#part", rendered=True)
    program.replace(owner, "ready", "x")
    program.replace(owner, "ready", "x", rendered=True)
    program.start(owner, "open")
    program.error(owner, "failed", "oh")
    program.error(owner, "over", "oh", "timeout")
    program.done(owner, "over")
    views.push("", ["text", "idle", "kept", "open"], ["kept"], renders={"told"})
    view = link.arrive()[-1]
    assert view["streams"] == {
        "idle": {"seq": 0, "state": "idle"},
        "told": {"seq": 2, "state": "open", "run": 1},
        "ready": {"seq": 3, "state": "open", "run": 1},
        "open": {"seq": 1, "state": "open", "run": 1},
        "failed": {"seq": 2, "state": "errored", "run": 1, "error": "oh", "code": "app_error"},
        "over": {"seq": 3, "state": "idle", "error": "oh", "code": "timeout"},
    }
    views.push("", ["kept"], [])
    link.now += 1
    assert "kept" not in link.arrive()[-1]["streams"], "dj-update=ignore is for ever"


def test_a_final_view_that_changes_nothing_is_known(link: Any) -> None:
    views = link.session.views
    views.push("same", [], [])
    assert views.changes_nothing("same")
    assert not views.changes_nothing("other")
    link.program.text(link.owner, "s", "x")
    assert not views.changes_nothing("same")


def test_a_view_that_cannot_fit_is_refused(link: Any) -> None:
    with pytest.raises(Overflow):
        link.session.views.push("x" * (1 << 20), [], [])
    assert link.wait(1) == []


def test_owners_close_their_runs_when_the_last_member_ends(link: Any) -> None:
    program, handler = link.program, link.owner
    program.start(handler, "h")
    task = Producer(handler)
    program.start(task, "t")
    program.end(handler, "owner_returns")
    program.text(task, "h", "x")
    assert [queue.state for queue in program.streams.values()] == ["open", "open"]
    program.end(task, "owner_raises")
    link.arrive()
    assert link.ops("t") == ["start", "error", "done"]
    assert link.ops("h") == ["start", "text", "error", "done"]
    with pytest.raises(RuntimeError, match="start_task"):
        program.text(task, "h", "y")


def test_a_cancelled_owner_says_so(link: Any) -> None:
    link.program.error(link.owner, "s", "oh")
    link.program.end(link.owner, "owner_cancelled")
    assert link.arrive()[0]["ops"][-1]["reason"] == "cancelled"


def test_what_a_cancelled_owner_raises_is_not_shown(link: Any) -> None:
    link.program.start(link.owner, "s")
    link.owner.stop()
    link.program.end(link.owner, "owner_raises")
    link.arrive()
    assert link.ops("s") == ["start", "done"]


def test_a_call_that_is_refused_uses_its_name(new_link: Callable[..., Any]) -> None:
    link = new_link().open(caps=[])
    with pytest.raises(Unsupported):
        link.program.replace(link.owner, "html", "<b>")
    with pytest.raises(ValueError, match="code"):
        link.program.error(link.owner, "code", "oh", "mine")
    link.program.done(link.owner, "done")
    assert list(link.program.streams) == ["html", "code", "done"]


def test_a_superseded_owner_is_fenced_until_it_starts_anew(link: Any) -> None:
    program, first, second = link.program, Producer(), Producer()
    program.start(first, "s")
    program.start(second, "s")
    for call in (lambda: program.text(first, "s", "x"), lambda: program.error(first, "s", "x")):
        with pytest.raises(Fenced):
            call()
    program.done(first, "s")
    program.text(first, "other", "fine")
    program.start(first, "s")
    program.text(first, "s", "mine")
    program.start(first, "s")
    program.end(first, "owner_returns")
    ops = [op for frame in link.arrive() if frame["stream"] == "s" for op in frame["ops"]]
    assert [op.get("reason", op["op"]) for op in ops] == [
        "start", "superseded", "start", "superseded", "start", "text", "superseded", "start", "complete",
    ]  # fmt: skip


def test_a_reply_goes_after_what_was_accepted_before_it(link: Any) -> None:
    link.program.text(link.owner, "s", "a")
    link.arrive()
    link.program.text(link.owner, "s", "b")
    link.answer(1)
    assert link.arrive() == []
    assert [frame["type"] for frame in link.wait(INTERVAL)] == ["stream", "reply"]
    link.answer(2)
    assert link.session.deadline() == 0
    assert [frame["type"] for frame in link.arrive()] == ["reply"]


def test_an_idle_stream_keeps_nothing(link: Any) -> None:
    link.program.text(link.owner, "s", "x" * 1000)
    queue = link.program.streams["s"]
    assert queue.pending_bytes > 1000
    assert bool(queue)
    link.program.done(link.owner, "s")
    link.arrive()
    assert queue.pending_bytes == 0
    assert not queue
    assert queue.take(9e9, 9e9) == []


def test_empty_texts_cost_no_memory_and_reach_the_bound(new_link: Callable[..., Any]) -> None:
    link = new_link(Limits(max_pending_bytes=200)).open()
    program, owner = link.program, link.owner
    calls = 0
    queue = None
    while queue is None or queue.pending_bytes < 200:
        calls += 1
        if not program.extend(owner, "s", ""):
            program.text(owner, "s", "")
        queue = program.streams["s"]
        assert queue._joined == []
    assert calls < 100_000
    (frame,) = link.arrive()
    assert [(op["op"], op.get("text")) for op in frame["ops"]] == [("start", None), ("text", "")]
    assert frame["n"] == calls + 1
    program.text(owner, "s", "a")
    assert program.extend(owner, "s", "") == 2
    assert program.extend(owner, "s", "b") == 3
    program.done(owner, "s")
    (frame,) = link.wait(1)
    assert (frame["n"], frame["ops"][0]["text"], frame["ops"][1]["text_len"]) == (4, "ab", 2)


def test_a_text_after_joined_tokens_counts_them_first(link: Any) -> None:
    program, owner = link.program, link.owner
    program.text(owner, "s", "a")
    assert program.extend(owner, "s", "b")
    program.text(owner, "s", "c", "prepend")
    program.done(owner, "s")
    (frame,) = link.wait(1)
    assert [op.get("text") for op in frame["ops"]] == [None, "ab", "c", None]
    assert frame["ops"][-1]["text_sha256"] == sha256(b"cab").hexdigest()
