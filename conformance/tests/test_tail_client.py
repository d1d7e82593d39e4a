"""The client of `streamops tail` without a socket: messages in, effects out.

The file is long because its tests follow the client through a whole session, one or two messages each.
"""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import NODEFAULT, UNSET
from streamops_conformance.tail import frames
from streamops_conformance.tail.client import FIRST_BOUND_S, LAST_BOUND_S, WELCOME_S, Client
from streamops_conformance.tail.effects import (
    Close,
    Effect,
    Fired,
    Replied,
    Report,
    Retry,
    Said,
    Send,
    Stop,
    Text,
)
from streamops_conformance.v1.client.case import LIMITS
from streamops_spec import load_protocol, load_schema, load_shapes

PROTOCOL = load_protocol()
WELCOME = {
    "type": "welcome",
    "session": "Dm5yQ8sVx2Jb7NcLw0Rf4g",
    "caps": [],
    "limits": LIMITS,
    "heartbeat_ms": 25000,
}
TARGET = "[dj-stream='a']"
START = {"op": "start", "target": TARGET, "run": 1}
DONE = {"op": "done", "target": TARGET, "reason": "complete"}


def text(value: str, mode: str = "append", **members: object) -> dict[str, object]:
    return {"op": "text", "target": TARGET, "text": value, "mode": mode, **members}


def sent(effects: list[Effect]) -> list[dict[str, object]]:
    return [json.loads(each.text) for each in effects if isinstance(each, Send)]


def fired(effects: list[Effect]) -> list[str]:
    return [each.event.removeprefix("stream:") for each in effects if isinstance(each, Fired)]


class Peer:
    """Plays the server and the clock for one client."""

    def __init__(self, client: Client | None = None, welcomed: bool = True) -> None:
        self.client = client if client is not None else Client()
        self.now = 100.0
        self.hello = sent(self.client.connected(self.now))
        if welcomed:
            self.greeted = self.say(WELCOME)

    def say(self, frame: object) -> list[Effect]:
        return self.client.received(json.dumps(frame), self.now)

    def stream(self, seq: int, n: int, *ops: object, stream: str = "a") -> list[Effect]:
        return self.say({"type": "stream", "stream": stream, "seq": seq, "n": n, "ops": list(ops)})

    def broken(self, effects: list[Effect]) -> bool:
        return [type(each) for each in effects] == [Report, Close] and effects[1] == Close(4400, "bad_frame")


def test_hello_is_the_first_frame_and_matches_its_schema() -> None:
    for view in (None, {"name": "Chat"}, {"name": "Chat", "params": {"room": "lobby"}}):
        (hello,) = Peer(Client(view), welcomed=False).hello
        assert hello["type"] == "hello"
        assert not load_shapes("v1:hello").explain(hello)
        assert ("view" in hello) is (view is not None)


def test_text_is_literal_in_each_mode() -> None:
    peer = Peer()
    effects = peer.stream(1, 4, START, text("<b>"), text("0 ", "prepend"), text(" &lt;"))
    assert fired(effects) == ["start", "text", "text", "text"]
    assert peer.client.streams["a"].text == "0 <b> &lt;"
    peer.stream(5, 1, text("new", "replace"))
    assert peer.client.streams["a"].text == "new"


def test_the_cursor_moves_when_the_whole_frame_has_been_applied() -> None:
    peer = Peer()
    effects = peer.stream(1, 3, START, text("ab"))
    assert {each.cursor for each in effects if isinstance(each, Fired)} == {0}
    assert peer.client.streams["a"].cursor == 3


def test_a_repeated_frame_changes_nothing_and_fires_nothing() -> None:
    peer = Peer()
    peer.stream(1, 2, START, text("ab"))
    assert peer.stream(1, 2, START, text("ab")) == []
    assert peer.stream(2, 1, text("b")) == []
    assert peer.client.streams["a"].text == "ab"


