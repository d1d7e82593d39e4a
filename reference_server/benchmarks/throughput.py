"""Measures what streaming costs: `python reference_server/benchmarks/throughput.py`.

Compares this server with a bare `websockets` loop that sends each token in a message of its own,
in the same run. The client is the same; it has its own process, and verifies every token.
Quote the ratios and not the seconds, which depend on the machine.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import statistics
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from streamops_server import Limits, Registry, StreamServer, View, event_handler
from streamops_server.core.producers import Producer
from streamops_server.core.session import Session
from streamops_spec import load_protocol
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol(load_protocol().subprotocol)
TOKENS = ("Hello", " world", ",", " this", " is", " a", " token", " of", " text", ".")
PACE = 1.2 / 60  # seconds between paced frames: slightly more than the interval, so that none merge
HELLO = '{"type":"hello","caps":[],"limits":{},"view":{"name":"Pour","params":{}}}'


def token(number: int) -> str:
    """The token with that number."""
    return TOKENS[number % len(TOKENS)]


class Pour(View):
    """The handlers to measure."""

    @event_handler
    async def fast(self, count: int) -> None:
        """Stream tokens as fast as possible."""
        for number in range(count):
            await self.stream_text("answer", token(number))

    @event_handler
    async def paced(self, count: int) -> None:
        """Stream tokens so slowly that each gets a frame."""
        await self.stream_start("answer")
        for number in range(count):
            await self.stream_text("answer", token(number))
            await asyncio.sleep(PACE)


async def bare(socket: ServerConnection) -> None:
    """The same two events without a protocol."""
    await socket.recv()
    await socket.send("{}")
    event = msgspec.json.decode(await socket.recv())
    for number in range(event["params"]["count"]):
        await socket.send(token(number))
        if event["event"] == "paced":
            await asyncio.sleep(PACE)
    await socket.send("")


class Frame(msgspec.Struct):
    """What the client reads of a frame."""

    type: str
    ops: list[dict[str, Any]] = []


async def read_ours(socket: Any) -> tuple[str, int]:
    """The text up to the reply, and its number of frames."""
    decode = msgspec.json.Decoder(Frame).decode
    parts: list[str] = []
    frames = 0
    while (frame := decode(await socket.recv())).type != "reply":
        frames += 1
        parts += [op["text"] for op in frame.ops if op["op"] == "text"]
    return "".join(parts), frames


async def read_bare(socket: Any) -> tuple[str, int]:
    """The text up to an empty message, and its number of messages."""
    parts: list[str] = []
    while text := await socket.recv():
        parts.append(text)
    return "".join(parts), len(parts)


Reader = Callable[[Any], Awaitable[tuple[str, int]]]


async def subscribe(url: str, reader: Reader, event: str, count: int, subscribers: int) -> tuple[float, int]:
    """Seconds from the events to the last token, and the number of frames. Verifies every token."""
    expected = "".join(token(number) for number in range(count))
    options: dict[str, Any] = {"subprotocols": [SUBPROTOCOL], "compression": None, "ping_interval": None}
    sockets = await asyncio.gather(*(connect(url, **options) for _ in range(subscribers)))
    for socket in sockets:
        await socket.send(HELLO)
        await socket.recv()
    asked = msgspec.json.encode(
        {"type": "event", "ref": 1, "event": event, "params": {"count": count}}
    ).decode()
    begun = time.perf_counter()
    for socket in sockets:
        await socket.send(asked)
    results = await asyncio.gather(*(reader(socket) for socket in sockets))
    seconds = time.perf_counter() - begun
    assert all(text == expected for text, _ in results), "a token was lost"
    await asyncio.gather(*(socket.close() for socket in sockets))
    return seconds, sum(frames for _, frames in results)


def client(pipe: Any) -> None:
    """The process of the subscribers, which runs the jobs from the pipe."""
    readers: dict[str, Reader] = {"ours": read_ours, "bare": read_bare}
    while (job := pipe.recv()) is not None:
        url, reader, *rest = job
        pipe.send(asyncio.run(subscribe(url, readers[reader], *rest)))


class Bench:
    """Runs jobs against the two servers, with a client process."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=client, args=(other,), daemon=True)
        self.process.start()

    def run(self, which: str, event: str, count: int, subscribers: int) -> tuple[float, float, int]:
        """Seconds, CPU seconds of the server, and the number of frames."""
        return asyncio.run(self._run(which, event, count, subscribers))

    async def _run(self, which: str, event: str, count: int, subscribers: int) -> tuple[float, float, int]:
        server: AbstractAsyncContextManager[Any] = (
            StreamServer(Registry({"Pour": Pour}), limits=Limits(heartbeat_ms=600_000))
            if which == "ours"
            else serve(bare, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL], compression=None, ping_interval=None)
        )
        async with server as running:
            port = running.port if which == "ours" else running.sockets[0].getsockname()[1]
            self.pipe.send((f"ws://127.0.0.1:{port}/", which, event, count, subscribers))
            before = _cpu()
            seconds, frames = await asyncio.to_thread(self.pipe.recv)
            return seconds, _cpu() - before, frames

    def close(self) -> None:
        """End the client process."""
        self.pipe.send(None)
        self.process.join()


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def idle_stream_bytes(streams: int = 5000) -> float:
    """Memory of a stream that was used and is idle, in bytes, as tracemalloc counts it."""
    session = Session(Limits(max_streams=streams, heartbeat_ms=streams * 1000), "id", 0.0)
    session.receive('{"type":"hello","caps":[],"limits":{}}', 0.0)
    session.welcome([])
    session.mounted()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(streams):
        producer = Producer()
        for index in range(20):
            session.program.text(producer, f"stream-{number}", token(index))
        session.program.end(producer, "owner_returns")
        session.flush(float(number))
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / streams


