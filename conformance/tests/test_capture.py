"""Captures from both sources: bytes that are read on the way, recordings, HAR files; and texts of streams."""

import base64
import io
import json
import random

import pytest
from streamops_conformance.capture.har import is_har, read_har
from streamops_conformance.capture.lines import read_lines
from streamops_conformance.capture.model import CaptureError
from streamops_conformance.capture.text import Piece, read
from streamops_conformance.commands import check as command
from streamops_conformance.proxy.recorder import Recorder
from streamops_conformance.proxy.websocket import Closing, Message, Opened, Reader, Unreadable
from streamops_spec import load_shapes
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode

REQUEST = b"GET /ws?token=secret HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"


def answer(extensions="", status="101 Switching Protocols", subprotocol="streamops.v1"):
    more = f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
    return f"HTTP/1.1 {status}\r\nSec-WebSocket-Protocol: {subprotocol}\r\n{more}\r\n".encode()


def frame(opcode, data, *, mask=False, fin=True, extensions=()):
    return Frame(opcode, data, fin).serialize(mask=mask, extensions=extensions)


def told(passed):
    reader = Reader()
    return [item for way, data in passed for item in reader.feed(way, data)]


TRAFFIC = (
    ("up", REQUEST),
    ("down", answer() + frame(Opcode.TEXT, "grüß".encode())),
    ("up", frame(Opcode.TEXT, b"Hel", mask=True, fin=False)),
    ("up", frame(Opcode.PING, b"x", mask=True) + frame(Opcode.CONT, b"lo", mask=True)),
    ("down", frame(Opcode.PONG, b"x") + frame(Opcode.BINARY, b"\x00\xff")),
    ("down", frame(Opcode.TEXT, b"x" * 70_000)),
    ("down", frame(Opcode.TEXT, b"\xff")),
    ("down", frame(Opcode.CLOSE, Close(4500, "internal").serialize())),
    ("up", frame(Opcode.CLOSE, b"", mask=True)),
)
SAID = [
    Opened("/ws", "streamops.v1", ""),
    Message("down", "grüß"),
    Message("up", "Hello"),
    Message("down", b"\x00\xff"),
    Message("down", "x" * 70_000),
    Message("down", b"\xff"),
    Closing("down", 4500, "internal"),
    Closing("up", 1005, ""),
]


def test_messages_are_read_from_both_directions():
    assert told(TRAFFIC) == SAID


@pytest.mark.parametrize("seed", range(5))
def test_messages_do_not_depend_on_how_the_bytes_are_split(seed):
    random_ = random.Random(seed)
    cut = []
    for way, data in TRAFFIC:
        at = 0
        while at < len(data):
            size = random_.choice([1, 2, 7, 5000])
            cut.append((way, data[at : at + size]))
            at += size
    assert told(cut) == SAID


@pytest.mark.parametrize("parameters", ["", "; server_no_context_takeover; client_max_window_bits=12"])
def test_compressed_messages_are_inflated(parameters):
    takeover = "no_context" in parameters
    deflate = PerMessageDeflate(False, takeover, 15, 15)
    client = PerMessageDeflate(False, False, 15, 12 if parameters else 15)
    texts_sent = [b"hello hello hello", b"hello hello hello"]
    passed = [("up", REQUEST), ("down", answer(f"permessage-deflate{parameters}"))]
    passed += [("down", frame(Opcode.TEXT, each, extensions=[deflate])) for each in texts_sent]
    passed += [("up", frame(Opcode.TEXT, each, mask=True, extensions=[client])) for each in texts_sent]
    found = [item.data for item in told(passed) if isinstance(item, Message)]
    assert found == [each.decode() for each in texts_sent * 2]


@pytest.mark.parametrize(
    ("passed", "why"),
    [
        ([("up", REQUEST), ("down", answer(status="400 Bad Request"))], "no WebSocket: 'HTTP/1.1 400"),
        ([("up", REQUEST), ("down", answer("x-mux"))], "the extension 'x-mux' cannot be read"),
        ([("up", b"x" * 70_000)], "its head has no end"),
        ([("up", REQUEST), ("down", answer()), ("up", frame(Opcode.TEXT, b"x"))], "no WebSocket frames up"),
        ([("up", REQUEST), ("down", answer() + b"\xf1\x00")], "no WebSocket frames down"),
        ([("up", REQUEST), ("down", answer() + b"\x88\x01x")], "no WebSocket frames down"),
    ],
)
def test_an_unreadable_connection_is_reported_once(passed, why):
    found = told([*passed, ("down", b"more"), ("up", b"more")])
    assert isinstance(found[-1], Unreadable)
    assert found[-1].why.startswith(why)
    assert sum(isinstance(each, Unreadable) for each in found) == 1