@pytest.mark.parametrize(
    ("seq", "n", "ops"),
    [
        (4, 1, [text("x")]),  # a gap
        (2, 2, [text("x")]),  # a partial overlap
        (3, 2, [text("x"), START]),  # a start during an open run, after a correct op
        (3, 3, [DONE, text("x")]),  # content on an idle stream
        (3, 1, [{"op": "text", "target": TARGET, "mode": "append"}]),
        (3, 1, [{"op": "text", "target": 7, "text": "x", "mode": "append"}]),
        (3, 1, [{"op": "done", "target": TARGET, "reason": None}]),
        (3, 1, ["x"]),
        (3, 1, [{"target": TARGET}]),
        (3, 1, []),
        (0, 1, [text("x")]),
        ("3", 1, [text("x")]),
        (True, 1, [text("x")]),
    ],
)
def test_a_violation_is_reported_and_closed_and_has_no_other_effect(seq: int, n: int, ops: list) -> None:
    peer = Peer()
    peer.stream(1, 2, START, text("ab"))
    assert peer.broken(peer.stream(seq, n, *ops))
    assert (peer.client.streams["a"].text, peer.client.streams["a"].cursor) == ("ab", 2)
    assert peer.stream(3, 1, text("later")) == []  # later messages are ignored
    assert isinstance(peer.client.lost(4400, peer.now, 0.5)[-1], Retry)  # CLI-25


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "1",
        "null",
        "{}",
        '{"type": 1}',
        '{"type": "ping", "t": 1}',
        '{"type": "welcome"}',
        b"{}",
        "[" * 100_000,
    ],
)
def test_a_message_that_is_not_a_frame_is_a_violation(message: str | bytes) -> None:
    peer = Peer()
    assert peer.broken(peer.client.received(message, peer.now))


@pytest.mark.parametrize(
    "frame", [{"ref": 1, "ok": True, "error": {"code": "timeout", "error": ""}}, {"ref": 1, "ok": False}]
)
def test_a_reply_has_an_error_exactly_if_it_is_not_ok(frame: dict) -> None:
    peer = Peer()
    assert peer.broken(peer.say({"type": "reply", **frame}))


def test_unknown_parts_are_ignored_and_counted() -> None:
    peer = Peer()
    assert peer.say({"type": "aurora", "x": 1}) == []
    assert peer.client.ignored == 1
    limits = {**WELCOME["limits"], "max_depth": 3}
    Peer(peer.client, welcomed=False).say({**WELCOME, "limits": limits, "locale": "de"})
    assert peer.client.ignored == 3
    ops = [
        START,
        {"op": "sparkle", "target": TARGET},
        text("x", "sideways", colour="red"),
        {**DONE, "reason": "bored"},
    ]
    effects = peer.stream(1, 4, *ops)
    assert fired(effects) == ["start", "text", "done"]
    assert [each.kind for each in effects if isinstance(each, Report)] == ["unknown_op"]
    assert (
        next(each for each in effects if isinstance(each, Fired) and each.event == "stream:done").reason
        is None
    )
    assert (peer.client.streams["a"].text, peer.client.streams["a"].cursor) == ("x", 4)
    assert peer.client.ignored == 7


@pytest.mark.parametrize("target", ["#a", "*", "[dj-stream='b']", "[dj-stream='a'], body", "", "a"])
def test_an_op_on_another_target_is_refused_and_the_next_one_applied(target: str) -> None:
    peer = Peer()
    effects = peer.stream(1, 3, START, {**text("no"), "target": target}, text("yes"))
    assert [each.kind for each in effects if isinstance(each, Report)] == ["target"]
    assert fired(effects) == ["start", "text"]
    assert peer.client.streams["a"].text == "yes"


def test_html_is_reported_and_counts_as_content() -> None:
    peer = Peer()
    error = {"op": "error", "target": TARGET, "error": "no", "code": "timeout"}
    peer.stream(1, 2, START, error)
    assert peer.client.streams["a"].state == "errored"
    effects = peer.stream(3, 2, {"op": "append", "target": TARGET, "html": "<b>x</b>"}, text("y"))
    assert [each.kind for each in effects if isinstance(each, Report)] == ["unsupported"]
    stream = peer.client.streams["a"]
    assert (stream.state, stream.error, stream.text) == ("open", None, "y")


def test_an_error_is_kept_until_the_next_start_and_is_not_content() -> None:
    peer = Peer()
    error = {"op": "error", "target": TARGET, "error": "The model is busy", "code": "x_busy"}
    peer.stream(1, 4, START, text("So far"), error, {**DONE, "reason": "error"})
    stream = peer.client.streams["a"]
    assert (stream.state, stream.run, stream.error, stream.code) == (
        "idle",
        None,
        "The model is busy",
        "x_busy",
    )
    assert stream.text == "So far"
    peer.stream(5, 1, {**START, "run": 5})
    assert (stream.state, stream.error, stream.code) == ("open", None, None)


@pytest.mark.parametrize("name", ["constructor", "toString", "hasOwnProperty", "init"])
def test_streams_may_have_any_valid_name(name: str) -> None:
    peer = Peer()
    target = f"[dj-stream='{name}']"
    peer.stream(1, 2, {**START, "target": target}, {**text("x"), "target": target}, stream=name)
    assert peer.client.streams[name].text == "x"
    assert peer.stream(3, 1, {"op": name, "target": target}, stream=name)[0] == Report(
        "unknown_op", f"{name}: {name}"
    )


