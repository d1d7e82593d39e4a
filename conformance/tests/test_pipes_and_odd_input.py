"""The commands with readers that stop reading, numbers that JSON does not have, and the way they leave."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
import websockets.asyncio.server
from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.v1.client.case import LIMITS
from streamops_spec import load_protocol
from websockets.typing import Subprotocol

SUITE = [sys.executable, "-m", "streamops_conformance"]
WELCOME = {
    "type": "welcome",
    "session": "x" * 22,
    "caps": [],
    "limits": LIMITS,
    "heartbeat_ms": 25000,
}


def first_line(*arguments: str) -> tuple[str, int]:
    """The first line that a command prints, and its exit code although nobody reads the rest."""
    with subprocess.Popen([*SUITE, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.stdout.close()
        return line, process.wait(60)


@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("explain", "ORD-1")])
def test_a_reader_that_stops_reading_is_not_a_failure(arguments: tuple[str, ...]) -> None:
    line, code = first_line(*arguments)
    assert line.strip()
    assert code == ExitCode.OK


@pytest.mark.parametrize(("direction", "code"), [("recv", ExitCode.NOT_CONFORMANT), ("send", ExitCode.OK)])
def test_a_verdict_stays_although_nobody_reads_the_report(
    direction: str, code: ExitCode, tmp_path: Path
) -> None:
    """A binary message breaks FRM-1 of the side that sends it; only the server's side is told here."""
    hello = {"type": "hello", "caps": [], "limits": {"max_frame_bytes": 1 << 20, "max_fps": 60, "window": 64}}
    opened = {"path": "/", "subprotocol": load_protocol().subprotocol, "extensions": ""}
    lines = [
        {"type": "capture", "version": 1, "target": "ws://x/", "began": "2026-11-28T00:00:00+00:00"},
        {"type": "open", "connection": 1, "ms": 0, **opened},
        {"type": "message", "connection": 1, "ms": 1, "dir": "send", "data": json.dumps(hello)},
        {"type": "message", "connection": 1, "ms": 2, "dir": "recv", "data": json.dumps(WELCOME)},
    ]
    if direction == "recv":
        lines.append({"type": "message", "connection": 1, "ms": 3, "dir": "recv", "binary": "00"})
    file = tmp_path / "traffic.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    assert first_line("check", str(file))[1] == code


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", '[1, {"x": NaN}]'])
@pytest.mark.parametrize("option", ["--params", "--event-params"])
def test_a_number_that_json_does_not_have_is_wrong_usage(option: str, number: str) -> None:
    more = ["--view", "A"] if option == "--params" else ["--event", "a"]
    command = [*SUITE, "tail", "ws://127.0.0.1:1/", *more, option, f'{{"x": {number}}}']
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.USAGE
    assert f"{option} is not JSON" in done.stderr


def test_tail_leaves_with_1000() -> None:
    """So that the session ends, and is not kept for a client that never comes back (chapter 11)."""
    codes: asyncio.Queue[int | None] = asyncio.Queue()

    async def answer(socket: websockets.asyncio.server.ServerConnection) -> None:
        await socket.recv()
        await socket.send(json.dumps(WELCOME))
        await socket.recv()
        await socket.send('{"type":"reply","ref":1,"ok":true}')
        await socket.wait_closed()
        codes.put_nowait(socket.close_code)

    async def run() -> tuple[int, int | None]:
        subprotocols = [Subprotocol(load_protocol().subprotocol)]
        async with websockets.asyncio.server.serve(
            answer, "127.0.0.1", 0, subprotocols=subprotocols
        ) as server:
            url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
            arguments = [*SUITE, "tail", url, "--event", "say", "--until-done"]
            process = await asyncio.create_subprocess_exec(*arguments)
            return await process.wait(), await codes.get()

    assert asyncio.run(run()) == (0, 1000)