def main(
    tokens: Annotated[int, typer.Option(help="Tokens to one subscriber.")] = 100_000,
    many: Annotated[int, typer.Option(help="Tokens to each of the subscribers.")] = 2_000,
    subscribers: Annotated[int, typer.Option(help="How many subscribers.")] = 100,
    seconds: Annotated[float, typer.Option(help="Length of the paced run.")] = 3.0,
    rounds: Annotated[int, typer.Option(help="Rounds; the median counts.")] = 3,
) -> None:
    """Measure, and print a table with ratios."""
    jobs = [("fast", tokens, 1), ("fast", many, subscribers), ("paced", round(seconds / PACE), subscribers)]
    found: dict[tuple[int, str], list[tuple[float, float, int]]] = {}
    bench = Bench()
    with Progress(transient=True) as progress:
        task = progress.add_task("streaming", total=rounds * len(jobs) * 2)
        for _ in range(rounds):
            for number, job in enumerate(jobs):
                for which in ("bare", "ours"):
                    found.setdefault((number, which), []).append(bench.run(which, *job))
                    progress.advance(task)
    bench.close()

    def median(number: int, which: str, value: Callable[[float, float, int], float]) -> float:
        return statistics.median(value(*each) for each in found[number, which])

    table = Table("measured", "bare websockets", "this server", "ratio", "aim")
    for number, (_, count, who) in enumerate(jobs[:2]):
        bare_rate, rate = (
            median(number, w, lambda s, _c, _f, n=count * who: n / s) for w in ("bare", "ours")
        )  # type: ignore[misc]  # reason: the default binds the loop's value
        aim = "≥ 5 x" if who == 1 else ""
        table.add_row(
            f"tokens/s to {who}", f"{bare_rate:,.0f}", f"{rate:,.0f}", f"{rate / bare_rate:.2f} x", aim
        )
    bare_cpu, cpu = (median(2, w, lambda _s, c, f: c / f * 1e6) for w in ("bare", "ours"))
    table.add_row(
        "CPU µs per delivered frame", f"{bare_cpu:.1f}", f"{cpu:.1f}", f"{cpu / bare_cpu:.2f} x", "≤ 1.5 x"
    )
    table.add_row("bytes per idle stream", "", f"{idle_stream_bytes():,.0f}", "", "< 2,048")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
