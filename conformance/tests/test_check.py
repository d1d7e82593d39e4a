"""`streamops check` on real traffic: the reference server's is clean, that of djust loses text."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from streamops_conformance.proxy.faults import Cut, Plan, Point
from streamops_conformance.proxy.recorder import Recorder
from streamops_conformance.proxy.shell import FaultProxy
from streamops_conformance.target.config import embedded, read
from streamops_conformance.target.process import Running
from streamops_conformance.v0.server.described import Described
from streamops_conformance.v0.server.session import Session as SessionV0
from streamops_conformance.v1.server.session import Session
from streamops_conformance.wire.silent import Silent
from streamops_spec import load_shapes

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CAPS = ["html", "view", "ack", "resume", "x-conformance"]
VIEW = {"name": "conformance", "params": {"vars": {"v": "0"}}}
TOKENS = [f"t{number}. " for number in range(200)]
DJUST = pytest.mark.skipif(
    not (ROOT / ".djust-venv").is_dir(), reason="conformance/targets/djust/setup.sh has not run"
)


def check(*arguments):
    """The exit code and the output of the command."""
    command = [sys.executable, "-m", "streamops_conformance", "check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def checked(file, *arguments):
    """The exit code, the broken ids, and the JSON report."""
    out = Path(file).with_suffix(".report.json")
    code, printed = check(file, "--json", out, *arguments)
    report = json.loads(out.read_text())
    assert load_shapes("v1:check").explain(report) == "", printed
    (account,) = report["accounts"]
    lines = account["requirements"]
    return code, {each["id"] for each in lines if each["verdict"] == "broken"}, account


def recorded(url, file, exchange, plans=()):
    async def record():
        with file.open("w") as opened:
            async with FaultProxy(url, plans, tap=Recorder(opened, url)) as proxy:
                await exchange(proxy.url)
                await asyncio.sleep(0.3)  # Long enough that nothing is still on its way.

    asyncio.run(record())


def script(pause=0):
    waits = [{"do": "sleep_ms", "ms": pause}] if pause else []
    tokens = [each for token in TOKENS for each in ({"do": "text", "stream": "s", "text": token}, *waits)]
    return [{"do": "start", "stream": "s"}, *tokens, {"do": "done", "stream": "s"}]


@pytest.mark.parametrize("pause", [0, 3])
def test_nothing_is_found_in_the_reference_servers_traffic(tmp_path, pause):
    async def exchange(url):
        async with Session(url) as session:
            await session.hello(CAPS, view=VIEW)
            await session.send({"type": "ping", "t": "x"})
            await session.run(script(pause))
            await session.run(
                [
                    {"do": "set", "var": "v", "value": "1"},
                    {"do": "stream_to", "stream": "v"},
                    {"do": "push_state"},
                ]
            )
            await session.run([{"do": "replace", "stream": "q", "html": "<b>x"}, {"do": "raise"}])

    with Running(embedded()) as running:
        recorded(running.url, tmp_path / "a.jsonl", exchange)
    code, broken, account = checked(tmp_path / "a.jsonl")
    assert (code, broken) == (0, set())
    holds = {each["id"] for each in account["requirements"] if each["verdict"] == "holds"}
    assert holds >= {"ORD-1", "ORD-2", "LIF-1", "CNT-7", "BAT-7", "VIEW-4", "ERR-3", "EVT-1", "CON-12"}
    assert any("which program ran" in remark for remark in account["remarks"])


def test_nothing_is_found_in_sessions_that_are_cut_and_resumed(tmp_path):
    async def exchange(url):
        session = Session(url)
        await session.connect()
        await session.hello(CAPS, view=VIEW)
        event = {"type": "event", "ref": 1, "event": "conformance.run", "params": {"script": script(3)}}
        await session.send(event)
        for _ in range(30):
            try:
                await session.reply(1)
                break
            except Silent:
                await session.resume(CAPS, view=VIEW)
                await session.send(event)
        await session.close()

    plans = [Plan(cuts=(Cut(Point(bytes=at, watched=("down",))),)) for at in (2000, 3000, 1700)]
    written = tmp_path / "written.txt"
    written.write_text("".join(TOKENS))
    with Running(embedded()) as running:
        recorded(running.url, tmp_path / "a.jsonl", exchange, plans)
    code, broken, account = checked(tmp_path / "a.jsonl", "--expect-text", f"s={written}")
    assert (code, broken) == (0, set())
    frames = {each["id"]: each["frames"] for each in account["requirements"] if each["side"] == "server"}
    assert account["sessions"] == 1
    assert frames["RES-2"] == 3
    assert frames["ORD-5"] > 10


def test_no_server_finding_in_the_traffic_of_the_whole_suite(tmp_path):
    """With all probes, hostile messages and resumes: no rule blames a correct server."""

    async def test(url):
        command = [sys.executable, "-m", "streamops_conformance", "test", "server", url, "--examples", "40"]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
        await process.wait()

    with Running(embedded()) as running:
        recorded(running.url, tmp_path / "a.jsonl", test)
    _, _, account = checked(tmp_path / "a.jsonl")
    of_server = [each for each in account["requirements"] if each["side"] == "server"]
    assert not [(each["id"], each["findings"]) for each in of_server if each["findings"]]
    assert account["sessions"] > 150
    assert sum(each["verdict"] == "holds" for each in of_server) > 50


def test_the_check_reads_what_the_proxy_command_records(tmp_path):
    file = tmp_path / "a.jsonl"

    async def through(url):
        command = [sys.executable, "-m", "streamops_conformance", "proxy", "127.0.0.1:0", url]
        faults = ["--fault", "fragment:1-9", "--fault", "down:delay:1-5ms", "--seed", "3"]
        more = ["--record", str(file), *faults]
        process = await asyncio.create_subprocess_exec(*command, *more, stdout=asyncio.subprocess.PIPE)
        standing = (await process.stdout.readline()).decode().split()[0]
        async with Session(standing) as session:
            await session.hello(CAPS, view=VIEW)
            await session.run(script())
        process.terminate()
        await process.communicate()
        assert process.returncode == 0

    with Running(embedded()) as running:
        asyncio.run(through(running.url))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [load_shapes("v1:capture").explain(line) for line in lines] == [""] * len(lines)
    assert lines[0]["target"] == running.url
    assert [lines[1]["type"], lines[-1]["type"]] == ["open", "end"]
    code, broken, account = checked(file)
    assert (code, broken) == (0, set())
    assert account["remarks"] == ["connection 1 shows which program ran, so the prefix law was checked"]


@DJUST
@pytest.mark.parametrize(("pause", "due"), [(0, {"ORD-101"}), (5, {"ORD-101"})])
def test_lost_text_of_djust_is_found_in_its_traffic(tmp_path, pause, due):
    """By the script in the event, and without it by the given text."""
    target = read(ROOT / "conformance/targets/djust/target.toml")

    async def exchange(url):
        described = Described.of(target.v0)
        session = SessionV0(url, described, headers=dict(target.headers), per_second=90, burst=15)
        await session.connect()
        await session.mount({"a": "0"})
        await session.run_script(script(pause))
        await session.quiet()
        await session.close()

    with Running(target) as running:
        recorded(running.url, tmp_path / "a.jsonl", exchange)
    code, broken, account = checked(tmp_path / "a.jsonl")
    assert code == 1
    assert broken >= due
    assert account["spec"] == "v0"
    written = tmp_path / "written.json"
    written.write_text(json.dumps({"s": "".join(TOKENS)}))
    unknown = tmp_path / "b.jsonl"
    unknown.write_text((tmp_path / "a.jsonl").read_text().replace('\\"script\\"', '\\"question\\"'))
    code, broken, _ = checked(unknown)
    assert broken <= {"ORD-103"}  # The wire alone does not show that text was lost.
    code, broken, _ = checked(unknown, "--expect", written)
    assert code == 1
    assert broken >= due


def test_reordered_text_of_djust_is_found_in_observed_traffic(tmp_path):
    """Traffic of djust 1.2.6 with 5 ms between two tokens: t6 came before t5, t199 before t198."""
    own = {"target": "[dj-stream='s']", "mode": "append"}
    came = [{"op": "text", "text": f"t{n}. ", **own} for n in (0, 3, 6, 5, 9, 12)]
    frames = [{"type": "stream", "stream": "s", "ops": [each]} for each in came]
    lines = [
        {"type": "message", "connection": 1, "ms": index * 17, "dir": "recv", "data": json.dumps(each)}
        for index, each in enumerate(frames)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "w.txt").write_text("".join(TOKENS))
    code, broken, _ = checked(tmp_path / "a.jsonl", "--expect-text", f"s={tmp_path / 'w.txt'}")
    assert (code, broken) == (1, {"ORD-101", "ORD-102"})


# A HAR from the developer tools of Chromium


def har(page, socket, protocol, file, *says):
    command = ["node", str(HERE / "recording.mjs"), page, socket, protocol, str(file)]
    done = subprocess.run(
        [*command, *map(json.dumps, says)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(file.read_text())["log"]["creator"]["name"] == "WebInspector"


def test_a_chromium_har_of_the_reference_server_is_clean(tmp_path):
    limits = {"max_frame_bytes": 1 << 20, "max_fps": 60, "window": 8}
    hello = {"type": "hello", "caps": ["x-conformance"], "limits": limits}
    event = {"type": "event", "ref": 1, "event": "conformance.run", "params": {"script": script(1)}}
    with Running(embedded()) as running:
        page = running.url.replace("ws:", "http:")  # Any page of the same origin.
        har(page, running.url, "streamops.v1", tmp_path / "a.har", hello, event)
    code, broken, account = checked(tmp_path / "a.har")
    assert (code, broken) == (0, set())
    assert account["spec"] == "v1"
    assert {"ORD-1", "BAT-7", "LIM-6"} <= {
        each["id"] for each in account["requirements"] if each["verdict"] == "holds"
    }


@DJUST
def test_a_chromium_har_of_djust_shows_lost_text(tmp_path):
    target = read(ROOT / "conformance/targets/djust/target.toml")
    mount = {"type": "mount", "view": "views.Conformance", "params": {"vars": {"a": "0"}}, "url": "/"}
    event = {"type": "event", "event": "conformance_run", "params": {"script": script(5)}, "ref": 1}
    with Running(target) as running:
        page = running.url.replace("ws:", "http:")
        har(page, running.url, "", tmp_path / "a.har", mount, event)
    code, broken, account = checked(tmp_path / "a.har")
    assert code == 1
    assert account["spec"] == "v0"
    assert "ORD-101" in broken


# The command


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (None, [], "No such file"),
        ("not a capture", [], "line 1 is not JSON"),
        ('{"log": {"entries": []}}', [], "the capture has no WebSocket messages"),
        ('{"log": {"entries": 7}}', [], "log.entries is not a list"),
        ("", ["--expect-text", "s"], "the form is STREAM=FILE"),
        ("", ["--expect-text", "s=/no/such/file"], "/no/such/file: No such file"),
        ("", ["--json", "/no/such/folder/x"], "no WebSocket messages"),
        ("", ["--spec", "v7"], "--spec"),
    ],
)
def test_wrong_usage_is_explained(tmp_path, content, arguments, message):
    file = tmp_path / "x"
    if content is not None:
        file.write_text(content)
    code, printed = check(file, *arguments)
    assert code == 2
    assert message in printed
    assert "Traceback" not in printed


def test_the_report_lists_what_the_wire_cannot_show(tmp_path):
    message = {"type": "message", "connection": 1, "ms": 1, "dir": "recv"}
    frame = {"type": "stream", "stream": "s", "ops": [{"op": "done", "target": "[dj-stream='s']"}]}
    (tmp_path / "a.jsonl").write_text(json.dumps({**message, "data": json.dumps(frame)}))
    code, printed = check(tmp_path / "a.jsonl")
    assert code == 0
    assert "cannot be told from the wire alone" in printed
    assert "nothing wrong in what the wire shows" in printed