def test_a_run_is_compared_with_its_hash_after_done() -> None:
    sums = {"text_len": 2, "text_sha256": "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603"}
    for written, ok in (("ab", True), ("ac", False), ("abc", False)):
        peer = Peer()
        peer.stream(1, 2, START, text("older"))
        peer.stream(3, 1, DONE)
        effects = peer.stream(
            4, 4, {**START, "run": 4}, text(written[:1]), text(written[1:]), {**DONE, **sums}
        )
        assert fired(effects) == ["start", "text", "text", "done", "integrity"]
        (last,) = [each for each in effects if isinstance(each, Fired) and each.event == "stream:integrity"]
        assert last.ok is ok


def test_pings_are_answered_with_their_t() -> None:
    peer = Peer()
    assert sent(peer.say({"type": "ping", "t": "a"})) == [{"type": "pong", "t": "a"}]
    assert sent(peer.say({"type": "ping"})) == [{"type": "pong"}]


def test_events_wait_for_the_welcome_and_their_refs_increase() -> None:
    client = Client()
    assert client.push("early", {}) == []
    peer = Peer(client)
    events = sent(peer.greeted) + sent(client.push("later", {"x": 1}))
    assert [(each["ref"], each["event"]) for each in events] == [(1, "early"), (2, "later")]
    assert all(load_shapes("v1:event").is_valid(each) for each in events)
    refused = {"type": "reply", "ref": 2, "ok": False, "error": {"code": "unknown_event", "error": "no"}}
    assert peer.say(refused) == [Replied(2, False, "unknown_event", "no")]
    assert peer.say({"type": "reply", "ref": 1, "ok": True}) == [Replied(1, True)]
    assert [type(each) for each in peer.say({"type": "reply", "ref": 1, "ok": True})] == [Report]


def test_cancel_names_the_open_run() -> None:
    peer = Peer()
    assert peer.client.cancel("a") == []
    peer.stream(1, 1, START)
    (cancel,) = sent(peer.client.cancel("a"))
    assert cancel == {"type": "cancel", "stream": "a", "run": 1}
    assert load_shapes("v1:cancel").is_valid(cancel)
    peer.stream(2, 1, DONE)
    assert peer.client.cancel("a") == []


def test_after_ten_silent_seconds_the_client_reconnects() -> None:
    peer = Peer(welcomed=False)
    peer.now += 5
    peer.say({"type": "ping"})  # no welcome
    assert peer.client.deadline == 100 + WELCOME_S
    assert peer.client.tick(100 + WELCOME_S - 0.1) == []
    effects = peer.client.tick(100 + WELCOME_S)
    assert [type(each) for each in effects] == [Report, Close]
    assert isinstance(peer.client.lost(1000, 111, 0.5)[-1], Retry)


def test_a_connection_without_messages_for_two_heartbeats_is_closed() -> None:
    peer = Peer()
    peer.now += 30
    peer.say({"type": "ping"})
    assert peer.client.deadline == peer.now + 50
    assert peer.client.tick(peer.now + 50)[1] == Close(4504, "heartbeat_timeout")


COMES_BACK = [1001, 1006, 1011, 1012, 1013, 4599]
COMES_BACK += [row.close for row in PROTOCOL.close_codes.values() if row.retryable]
STAYS_AWAY = [1000, 1002, 1008, 1009, 4499]
STAYS_AWAY += [row.close for row in PROTOCOL.close_codes.values() if not row.retryable]


@pytest.mark.parametrize("code", COMES_BACK)
def test_the_client_reconnects_after_a_close_that_allows_it(code: int) -> None:
    assert isinstance(Peer().client.lost(code, 100, 0.5)[-1], Retry)


@pytest.mark.parametrize("code", STAYS_AWAY)
def test_the_client_does_not_reconnect_after_a_close_that_forbids_it(code: int) -> None:
    assert isinstance(Peer().client.lost(code, 100, 0.5)[-1], Stop)


@pytest.mark.parametrize(
    ("error", "close", "comes_back"),
    [
        ({"code": "app_error", "retryable": False}, 4500, False),
        ({"code": "app_error"}, 4500, True),
        ({"code": "unauthorized", "retryable": False}, 1006, False),
        ({"code": "unauthorized", "retryable": True}, 4401, True),
        ({"code": "x_mine", "retryable": True}, 4401, True),
    ],
)
def test_the_error_frame_counts_more_than_the_close_code(error: dict, close: int, comes_back: bool) -> None:
    peer = Peer()
    effects = peer.say({"type": "error", "error": "no", "fatal": True, **error})
    assert effects == [Said(error["code"], "no", True)]
    assert isinstance(peer.client.lost(close, 100, 0.5)[-1], Retry if comes_back else Stop)


