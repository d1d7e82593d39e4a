"""What the benchmarks share: servers in processes of their own, a light client, and percentiles."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from streamops_server import Limits, Registry, StreamServer, View, event_handler
from websockets.asyncio.server import ServerConnection, serve

PAGE = os.sysconf("SC_PAGE_SIZE")
HELLO = '{"type":"hello","caps":[%s],"limits":{"window":64}}'
CHUNK = "0123456789abcdef" * 512
"""8 KiB: the most that one text operation holds."""


async def ticks(period: float, seconds: float) -> AsyncIterator[str]:
    """A token every `period` seconds, however long its use takes."""
    due = time.monotonic()
    end = due + seconds
    while (now := time.monotonic()) < end:
        yield f"{now:.6f};"
        due += period
        await asyncio.sleep(max(0.0, due - time.monotonic()))


class Bench(View):
    """Handlers that stream what the benchmarks measure; a token is the time at which it was made."""

    @event_handler
    async def clock(self, period: float, seconds: float) -> None:
        async for token in ticks(period, seconds):
            await self.stream_text("clock", token)

    @event_handler
    async def pour(self, chunks: int) -> None:
        for _ in range(chunks):
            await self.stream_text("pour", CHUNK)

    @event_handler
    async def hold(self) -> None:
        await self.stream_text("held", "x")
        await asyncio.Event().wait()


async def bare(socket: ServerConnection) -> None:
    """The clock, as a program without a protocol would send it: one text frame for each token."""
    await socket.recv()
    await socket.send("{}")
    async for message in socket:
        if '"clock"' in str(message):
            period, seconds = (float(each) for each in str(message).split("|")[1:3])
            async for token in ticks(period, seconds):
                await socket.send(f'"text":"{token}"')


def _serve(which: str, pipe: Any, cpu: int | None) -> None:
    logging.getLogger("websockets").setLevel(logging.CRITICAL)  # clients leave without a word
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
            async with serve(bare, "127.0.0.1", 0, subprotocols=["streamops.v1"], **options) as server:  # type: ignore[list-item]  # reason: a NewType of str
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
        """User and system time so far."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(which: str, *, cpu: int | None = None) -> Iterator[Served]:
    """`ours` or `bare`, on its own core if `cpu` says which."""
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
    """A client that does next to nothing: it sends text frames, and notes how old each token is."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.bytes = 0
        self.ready = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: streamops.v1\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
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
        """One masked text frame; the mask is zero."""
        assert self._transport is not None
        data = text.encode()
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        self._transport.write(b"\x81" + length + bytes(4) + data)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.abort()


async def light(port: int, caps: str = "") -> Light:
    """A light client after its handshake."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(Light, "127.0.0.1", port)
    await client.ready
    client.say(HELLO % caps)
    return client


def clock(which: str, period: float, seconds: float) -> str:
    """The message that starts the clock."""
    if which == "bare":
        return f'"clock"|{period}|{seconds}|'
    params = f'{{"period":{period},"seconds":{seconds}}}'
    return f'{{"type":"event","ref":1,"event":"clock","params":{params}}}'


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
