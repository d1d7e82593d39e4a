"""`streamops tail` as a command: scripts for the driver, html as text, and a resumed stream."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamops_conformance.exit_codes import ExitCode
from streamops_conformance.proxy.faults import Cut, Plan, Point
from streamops_conformance.proxy.shell import FaultProxy

TAIL = [sys.executable, "-m", "streamops_conformance.tail"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The reference server with its driver, in its own process."""
    command = [sys.executable, "-m", "streamops_server", "--conformance", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
        process.terminate()


SCRIPT = [{"do": "text", "stream": "a", "text": "one "}, {"do": "text", "stream": "a", "text": "two"}]


@pytest.mark.parametrize("form", ["list", "object", "stdin"])
def test_a_script_is_run_by_the_driver(form: str, server: str, tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text(json.dumps({"script": SCRIPT} if form == "object" else SCRIPT), encoding="utf-8")
    given = "-" if form == "stdin" else str(file)
    done = subprocess.run(
        [*TAIL, server, "--run", given, "--until-done"],
        input=json.dumps(SCRIPT), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("one two\n", "", ExitCode.OK)


@pytest.mark.parametrize(
    ("content", "more", "says"),
    [
        ('{"steps": []}', (), "a script is a list of steps"),
        ("[1", (), "--run is not JSON"),
        ("[]", ("--event", "ask"), "remove --event"),
        (None, (), "No such file"),
        ("[]", ("--caps", "html,teleport"), "teleport is not one of html, view, ack, resume"),
    ],
)
def test_a_script_or_capability_that_is_none_is_wrong_usage(
    content: str | None, more: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    file = tmp_path / "script.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    done = subprocess.run(
        [*TAIL, "ws://127.0.0.1:1/", "--run", str(file), *more], capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitCode.USAGE
    assert says in done.stderr


def test_html_and_views_are_shown_as_text(server: str, tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    steps = [
        {"do": "set", "var": "a", "value": "rendered"},
        {"do": "push_state"},
        {"do": "insert", "stream": "b", "html": "<li>inserted</li>", "at": "append"},
    ]
    file.write_text(json.dumps(steps))
    arguments = ("--view", "conformance", "--params", '{"vars": {"a": "first", "b": ""}}')
    done = subprocess.run(
        [*TAIL, server, *arguments, "--run", str(file), "--caps", "html,view,ack", "--until-done"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["first", "rendered", "b | * inserted"]
    assert done.returncode == ExitCode.OK


@pytest.mark.parametrize("cuts", [(700,), (900, 400), (500, 600, 700)])
def test_a_resumed_stream_is_whole_and_prints_no_token_twice(
    cuts: tuple[int, ...], server: str, tmp_path: Path
) -> None:
    file = tmp_path / "script.json"
    steps: list[dict[str, object]] = []
    for number in range(60):
        steps += [{"do": "text", "stream": "a", "text": f"{number} "}, {"do": "sleep_ms", "ms": 20}]
    file.write_text(json.dumps(steps))

    async def run() -> tuple[str, str, int | None, int]:
        plans = [Plan(cuts=(Cut(Point(bytes=count, watched=("down",))),)) for count in cuts]
        async with FaultProxy(server, plans) as proxy:
            process = await asyncio.create_subprocess_exec(
                *TAIL, proxy.url, "--run", str(file), "--resume", "--until-done",
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            out, err = await process.communicate()
            return out.decode(), err.decode(), process.returncode, proxy.connections

    out, err, code, connections = asyncio.run(run())
    assert connections == len(cuts) + 1
    assert "".join(out.split("\n")) == "".join(f"{number} " for number in range(60))
    assert err.count("the connection was lost") == len(cuts)
    assert code == ExitCode.OK
