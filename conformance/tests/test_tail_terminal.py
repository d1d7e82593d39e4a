"""The command `streamops tail`, also with a real server, and the same client as a testee."""

import asyncio
import contextlib
import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest
import websockets.asyncio.server
from streamops_conformance.tail.effects import Effect, Fired, Replied, Report, Retry, Said, Stop, Text
from streamops_conformance.tail.terminal import Lines, Printer, clean
from streamops_conformance.v1.client.case import LIMITS
from streamops_spec import load_shapes
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

TAIL = [sys.executable, "-m", "streamops_conformance.tail"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The reference server with its chat, in its own process."""
    command = [sys.executable, "-m", "streamops_server", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
        process.terminate()


def tail(*arguments: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TAIL, *arguments], capture_output=True, text=True, timeout=timeout, check=False)


def ask(server: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    content = json.dumps({"content": "Hello [bold]\x1b[31m"})
    more = ("--event", "send_message", "--event-params", content, "--until-done")
    return tail(server, "--view", "Chat", *more, *arguments)


def test_a_whole_answer_of_the_reference_server_is_printed(server: str) -> None:
    done = ask(server)
    assert done.stdout == "You said: Hello [bold]␛[31m That is all I know about it. \n"
    assert done.returncode == 0, done.stderr


def test_with_json_each_line_is_an_object(server: str) -> None:
    done = ask(server, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    events = [each["event"] for each in lines]
    assert events[0] == "stream:start"
    assert {"stream:text", "stream:done", "stream:integrity", "replied"} <= set(events)
    assert "".join(each["text"] for each in lines if "text" in each).startswith(
        "You said: Hello [bold]\x1b[31m "
    )
    assert {"event": "stream:done", "stream": "answer", "reason": "complete"}.items() <= lines[
        events.index("stream:done")
    ].items()
    assert done.stdout.isascii()


def test_only_the_named_streams_are_shown(server: str) -> None:
    assert ask(server, "--stream", "other").stdout == ""


def test_a_refused_event_is_reported_and_ends_with_1(server: str) -> None:
    done = tail(server, "--event", "no_such_thing", "--until-done")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "the event was refused" in done.stderr


def test_a_missing_view_ends_with_4(server: str) -> None:
    done = tail(server, "--view", "Chta")
    assert done.returncode == 4
    assert "not reconnecting" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ws://127.0.0.1:1/"], 4, "Connect call failed"),
        (["http://127.0.0.1/"], 2, "isn't a valid URI"),
        (["ws://127.0.0.1/", "--view", "A", "--params", "[]"], 2, "--params is not a JSON object"),
        (["ws://127.0.0.1/", "--event", "a", "--event-params", "{"], 2, "--event-params is not JSON"),
    ],
)
def test_wrong_usage_is_reported_in_one_line(arguments: list[str], code: int, words: str) -> None:
    done = tail(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def printed(*effects: Effect, only: tuple[str, ...] = ()) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    printer = Printer(out, err, only)
    for each in effects:
        printer.show([each])
    printer.close()
    return out.getvalue(), err.getvalue()


def test_text_is_raw_without_control_sequences() -> None:
    out, _ = printed(Text("a", "append", "[red]<b>\ta\r\x1b]0;x\x07\x9b1m\x7f\ud800\n"))
    assert out == "[red]<b>\ta␍␛]0;x␇\ufffd1m␡?\n"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", clean("".join(map(chr, range(0x100)))))


def test_a_replacement_begins_a_line_and_a_prepended_text_has_its_own_line() -> None:
    effects = [Text("a", "append", "one"), Text("a", "replace", "two"), Text("a", "append", "!")]
    assert printed(*effects)[0] == "one\ntwo!\n"
    effects = [Text("a", "append", "old"), Text("a", "prepend", "new"), Text("a", "append", "older")]
    assert printed(*effects)[0] == "old\nnew\nolder\n"
    assert printed(Text("a", "replace", ""), Text("a", "append", "x"))[0] == "x\n"


def test_from_the_second_stream_on_each_line_has_its_name() -> None:
    effects = [
        Text("a", "append", "1"),
        Text("b", "append", "2\n3"),
        Text("a", "append", "4"),
        Text("a", "append", "5"),
    ]
    assert printed(*effects)[0] == "1\nb | 2\nb | 3\na | 45\n"
    assert printed(*effects, only=("b",))[0] == "2\n3\n"


def test_everything_but_text_goes_to_standard_error() -> None:
    effects = [
        Text("a", "append", "so far"),
        Fired("stream:error", "a", 1, error="[b]busy\x1b", code="timeout"),
        Fired("stream:integrity", "a", 1, ok=False),
        Fired("stream:integrity", "a", 1, ok=True),
        Replied(1, True),
        Replied(2, False, "timeout", "late"),
        Said("internal", "oh", True),
        Report("violation", "a gap"),
        Retry(1.25),
        Stop("forbidden", "no"),
    ]
    out, err = printed(*effects)
    assert out == "so far\n"
    assert err.splitlines() == [
        "a: [b]busy␛ (timeout)",
        "a: this is not the whole text",
        "the event was refused: late (timeout)",
        "the server says: oh (internal)",
        "violation: a gap",
        "the connection was lost, the next try is in 1.2 s",
        "not reconnecting: no (forbidden)",
    ]
    assert printed(*effects, only=("b",))[1].startswith("the event was refused")


def test_lines_of_json_have_the_members_of_the_effects() -> None:
    out = io.StringIO()
    lines = Lines(out, ("a",))
    lines.show(
        [Text("a", "append", "\u2028"), Fired("stream:text", "a", 1), Text("b", "append", "x"), Retry(0.5)]
    )
    lines.close()
    assert out.getvalue().splitlines() == [
        '{"event": "stream:text", "stream": "a", "mode": "append", "text": "\\u2028"}',
        '{"event": "retry", "delay": 0.5}',
    ]


Handler = Callable[[websockets.asyncio.server.ServerConnection, int], Awaitable[None]]


async def tail_at(
    handler: Handler, *arguments: str, offered: bool = True, interrupt: bool = False, close: bool = False
) -> tuple[int | None, str, str]:
    """Run the command on a local server; `handler` gets each connection and the number of earlier ones."""
    count = -1

    async def meet(connection: websockets.asyncio.server.ServerConnection) -> None:
        nonlocal count
        count += 1
        with contextlib.suppress(ConnectionClosed):
            await handler(connection, count)

    def select(_: object, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        return next(iter(subprotocols), None) if offered else None

    async with websockets.asyncio.server.serve(meet, "127.0.0.1", 0, select_subprotocol=select) as serving:
        url = f"ws://127.0.0.1:{next(iter(serving.sockets)).getsockname()[1]}/"
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*TAIL, url, *arguments, stdout=pipe, stderr=pipe)
        assert process.stdout is not None
        first = await process.stdout.read(1) if interrupt or close else b""
        if interrupt:
            process.send_signal(signal.SIGINT)
        if close:
            process.stdout._transport.close()  # type: ignore[attr-defined]  # reason: asyncio has no other way
            assert process.stderr is not None
            err = await asyncio.wait_for(process.stderr.read(), 20)
            return await process.wait(), "", err.decode()
        out, err = await asyncio.wait_for(process.communicate(), 20)
        return process.returncode, (first + out).decode(), err.decode()


async def endless(connection: websockets.asyncio.server.ServerConnection, _: int) -> None:
    await connection.send(json.dumps(FRAMES[0]))
    await connection.send(json.dumps(FRAMES[1]))
    for seq in range(3, 1000):
        op = {**FRAMES[1]["ops"][1], "text": "more\n"}
        await connection.send(json.dumps({**FRAMES[1], "seq": seq, "n": 1, "ops": [op]}))
        await asyncio.sleep(0.01)


def test_it_reconnects_after_a_lost_connection_and_continues() -> None:
    async def restarts(connection: websockets.asyncio.server.ServerConnection, before: int) -> None:
        await connection.recv()
        await connection.send(json.dumps(FRAMES[0]))
        if not before:
            await connection.close(1012)
            return
        done = {"op": "done", "target": "[dj-stream='a']", "reason": "complete"}
        await connection.send(json.dumps(FRAMES[1]))
        await connection.send(json.dumps({**FRAMES[1], "seq": 3, "n": 1, "ops": [done]}))
        await connection.wait_closed()

    code, out, err = asyncio.run(tail_at(restarts, "--until-done"))
    assert (code, out) == (0, "1 < 2\n")
    assert "the connection was lost, the next try is in" in err


def test_it_ends_on_an_interrupt() -> None:
    code, out, err = asyncio.run(tail_at(endless, interrupt=True))
    assert (code, err) == (130, "")
    assert out.startswith("1 < 2")


def test_it_ends_quietly_when_its_output_is_closed() -> None:
    assert asyncio.run(tail_at(endless, close=True)) == (0, "", "")


def test_a_server_of_another_protocol_is_reported() -> None:
    code, out, err = asyncio.run(tail_at(endless, offered=False))
    assert (code, out) == (4, "")
    assert "does not speak streamops.v1" in err


def test_a_fatal_error_is_obeyed() -> None:
    async def refuses(connection: websockets.asyncio.server.ServerConnection, _: int) -> None:
        error = {"type": "error", "code": "unauthorized", "error": "Sign in first", "fatal": True}
        error |= {"retryable": False}
        await connection.send(json.dumps(error))
        await connection.close(4401, "unauthorized")

    code, _, err = asyncio.run(tail_at(refuses))
    assert code == 4
    assert err.splitlines()[-1] == "not reconnecting: Sign in first (unauthorized)"


class Runner:
    """Plays the suite for one testee: control connections and a server for its cases."""

    def __init__(self) -> None:
        self.controls: asyncio.Queue[websockets.asyncio.server.ServerConnection] = asyncio.Queue()
        self.cases: asyncio.Queue[websockets.asyncio.server.ServerConnection] = asyncio.Queue()
        self.over = asyncio.Event()

    async def meet(self, connection: websockets.asyncio.server.ServerConnection) -> None:
        assert connection.request is not None
        await (self.controls if connection.request.path == "/control" else self.cases).put(connection)
        await self.over.wait()


async def _drive_a_testee() -> None:
    runner = Runner()
    async with websockets.asyncio.server.serve(
        runner.meet, "127.0.0.1", 0, select_subprotocol=lambda _, offered: next(iter(offered), None)
    ) as serving:
        port = next(iter(serving.sockets)).getsockname()[1]
        url = f"ws://127.0.0.1:{port}"
        module = "streamops_conformance.tail.testee"
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, f"{url}/control")
        control = await asyncio.wait_for(runner.controls.get(), 20)
        ready = json.loads(await control.recv())
        assert not load_shapes("v1:testee").explain(ready)
        assert ready["shows"] == "text"
        await control.send(json.dumps({"type": "case", "case": 1, "html": "<p>", "url": f"{url}/case/1"}))
        socket = await asyncio.wait_for(runner.cases.get(), 20)
        assert json.loads(await socket.recv())["type"] == "hello"
        for frame in FRAMES:
            await socket.send(json.dumps(frame))
        assert json.loads(await socket.recv()) == {"type": "pong"}
        await control.send(json.dumps({"type": "dump", "case": 7}))  # of an unknown case: not answered
        await control.send(json.dumps({"type": "dump", "case": 1}))
        dumped = json.loads(await control.recv())
        assert not load_shapes("v1:testee").explain(dumped)
        assert dumped["text"] == {"a": "1 < 2"}
        assert dumped["streams"] == {"a": {"state": "open", "cursor": 2, "run": 1}}
        assert [(each["event"], each["cursor"]) for each in dumped["events"]] == [
            ("stream:start", 0),
            ("stream:text", 0),
        ]
        assert len({each["task"] for each in dumped["events"]}) == 1
        await control.send(json.dumps({"type": "end", "case": 1}))
        runner.over.set()
        assert await asyncio.wait_for(process.wait(), 20) == 0


FRAMES: list[Any] = [
    {
        "type": "welcome",
        "session": "Dm5yQ8sVx2Jb7NcLw0Rf4g",
        "caps": [],
        "limits": LIMITS,
        "heartbeat_ms": 25000,
    },
    {
        "type": "stream",
        "stream": "a",
        "seq": 1,
        "n": 2,
        "ops": [
            {"op": "start", "target": "[dj-stream='a']", "run": 1},
            {"op": "text", "target": "[dj-stream='a']", "text": "1 < 2", "mode": "append"},
        ],
    },
    {"type": "ping"},
]


def test_the_same_client_answers_as_a_testee_and_ends_with_its_control_connections() -> None:
    asyncio.run(_drive_a_testee())
