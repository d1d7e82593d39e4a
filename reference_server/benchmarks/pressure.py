"""Measures crowds, a client that stops reading, and lost connections: `python …/benchmarks/pressure.py`.

Each result is compared with bare `websockets`, or with a run without the trouble, in the same run.
Quote the ratios and not the times, which depend on the machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import statistics
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from serving import CHUNK, HELLO, SUBPROTOCOL, Served, clock, light, percentile, served
from websockets.asyncio.client import connect

MIB = 1 << 20
FRAMES_PER_SECOND = 60
MOST_DELAY_S = 0.1
PAUSE_S = 0.03
"""Seconds between two reconnects. A stream is sent every 16 ms, also to a client that comes back sooner."""
OPTIONS: dict[str, Any] = {
    "subprotocols": [SUBPROTOCOL], "compression": None, "ping_interval": None, "max_size": None,
}  # fmt: skip
Row = tuple[str, ...]
Tell = Callable[[str], None]


# -- a crowd ------------------------------------------------------------------------------------


async def crowd(server: Served, which: str, connections: int, seconds: float) -> tuple[float, float, float]:
    """Delivery delay p50 and p99 in seconds, and the frames that each connection got in a second."""
    clients = [await light(server.port) for _ in range(connections)]
    await asyncio.sleep(0.5)
    for client in clients:
        client.say(clock(which, 1 / FRAMES_PER_SECOND, seconds))
        await asyncio.sleep(1 / FRAMES_PER_SECOND / connections)
    await asyncio.sleep(seconds + 2)
    delays = [delay for client in clients for delay in client.delays[FRAMES_PER_SECOND // 4 :]]
    for client in clients:
        client.close()
    rate = len(delays) / connections / (seconds - 0.25)
    return percentile(delays, 50), percentile(delays, 99), rate


def crowds(tell: Tell, most: int, seconds: float) -> list[Row]:
    """The most connections, in quarters of `most`, that one core serves with p99 below 100 ms."""
    rows: list[Row] = []
    largest = {"bare": 0, "ours": 0}
    for which in ("bare", "ours"):
        for connections in (most, most * 3 // 4, most // 2, most // 4):
            tell(f"{connections} connections, {which}")
            with served(which, cpu=0) as server:
                before = server.cpu_seconds()
                p50, p99, rate = asyncio.run(crowd(server, which, connections, seconds))
                cpu = (server.cpu_seconds() - before) / (seconds + 2)
            name = "bare websockets" if which == "bare" else "this server"
            delay = f"delay p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"
            found = f"{rate:.0f} frames/s each, {delay}, {cpu:.0%} CPU"
            rows.append((f"{connections} connections, {name}", found, ""))
            if p99 < MOST_DELAY_S:
                largest[which] = connections
                break
    ratio = largest["ours"] / largest["bare"] if largest["bare"] else 0.0
    found = f"{largest['ours']} against {largest['bare']}: {ratio:.2f} x"
    rows.append(("largest crowd with p99 < 100 ms", found, f"{most}, or the most"))
    return rows


def idle(tell: Tell, connections: int) -> Row:
    """Memory of a session that was used and is idle, compared with a bare connection's."""
    each: dict[str, float] = {}

    async def fill(server: Served) -> int:
        clients = [await light(server.port, '"html","resume"') for _ in range(connections)]
        for client in clients:
            client.say(clock(which, 0.01, 0.05))
        await asyncio.sleep(3)
        resident = server.resident()
        for client in clients:
            client.close()
        return resident

    for which in ("bare", "ours"):
        tell(f"memory of {connections} idle sessions, {which}")
        with served(which) as server:
            time.sleep(0.5)
            before = server.resident()
            each[which] = (asyncio.run(fill(server)) - before) / connections
    return (
        "memory of an idle session that can be resumed",
        f"{each['ours'] / 1024:.1f} KiB, {each['bare'] / 1024:.1f} KiB of them a bare connection",
        "≤ 40 KiB beyond",
    )


# -- a client that stops reading ----------------------------------------------------------------


