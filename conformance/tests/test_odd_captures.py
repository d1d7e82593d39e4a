"""Captures as other tools write them: what cannot be read is said and skipped, and hides nothing else."""

import base64
import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamops_conformance.capture.model import Capture, CaptureError
from streamops_conformance.cli import app
from streamops_conformance.commands import check
from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.v1.client.case import LIMITS
from typer.testing import CliRunner

SESSION = "Dm5yQ8sVx2Jb7NcLw0Rf4g"
HELLO = {"type": "hello", "caps": [], "limits": {"max_frame_bytes": 1 << 20}}
WELCOME = {
    "type": "welcome",
    "session": SESSION,
    "caps": [],
    "limits": LIMITS,
    "heartbeat_ms": 25000,
}
TARGET = "[dj-stream='a']"
FRAMES: list[tuple[str, Any]] = [
    ("send", HELLO),
    ("recv", WELCOME),
    ("send", {"type": "event", "ref": 1, "event": "ask", "params": {}}),
    (
        "recv",
        {
            "type": "stream",
            "stream": "a",
            "seq": 1,
            "n": 3,
            "ops": [
                {"op": "start", "target": TARGET, "run": 1},
                {"op": "text", "target": TARGET, "text": "gr\u00fc\u2028\u00df", "mode": "append"},
                {"op": "done", "target": TARGET, "reason": "complete"},
            ],
        },
    ),
    ("recv", {"type": "reply", "ref": 1, "ok": True}),
]
OTHERS = [(way, frame | ({"session": SESSION[::-1]} if "session" in frame else {})) for way, frame in FRAMES]
"""The same in another session."""


def as_text(frame: Any) -> str:
    return frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)


def lines(frames: list[tuple[str, Any]], number: int = 1, protocol: str = "streamops.v1") -> list[str]:
    opened = {"path": "/", "subprotocol": protocol, "extensions": ""}
    made: list[dict[str, Any]] = [{"type": "open", "connection": number, "ms": 0, **opened}]
    for at, (direction, frame) in enumerate(frames):
        data = {"binary": frame.hex()} if isinstance(frame, bytes) else {"data": as_text(frame)}
        made.append({"type": "message", "connection": number, "ms": at + 1, "dir": direction, **data})
    return [json.dumps(each, ensure_ascii=False) for each in made]


def entry(frames: list[tuple[str, Any]], protocol: str = "streamops.v1", **members: Any) -> dict[str, Any]:
    messages = []
    for at, (direction, frame) in enumerate(frames):
        binary = isinstance(frame, bytes)
        messages.append(
            {
                "type": {"recv": "receive"}.get(direction, direction),
                "time": 1795532400.0 + at / 100,
                "opcode": 2 if binary else 1,
                "data": base64.b64encode(frame).decode() if binary else as_text(frame),
            }
        )
    return {
        "startedDateTime": "2026-11-24T15:00:00.000Z",
        "request": {"url": "ws://x/live"},
        "response": {"headers": [{"name": "Sec-WebSocket-Protocol", "value": protocol}]},
        "_webSocketMessages": messages,
    } | members


def har(*entries: Any) -> str:
    return json.dumps({"log": {"entries": list(entries)}})


def checked(content: str | bytes, tmp_path: Path, *more: str, name: str = "traffic") -> tuple[int, str]:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    done = CliRunner().invoke(app, ["check", str(file), *more])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.split())


WRITERS = {
    "as it is": lambda text: text.encode(),
    "with a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16, little": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16, big": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "blank lines": lambda text: text.replace("\n", "\n\n \r\n").encode() + b"\n\n",
    "no last line end": lambda text: text.removesuffix("\n").encode(),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("form", ["lines", "har"])
def test_a_file_is_read_however_it_was_written(writer: str, form: str, tmp_path: Path) -> None:
    text = "\n".join(lines(FRAMES)) + "\n" if form == "lines" else har(entry(FRAMES))
    code, output = checked(WRITERS[writer](text), tmp_path)
    assert (code, "nothing wrong" in output, "skipped" in output) == (ExitCode.OK, True, False)
    assert "1 connection, 5 messages" in output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(b"x" * 100, mtime=0)[:-9], "end-of-stream"),
        (b"\x1f\x8b no gzip", "traffic"),
        (b"\xff\xfe\x00", "truncated"),
        (b"", "no WebSocket messages"),
        (b"\x00\x01\x02", "line 1 is not JSON"),
        (("[" * 100_000).encode(), "line 1 is not JSON"),
        (b'{"log": {"entries": ', "line 1 is not JSON"),
    ],
    ids=["gzip cut off", "no gzip", "half a character", "empty", "binary", "nested", "HAR cut off"],
)
def test_a_file_that_is_none_is_wrong_usage(content: bytes, reason: str, tmp_path: Path) -> None:
    code, output = checked(content, tmp_path)
    assert code == ExitCode.USAGE
    assert reason in output


