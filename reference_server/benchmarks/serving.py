"""Shared by the benchmarks: servers in processes of their own, a light client, and percentiles."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from streamops_server import Limits, Registry, StreamServer, View, event_handler
from streamops_spec import load_protocol
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol(load_protocol().subprotocol)
PAGE = os.sysconf("SC_PAGE_SIZE")
HELLO = '{"type":"hello","caps":[%s],"limits":{"window":64}}'
CHUNK = "0123456789abcdef" * 512
"""8 KiB, the longest text of one operation."""


async def ticks(period: float, seconds: float) -> AsyncIterator[str]:
    """A token every `period` seconds, for `seconds`; late ones are not skipped."""
    due = time.monotonic()
    end = due + seconds
    while (now := time.monotonic()) < end:
        yield f"{now:.6f};"
        due += period
        await asyncio.sleep(max(0.0, due - time.monotonic()))


class Bench(View):
    """The handlers to measure. A token of `clock` is the time at which it was made, in seconds."""

    @event_handler
    async def clock(self, period: float, seconds: float) -> None:
        """Stream a token every `period` seconds."""
        async for token in ticks(period, seconds):
            await self.stream_text("clock", token)

    @event_handler
    async def pour(self, chunks: int) -> None:
        """Stream chunks as fast as possible."""
        for _ in range(chunks):
            await self.stream_text("pour", CHUNK)

    @event_handler
    async def hold(self) -> None:
        """Open a stream, and never end."""
        await self.stream_text("held", "x")
        await asyncio.Event().wait()


async def bare(socket: ServerConnection) -> None:
    """The clock without a protocol: one text message for each token."""
    await socket.recv()
    await socket.send("{}")
    async for message in socket:
        if '"clock"' in str(message):
            period, seconds = (float(each) for each in str(message).split("|")[1:3])
            async for token in ticks(period, seconds):
                await socket.send(f'"text":"{token}"')


def _serve(which: str, pipe: Any, cpu: int | None) -> None:
    logging.getLogger("websockets").setLevel(logging.CRITICAL)  # clients leave without a close
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})

    async def whole() -> None:
        if which == "ours":
            limits = Limits(heartbeat_ms=600_000)
            async with StreamServer(Registry({"Bench": Bench}, Bench), limits=limits) as server:
                pipe.send(server.port)
                await asyncio.to_thread(pipe.recv)
        else:
            options: dict[str, Any] = {"compression": None, "ping_interval": None}
            async with serve(bare, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL], **options) as server:
                pipe.send(server.sockets[0].getsockname()[1])
                await asyncio.to_thread(pipe.recv)

    asyncio.run(whole())


class Served:
    """A server in a process of its own."""

    def __init__(self, port: int, pid: int) -> None:
        self.url = f"ws://127.0.0.1:{port}/"
        self.port = port
        self.pid = pid

    def resident(self) -> int:
        """Resident memory, in bytes."""
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * PAGE

    def cpu_seconds(self) -> float:
        """User and system time so far, in seconds."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(which: str, *, cpu: int | None = None) -> Iterator[Served]:
    """Run the server `ours` or `bare`, on the core `cpu` if given."""
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    process = context.Process(target=_serve, args=(which, other, cpu), daemon=True)
    process.start()
    try:
        yield Served(pipe.recv(), process.pid or 0)
    finally:
        pipe.send(None)
        process.join(10)
        process.kill()


class Light(asyncio.Protocol):
    """A client that costs little: it sends text messages, and records the age of each token in seconds."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.bytes = 0
        self.ready = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the upgrade."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Record the age of the tokens in `data`."""
        now = time.monotonic()
        self.bytes += len(data)
        if not self.ready.done():
            self.ready.set_result(None)
            return
        place = data.find(b'"text":"')
        while place >= 0:
            end = data.find(b";", place)
            self.delays.append(now - float(data[place + 8 : end]))
            place = data.find(b'"text":"', end)

    def say(self, text: str) -> None:
        """Send a text message, with a mask of zeros."""
        assert self._transport is not None
        data = text.encode()
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        self._transport.write(b"\x81" + length + bytes(4) + data)

    def close(self) -> None:
        """Cut the connection."""
        assert self._transport is not None
        self._transport.abort()


async def light(port: int, caps: str = "") -> Light:
    """Connect a light client, and send its hello."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(Light, "127.0.0.1", port)
    await client.ready
    client.say(HELLO % caps)
    return client


def clock(which: str, period: float, seconds: float) -> str:
    """The message that starts the clock of the server `which`."""
    if which == "bare":
        return f'"clock"|{period}|{seconds}|'
    params = f'{{"period":{period},"seconds":{seconds}}}'
    return f'{{"type":"event","ref":1,"event":"clock","params":{params}}}'


def percentile(values: list[float], percent: int) -> float:
    """A percentile, from 1 to 99. Raises StatisticsError for fewer than two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