async def stalled(server: Served, tell: Tell, total: int, seconds: float) -> list[Row]:
    """One client stops reading while its handler writes `total` bytes, and other clients continue."""
    others = [await light(server.port) for _ in range(8)]
    tell("eight clients by themselves")
    for client in others:
        client.say(clock("ours", 0.05, seconds))
    await asyncio.sleep(seconds + 0.5)
    alone = [delay for client in others for delay in client.delays]
    for client in others:
        client.delays.clear()
        client.say(clock("ours", 0.05, seconds).replace('"ref":1', '"ref":2'))
    chunks = total // len(CHUNK)
    before = server.resident()
    most = before
    async with connect(server.url, **OPTIONS, max_queue=1) as reader:
        await reader.send(HELLO % "")
        await reader.recv()
        await reader.send(
            json.dumps({"type": "event", "ref": 1, "event": "pour", "params": {"chunks": chunks}})
        )
        for second in range(round(seconds)):
            tell(f"nobody reads: {second} of {seconds:.0f} s")
            await asyncio.sleep(1)
            most = max(most, server.resident())
        beside = [delay for client in others for delay in client.delays]
        digest, length = hashlib.sha256(), 0
        done: dict[str, Any] = {}
        begun = time.perf_counter()
        async for message in reader:
            frame = json.loads(message)
            if frame["type"] == "reply":
                break
            for op in frame.get("ops", ()):
                if op["op"] == "text":
                    digest.update(op["text"].encode())
                    length += len(op["text"])
                elif op["op"] == "done":
                    done = op
            if length % (64 * MIB) < len(CHUNK):
                tell(f"read {length // MIB} MiB")
                most = max(most, server.resident())
        took = time.perf_counter() - begun
    whole = length == chunks * len(CHUNK) == done["text_len"] and digest.hexdigest() == done["text_sha256"]
    for client in others:
        client.close()
    all_of_it = "everything, the hash is right"
    p99, p99_alone = percentile(beside, 99), percentile(alone, 99)
    return [
        (f"{total // MIB} MiB for a client that does not read for {seconds:.0f} s: memory grows by",
         f"{(most - before) / MIB:.1f} MiB", "< 16 MiB"),
        ("p99 delay of the others meanwhile, against a run without it",
         f"{p99 * 1000:.1f} against {p99_alone * 1000:.1f} ms: {p99 / p99_alone:.2f} x", "≤ 2 x"),
        ("then it reads", f"{all_of_it if whole else 'NOT EVERYTHING'}, in {took:.1f} s", "everything"),
    ]  # fmt: skip


# -- lost connections ---------------------------------------------------------------------------


async def reconnects(server: Served, tell: Tell, count: int) -> Row:
    """Time from connecting to the first replayed frame, compared with a bare connect."""
    resumed: list[float] = []
    plain: list[float] = []
    caps = '"resume"'
    async with connect(server.url, **OPTIONS) as socket:
        await socket.send(HELLO % caps)
        session = json.loads(await socket.recv())["session"]
        await socket.send('{"type":"event","ref":1,"event":"hold","params":{}}')
        await socket.recv()
        socket.transport.abort()
    hello = json.dumps(
        {"type": "hello", "caps": ["resume"], "limits": {}, "resume": {"session": session, "cursors": {}}}
    )
    for number in range(count):
        tell(f"reconnect {number} of {count}")
        begun = time.perf_counter()
        async with connect(server.url, **OPTIONS) as socket:
            plain.append(time.perf_counter() - begun)
            socket.transport.abort()
        await asyncio.sleep(PAUSE_S)
        begun = time.perf_counter()
        async with connect(server.url, **OPTIONS) as socket:
            await socket.send(hello)
            while json.loads(await socket.recv())["type"] != "stream":
                pass
            resumed.append(time.perf_counter() - begun)
            socket.transport.abort()
    ours, bare = statistics.median(resumed), statistics.median(plain)
    return (
        "reconnect to first replayed frame, p50, against a bare connect",
        f"{ours * 1000:.2f} against {bare * 1000:.2f} ms: {ours / bare:.2f} x",
        "< 3 x",
    )


def main(
    connections: Annotated[int, typer.Option(help="Most connections.")] = 1000,
    seconds: Annotated[float, typer.Option(help="Seconds of a run with many connections.")] = 8.0,
    idle_seconds: Annotated[float, typer.Option(help="Seconds in which nobody reads.")] = 60.0,
    mebibytes: Annotated[int, typer.Option(help="MiB written meanwhile.")] = 1024,
) -> None:
    """Measure, and print a table."""
    rows: list[Row] = []
    with Progress(transient=True) as progress:
        task = progress.add_task("", total=None)

        def tell(what: str) -> None:
            progress.update(task, description=what)

        with served("ours") as server:
            rows += asyncio.run(stalled(server, tell, mebibytes * MIB, idle_seconds))
        rows += crowds(tell, connections, seconds)
        rows.append(idle(tell, connections))
        with served("ours") as server:
            rows.append(asyncio.run(reconnects(server, tell, 200)))
    table = Table("measured", "found", "aim")
    for row in rows:
        table.add_row(*row)
    Console(width=150).print(table)


if __name__ == "__main__":
    typer.run(main)