def har_of(*entries: object) -> bytes:
    return json.dumps({"log": {"entries": entries}}).encode()


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (
            har_of({"_webSocketMessages": [{"type": "send", "time": 1, "data": 5}]}),
            ["[0]._webSocketMessages[0]"],
        ),
        (har_of({"_webSocketMessages": []}, None, 5), ["log.entries[1] is None", "log.entries[2] is 5"]),
        (har_of({"_webSocketMessages": []}, *"abcde"), ["is 'a'", "is 'c'", "and 2 more"]),
        (
            har_of({"_webSocketMessages": [{"type": "send", "time": 1, "opcode": 2, "data": "?"}]}),
            ["log.entries[0]._webSocketMessages[0]: Error"],
        ),
        (har_of(), []),
    ],
    ids=["a message", "entries", "many", "no base64", "nothing"],
)
def test_a_capture_of_which_nothing_is_left_says_what_was_skipped(
    content: bytes, reasons: list[str], tmp_path: Path
) -> None:
    code, output = checked(content, tmp_path)
    assert code == ExitCode.USAGE
    assert "no WebSocket messages" in output
    assert [reason for reason in reasons if reason not in output] == []
    assert ("skipped" in output) == bool(reasons)


ODD_LINES = {
    "cut off": (lines(FRAMES)[-1][:40].encode(), "is not JSON"),
    "not UTF-8": (
        lines(FRAMES)[1].replace("hello", "h\udcff").encode("utf-8", "surrogateescape"),
        "is not UTF-8",
    ),
    "nested": (b"[" * 100_000, "is not JSON"),
    "another program's": (b"INFO: connection closed", "is not JSON"),
}


@pytest.mark.parametrize("odd", ODD_LINES)
def test_an_odd_last_line_hides_nothing_before_it(odd: str, tmp_path: Path) -> None:
    broken = [*FRAMES, ("recv", {"type": "reply", "ref": 7, "ok": True})]
    for frames, verdict in ((FRAMES, ExitCode.OK), (broken, ExitCode.NOT_CONFORMANT)):
        content = "\n".join(lines(frames)).encode() + b"\n" + ODD_LINES[odd][0] + b"\n"
        code, output = checked(content, tmp_path)
        assert code == verdict
        assert ODD_LINES[odd][1] in output
        assert f"{len(frames)} messages" in output


FOREIGN: dict[str, list[tuple[str, Any]]] = {
    "graphql-transport-ws": [("send", {"type": "connection_init"}), ("recv", {"type": "connection_ack"})],
    "vite-hmr": [("recv", {"type": "connected"})],
    "mqtt": [("send", b"\x10\x0c\x00\x04MQTT"), ("recv", b"\x20\x02\x00\x00")],
    "": [("recv", "plain text"), ("recv", b"\x00")],
}


@pytest.mark.parametrize(
    ("protocol", "more"),
    [
        *((name, ()) for name in FOREIGN),
        *((name, ("--spec", "v1")) for name in FOREIGN if name),  # one without a name is judged as v1
    ],
)
@pytest.mark.parametrize("form", ["lines", "har"])
def test_a_connection_of_another_protocol_is_named_and_hides_no_other(
    protocol: str, form: str, more: tuple[str, ...], tmp_path: Path
) -> None:
    frames = FOREIGN[protocol]
    if form == "lines":
        content = "\n".join([*lines(frames, 1, protocol), *lines(FRAMES, 2)])
    else:
        content = har(entry(frames, protocol), entry(FRAMES))
    code, output = checked(content, tmp_path, *more)
    assert code == ExitCode.OK
    assert "skipped: connection 1, which speaks" in output
    assert protocol in output
    assert "nothing wrong" in output


def test_a_capture_of_other_protocols_alone_is_wrong_usage(tmp_path: Path) -> None:
    code, output = checked(har(*(entry(frames, name) for name, frames in FOREIGN.items() if name)), tmp_path)
    assert code == ExitCode.USAGE
    assert "no traffic of v1 or v0" in output