def test_the_wait_is_random_below_a_doubling_bound_plus_the_time_that_the_server_asks_for() -> None:
    client = Client()
    bounds = []
    for _ in range(8):
        Peer(client)
        last = client.lost(1006, 100, 1.0)[-1]
        assert isinstance(last, Retry)
        bounds.append(last.delay)
    assert bounds[:3] == [FIRST_BOUND_S, 2 * FIRST_BOUND_S, 4 * FIRST_BOUND_S]
    assert bounds[-1] == LAST_BOUND_S
    peer = Peer(client)
    error = {"type": "error", "code": "rate_limited", "error": "", "fatal": True, "retryable": True}
    peer.say({**error, "retry_after_ms": 2000})
    assert client.lost(4429, 131, 0.5)[-1] == Retry(2 + 0.5 * FIRST_BOUND_S)  # the connection lasted for 31 s
    assert client.lost(1006, 131, 0.0)[-1] == Retry(0)


def test_a_new_session_ends_the_open_runs_and_keeps_the_content() -> None:
    peer = Peer()
    peer.client.push("ask", {})
    peer.stream(1, 2, START, text("ab"))
    over = {"target": "[dj-stream='over']"}
    peer.stream(1, 2, {**START, **over}, {**DONE, **over}, stream="over")
    assert peer.client.lost(1006, 100, 0.5)[0] == Replied(
        1, False, "resume_failed", "the connection was lost"
    )
    again = Peer(peer.client, welcomed=False)
    effects = again.say({**WELCOME, "session": "another"})
    assert effects == [Fired("stream:done", "a", 2, "expired")]
    again.stream(1, 2, START, text("c"))
    assert peer.client.streams["a"].text == "abc"


def test_frames_before_the_welcome_are_violations() -> None:
    peer = Peer(welcomed=False)
    assert sent(peer.say({"type": "ping"})) == [{"type": "pong"}]
    assert peer.broken(peer.stream(1, 1, START))
    assert peer.broken(Peer().say(WELCOME))  # a second welcome


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["type", "stream", "ops", "op", "t", "ref"]) | st.text(), inner)
        ),
    )
)
def test_no_message_raises(value: object) -> None:
    peer = Peer()
    try:
        message = json.dumps(value)
        message.encode()
    except UnicodeEncodeError:
        return
    peer.client.received(message, 100.0)


def _required(kind: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind) if field.default is NODEFAULT}


def test_the_types_of_frames_and_ops_have_the_members_of_the_schemas() -> None:
    assert frames.FRAMES.keys() == {name for name, row in PROTOCOL.frames.items() if "server" in row.from_}
    assert frames.OPS.keys() == PROTOCOL.ops.keys()
    ops = load_schema("v1:ops")["$defs"]
    tagged = [("type", load_schema(f"v1:{name}"), kind) for name, kind in frames.FRAMES.items()]
    tagged += [("op", ops[name], kind) for name, kind in frames.OPS.items()]
    tagged += [("", load_schema("v1:welcome")["properties"]["limits"], frames.Limits)]
    for tag, schema, kind in tagged:
        assert {field.name for field in msgspec.structs.fields(kind)} == schema["properties"].keys() - {tag}
        assert _required(kind) == set(schema["required"]) - {tag}
        assert all(field.default in (NODEFAULT, UNSET) for field in msgspec.structs.fields(kind))


def test_the_time_of_an_append_does_not_depend_on_the_length_of_the_text() -> None:
    peer = Peer()
    peer.stream(1, 1, START)
    for seq in range(2, 5000):
        assert isinstance(peer.stream(seq, 1, text("x"))[0], Text)
    assert peer.client.streams["a"].text == "x" * 4998


def test_frames_of_capabilities_that_were_not_offered_are_reported() -> None:
    view = {"type": "view", "html": "", "version": 1, "streams": {}}
    assert [type(each) for each in Peer().say(view)] == [Report]
    assert Peer().say({"type": "pong", "t": "a"}) == []


def test_a_malformed_stream_name_is_a_violation() -> None:
    for name in ("1st", "", "a b", "a\n"):
        peer = Peer()
        assert peer.broken(peer.stream(1, 1, START, stream=name))


def test_malformed_websocket_data_is_a_violation_after_which_the_client_reconnects() -> None:
    peer = Peer()
    assert peer.client.broken("no text") == [Report("violation", "no text")]
    assert peer.stream(1, 1, START) == []
    assert isinstance(peer.client.lost(1007, 100, 0.5)[-1], Retry)