def test_a_recording_is_read_back_unchanged_and_has_no_query():
    file = io.StringIO()
    recorder = Recorder(file, "ws://x/")
    recorder.opened(1, 0.0)
    for number, (way, data) in enumerate(TRAFFIC):
        recorder.passed(1, way, data, number / 100)
    recorder.closed(1, 1.0, "closed by the server")
    lines = file.getvalue().splitlines()
    assert all(load_shapes("v1:capture").explain(json.loads(line)) == "" for line in lines)
    assert "secret" not in file.getvalue()
    (connection,) = read_lines(lines).connections
    assert connection.subprotocol == "streamops.v1"
    assert (connection.ended, connection.ended_ms) == ("closed by the server", 1000)
    assert connection.transcript.closed.code == 4500
    found = [(entry.direction, entry.raw) for entry in connection.transcript.entries]
    assert found[:3] == [("recv", "grüß"), ("send", "Hello"), ("recv", b"\x00\xff")]
    assert found[-1] == ("close", "4500 internal")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "line 2 is not JSON"), ('{"type": "note"}', "line 2: "), ("[]", "line 2: ")],
)
def test_a_malformed_recording_names_the_line(text, reason):
    with pytest.raises(CaptureError, match=reason):
        read_lines(["", text])


# HAR


def har(messages, headers=(), started="2026-11-24T15:00:00.000Z"):
    entry = {
        "startedDateTime": started,
        "request": {"url": "ws://x/"},
        "response": {"headers": [{"name": name, "value": value} for name, value in headers]},
        "_webSocketMessages": messages,
    }
    return {"log": {"entries": [{"request": {"url": "http://x/"}}, entry]}}


@pytest.mark.parametrize("scale", [1, 1000], ids=["seconds", "milliseconds"])
def test_a_har_with_either_clock_is_read(scale):
    at = 1795532400.0
    messages = [
        {"type": "send", "time": (at + 0.5) * scale, "opcode": 1, "data": "{}"},
        {
            "type": "receive",
            "time": (at + 0.75) * scale,
            "opcode": 2,
            "data": base64.b64encode(b"x").decode(),
        },
        {"type": "receive", "time": (at + 1) * scale, "opcode": 8, "data": ""},
    ]
    value = har(messages, [("Sec-WebSocket-Protocol", "streamops.v1")])
    assert is_har(value)
    (connection,) = read_har(value).connections
    assert connection.subprotocol == "streamops.v1"
    assert [(entry.direction, entry.raw) for entry in connection.transcript.entries] == [
        ("send", "{}"),
        ("recv", b"x"),
    ]
    assert [round(entry.ms) for entry in connection.transcript.entries] == [500, 750]


def test_a_har_without_headers_has_no_subprotocol():
    (connection,) = read_har(har([])).connections
    assert connection.subprotocol is None
    assert connection.extensions is None


GOOD = {"type": "send", "time": 1.0, "opcode": 1, "data": "hello"}
LATER = {"type": "receive", "time": 2.0, "opcode": 1, "data": "later"}


@pytest.mark.parametrize("messages", [[{"type": "send", "opcode": 1, "data": "x"}], "x", [5]])
def test_a_har_in_which_nothing_can_be_read_names_the_place(messages):
    with pytest.raises(CaptureError, match=r"log\.entries\[1\]"):
        read_har(har(messages))