@pytest.mark.parametrize(
    "members",
    [
        {"startedDateTime": "yesterday"},
        {"startedDateTime": 5},
        {"startedDateTime": None},
        {"startedDateTime": "9999-12-31T23:59:59Z"},
        {"request": {}},
    ],
)
def test_a_har_entry_is_read_without_what_its_messages_do_not_need(
    members: dict[str, Any], tmp_path: Path
) -> None:
    code, output = checked(har(entry(FRAMES, **members)), tmp_path)
    assert code == ExitCode.OK
    assert "5 messages" in output


@pytest.mark.parametrize("odd", [5, None, "entry", [], {"_webSocketMessages": 5}, {"_webSocketMessages": {}}])
def test_an_odd_entry_hides_no_other(odd: Any, tmp_path: Path) -> None:
    code, output = checked(har(odd, entry(FRAMES), odd), tmp_path)
    assert (code, "5 messages" in output) == (ExitCode.OK, True)


@pytest.mark.parametrize(
    "odd",
    [{"data": 5}, {"data": None}, {"opcode": "text"}, {"type": "sent"}, {"time": None}, {"data": "\udcff"}],
)
def test_an_odd_message_ends_its_connection_only(odd: dict[str, Any], tmp_path: Path) -> None:
    holed = entry(FRAMES)
    holed["_webSocketMessages"][3] |= odd
    content = har(holed, entry(OTHERS)).replace("\\udcff", "\udcff").encode("utf-8", "surrogateescape")
    code, output = checked(content, tmp_path)
    assert code == ExitCode.OK
    assert "connection 1 cannot be read further" in output
    assert "8 messages" in output


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.sampled_from(
    [
        *["type", "session", "caps", "limits", "resume", "resumed", "stream", "seq", "n", "ops", "ref", "ok"],
        *[
            "error",
            "view",
            "version",
            "streams",
            "cursors",
            "html",
            "code",
            "fatal",
            "params",
            "heartbeat_ms",
        ],
    ]
)
KINDS = st.sampled_from(
    ["hello", "welcome", "event", "stream", "view", "reply", "ack", "ping", "pong", "cancel", "error", "x"]
)
ODD_FRAMES = (
    st.builds(lambda kind, more: {"type": kind, **more}, KINDS, st.dictionaries(MEMBERS, JSON, max_size=5))
    | JSON
    | st.text(max_size=20)
    | st.binary(max_size=5)
)


EXTREMES = {
    "lists in lists": "[" * 100_000,
    "objects in objects": '{"a":' * 100_000,
    "a long number": "1" * 5000,
    "an infinite number": '{"seq": 1e400}',
    "a separator": "\u2028",
    "empty": "",
}


@pytest.mark.parametrize("odd", EXTREMES.values(), ids=EXTREMES)
@pytest.mark.parametrize("at", [1, 3, 5])
def test_an_extreme_message_is_judged_and_hides_no_other_connection(
    odd: str, at: int, tmp_path: Path
) -> None:
    frames = [*FRAMES[:at], ("recv", odd), *FRAMES[at:]]
    code, output = checked("\n".join([*lines(OTHERS, 2), *lines(frames, 1)]), tmp_path)
    assert code == ExitCode.NOT_CONFORMANT
    assert "on connection 1" in output
    assert "on connection 2" not in output


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # reason: a bound on time fails no test
)
@given(
    st.lists(
        st.tuples(st.integers(0, len(FRAMES)), st.sampled_from(["send", "recv"]), ODD_FRAMES),
        min_size=1,
        max_size=3,
    )
)
def test_no_message_whatever_it_is_stops_the_judging_of_others(odd: list[tuple[int, str, Any]]) -> None:
    frames = list(FRAMES)
    for at, direction, frame in odd:
        frames.insert(at, (direction, frame))
    text = "\n".join([*lines(frames, 1), *lines(OTHERS, 2)])
    capture: Capture = check.read_text(text)
    findings = check.judge(capture, "v1", {})
    assert [each.number for each in capture.connections] == [1, 2]
    assert not [each for found in findings for each in found.findings if each.connection == 2]


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["log", "entries"]), JSON, max_size=2) | JSON, st.lists(JSON, max_size=3)
)
def test_no_file_whatever_it_is_fails_the_command(value: Any, entries: list[Any]) -> None:
    for text in (json.dumps(value), har(*entries), har(entry(FRAMES, _webSocketMessages=value))):
        with contextlib.suppress(CaptureError):
            check.judge(check.read_text(text), "", {})
