"""The command, as a process of its own."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from streamops_server.cli import app
from typer.testing import CliRunner
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

COMMAND = [sys.executable, "-m", "streamops_server", "--port", "0"]


@contextmanager
def started(*options: str, cwd: Path | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True, cwd=cwd) as process:
        assert process.stdout is not None
        word, url = process.stdout.readline().split()
        assert word == "ready"
        try:
            yield process, url
        finally:
            process.kill()


async def session_until_the_end(
    url: str, process: subprocess.Popen[str], number: int
) -> list[dict[str, object]]:
    frames = []
    async with connect(url, subprotocols=["streamops.v1"]) as socket:  # type: ignore[list-item]  # reason: a NewType
        await socket.send('{"type":"hello","caps":["view"],"limits":{}}')
        await socket.send('{"type":"event","ref":1,"event":"send_message","params":{"content":"hi"}}')
        with pytest.raises(ConnectionClosed):  # noqa: PT012 (the last recv of many raises)
            while True:
                frames.append(json.loads(await socket.recv()))
                if frames[-1]["type"] == "reply":
                    process.send_signal(number)
        assert (socket.close_code, socket.close_reason) == (4503, "shutting_down")
    return frames


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_shows_a_small_view_at_once_and_ends_cleanly(number: int, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with started("--ready-file", str(ready)) as (process, url):
        assert ready.read_text(encoding="utf-8") == f"ready {url}\n"
        frames = asyncio.run(session_until_the_end(url, process, number))
        assert process.wait(60) == 0
    text = "".join(op.get("text", "") for frame in frames for op in frame.get("ops", []))  # type: ignore[attr-defined]  # reason: frames are JSON
    assert text == "You said: hi That is all I know about it. "
    assert frames[-1]["code"] == "shutting_down"


def test_it_serves_views_of_a_module(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from streamops_server import View\nclass One(View):\n    template = 'one'\n"
        "class Two(View):\n    template = 'two'\n",
        encoding="utf-8",
    )

    async def first_view(url: str, name: str) -> object:
        async with connect(url, subprotocols=["streamops.v1"]) as socket:  # type: ignore[list-item]  # reason: a NewType
            hello = {"type": "hello", "caps": ["view"], "limits": {}, "view": {"name": name, "params": {}}}
            await socket.send(json.dumps(hello))
            await socket.recv()
            return json.loads(await socket.recv())["html"]

    with started("--views", "mine", "--conformance", cwd=tmp_path) as (_, url):
        assert [asyncio.run(first_view(url, name)) for name in ("One", "Two")] == ["one", "two"]
    with started("--views", "mine:Two", cwd=tmp_path) as (_, url):
        assert asyncio.run(first_view(url, "Two")) == "two"


@pytest.mark.parametrize("views", ["no_such_module", "json", "streamops_server.demo:Nobody", "", ".demo"])
def test_views_that_are_not_there_are_named(views: str) -> None:
    result = CliRunner().invoke(app, ["--views", views])
    assert result.exit_code == 2
    assert views.partition(":")[0] in result.output


@pytest.mark.parametrize(
    ("source", "place", "says"),
    [
        ("import os\nclass View(:\n", "mine.py:2", "SyntaxError"),
        ("x = 1\nimport not_there_at_all\n", "mine.py:2", "No module named 'not_there_at_all'"),
        ("import json\n\njson.loads('[')\n", "mine.py:3", "JSONDecodeError"),
        ("raise SystemExit('one\\ntwo')\n", "mine.py:1", "SystemExit: one two"),
        ("x = 'a\0b'\n", "mine", "null bytes"),
    ],
)
def test_a_module_that_cannot_be_imported_is_one_clear_line(
    source: str, place: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    ended = subprocess.run(
        [*COMMAND, "--views", "mine"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("--views mine: ")
    assert place in line
    assert says in line


def read(url: str) -> str:
    with urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def test_it_serves_the_pages_of_a_folder_beside_the_views(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>Mine", encoding="utf-8")
    with started("--pages", str(tmp_path)) as (process, url):
        assert process.stdout is not None
        page = "http" + url.removeprefix("ws")
        assert process.stdout.readline() == f"open {page}\n"
        assert read(page) == "<!doctype html>Mine"


def test_pages_are_a_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--pages", str(tmp_path / "nothing")])
    assert result.exit_code == 2


@pytest.mark.parametrize("command", [["streamops_server", "--demo"], ["streamops_server.demo"]])
def test_the_demo_needs_no_other_word(command: list[str]) -> None:
    line = [sys.executable, "-m", *command, "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready ws://")
        word, url = process.stdout.readline().split()
        assert word == "open"
        assert 'dj-view="AIChat"' in read(url)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


@pytest.mark.parametrize("option", [["--views", "mine"], ["--pages", "."], ["--conformance"]])
def test_the_demo_brings_its_own_views_and_pages(option: list[str]) -> None:
    result = CliRunner().invoke(app, ["--demo", *option])
    assert result.exit_code == 2
    assert "has its own" in result.output


def test_a_port_that_is_taken_is_named() -> None:
    with started() as (_, url):
        port = url.rstrip("/").rpartition(":")[2]
        result = CliRunner().invoke(app, ["--port", port])
        assert result.exit_code == 1
        assert "choose another" in result.output