@pytest.mark.parametrize(
    "messages", [[{"type": "send", "opcode": 1, "data": "x"}], "x", [5], [None], {"a": 1}]
)
def test_an_entry_that_cannot_be_read_hides_no_other(messages):
    made = har([GOOD, LATER])
    made["log"]["entries"].append({**made["log"]["entries"][1], "_webSocketMessages": messages})
    capture = read_har(made)
    assert [entry.raw for entry in capture.connections[0].transcript.entries] == ["hello", "later"]
    assert len(capture.skipped) == 1
    assert "log.entries[2]" in capture.skipped[0]


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "sent", "time": 1.5, "opcode": 1, "data": "x"},
        {"type": "send", "time": 1.5, "opcode": 2, "data": "no base64!"},
        {"type": "send", "time": "soon", "opcode": 1, "data": "x"},
        {"type": "send", "time": 1.5, "opcode": 1},
    ],
)
def test_a_message_that_cannot_be_read_ends_its_connection_with_its_place(odd):
    (connection,) = read_har(har([GOOD, odd, LATER])).connections
    assert [entry.raw for entry in connection.transcript.entries] == ["hello"]
    assert "log.entries[1]._webSocketMessages[1]" in connection.unreadable


def test_a_failed_connection_is_a_connection_that_ended():
    """As Chromium exports a reconnect that is refused."""
    refused = {"type": "error", "time": 1.0, "opcode": -1, "data": "net::ERR_CONNECTION_REFUSED"}
    (connection,) = read_har(har([refused])).connections
    assert (connection.ended, connection.unreadable) == ("net::ERR_CONNECTION_REFUSED", "")
    assert connection.transcript.entries == []


def line(number, data, **members):
    return json.dumps(
        {"type": "message", "connection": number, "ms": 1, "dir": "recv", "data": data} | members
    )


@pytest.mark.parametrize(
    ("odd", "ended"),
    [
        ("{", {1, 2}),  # A line that was cut off: nobody knows whose it was.
        ("5", {1, 2}),
        (json.dumps({"type": "message", "connection": 1}), {1}),
        (json.dumps({"type": "note", "text": "another program's"}), set()),
    ],
)
def test_a_line_that_cannot_be_read_ends_the_connections_that_it_may_belong_to(odd, ended):
    capture = read_lines([line(1, "a"), line(2, "b"), odd, line(1, "c"), line(2, "d"), line(3, "e")])
    found = {each.number: [entry.raw for entry in each.transcript.entries] for each in capture.connections}
    assert found == {
        1: ["a"] if 1 in ended else ["a", "c"],
        2: ["b"] if 2 in ended else ["b", "d"],
        3: ["e"],
    }
    assert {each.number for each in capture.connections if each.unreadable} == ended
    assert [each.startswith("line 3") for each in capture.skipped] == [True]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_character_that_other_tools_do_not_escape_ends_no_line(separator, tmp_path):
    """As a recording that went through `jq -c`."""
    made = {"type": "message", "connection": 1, "ms": 1, "dir": "recv", "data": f"a{separator}b"}
    file = tmp_path / "traffic.jsonl"
    text = json.dumps(made, ensure_ascii=False) if ord(separator) > 31 else json.dumps(made)
    file.write_text(text + "\n", encoding="utf-8")
    (connection,) = command.read(file).connections
    assert connection.transcript.entries[0].raw == f"a{separator}b"


# Texts


def pieces(*texts, mode="append"):
    return [Piece(index, {"op": "text", "text": text, "mode": mode}) for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("came", "ended", "kinds"),
    [
        (["t0. ", "t1. ", "t2. "], True, []),
        (["t0. t1. ", "t2. "], True, []),
        (["", "t0. "], False, []),
        ([], False, []),
        (["t0. "], True, ["lost"]),
        (["t0. ", "t2. "], True, ["lost"]),
        (["t2. "], False, ["lost"]),
        (["t0. ", "t2. ", "t1. "], True, ["overtaken"]),
        (["t1. ", "t2. ", "t0. "], True, ["overtaken"]),
        (["t2. ", "t1. "], True, ["overtaken", "lost"]),
        (["t0. ", "t0. ", "t1. ", "t2. "], True, ["twice"]),
        (["t0. ", "nobody", "t1. ", "t2. "], True, ["foreign"]),
    ],
)
def test_texts_are_compared_with_the_written_text(came, ended, kinds):
    assert [fault.kind for fault in read("t0. t1. t2. ", pieces(*came), ended=ended).faults] == kinds


def test_a_replacing_text_begins_again_and_html_is_not_followed():
    assert not read("ab", [*pieces("ab"), *pieces("a", mode="replace"), *pieces("b")], ended=True).faults
    reading = read("ab", [*pieces("a"), Piece(1, {"op": "append", "html": "x"})], ended=True)
    assert (reading.not_followed, reading.faults, reading.arrived) == ("a append", [], 1)
