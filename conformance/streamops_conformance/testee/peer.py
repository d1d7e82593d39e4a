"""One connection of a client under test: the suite is the server."""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

import websockets.asyncio.server
from websockets.exceptions import ConnectionClosed

from streamops_conformance.model.transcript import Closed, Entry, Transcript, received
from streamops_conformance.wire.own_time import wait_own_time
from streamops_conformance.wire.silent import PATIENCE, Silent

Frame = dict[str, Any]


class Peer:
    """The suite's end of one connection of a client under test, with its transcript."""

    def __init__(self, connection: websockets.asyncio.server.ServerConnection) -> None:
        self.transcript = Transcript(began=time.perf_counter())
        self.offered = (
            connection.request.headers.get("Sec-WebSocket-Protocol", "") if connection.request else ""
        )
        """The header of the upgrade that offers subprotocols."""
        self._connection = connection
        self._news = asyncio.Event()

    async def send(self, frame: Frame) -> None:
        """Send a frame; a closed connection is not an error here."""
        await self.send_raw(json.dumps(frame, ensure_ascii=False, separators=(",", ":")), frame)

    async def send_raw(self, message: str | bytes, frame: Frame | None = None) -> None:
        """Send any message; a closed connection is not an error here."""
        self.transcript.entries.append(Entry(self._ms(), "send", message, frame))
        with suppress(ConnectionClosed):
            await self._connection.send(message)

    async def next(self, kind: str, *, after: int = 0, patience: float = PATIENCE) -> Frame:
        """The first frame of that type from entry `after` on. Raises Silent if none comes."""
        position = after
        deadline = time.perf_counter() + patience
        while True:
            entries = self.transcript.entries
            while position < len(entries):
                entry = entries[position]
                position += 1
                if entry.direction == "recv" and entry.type == kind and entry.frame is not None:
                    return entry.frame
            if self.transcript.closed is not None:
                closed = self.transcript.closed
                raise Silent(f"the client closed with {closed.code} {closed.reason!r} instead of a {kind}")
            await self._wait(deadline, f"a {kind} frame")

    async def barrier(self, patience: float = PATIENCE) -> None:
        """Wait until everything sent so far has been read: ping, and wait for its pong. Raises Silent."""
        sent = len(self.transcript.entries)
        await self.send({"type": "ping"})
        await self.next("pong", after=sent, patience=patience)

    async def end(self, patience: float = PATIENCE) -> Closed:
        """Wait for the client to close. Raises Silent if it does not."""
        deadline = time.perf_counter() + patience
        while self.transcript.closed is None:
            await self._wait(deadline, "a close")
        return self.transcript.closed

    async def close(self, code: int, reason: str = "") -> None:
        """Close with that code; 1006 drops the TCP connection without a close frame."""
        if code == 1006:
            self._connection.transport.abort()
        else:
            await self._connection.close(code, reason)

    async def read(self) -> None:
        """Write down what comes until the connection ends."""
        with suppress(ConnectionClosed):
            async for message in self._connection:
                entry = received(self._ms(), message)
                self.transcript.entries.append(entry)
                self._news.set()
                if entry.type == "ping" and entry.frame is not None:
                    await self.send({**{k: v for k, v in entry.frame.items() if k == "t"}, "type": "pong"})
        code = self._connection.close_code
        self.transcript.closed = Closed(
            code if code is not None else 1006, self._connection.close_reason or ""
        )
        said = f"{self.transcript.closed.code} {self.transcript.closed.reason}".strip()
        self.transcript.entries.append(Entry(self._ms(), "close", said))
        self._news.set()

    async def _wait(self, deadline: float, what: str) -> None:
        self._news.clear()
        try:
            await wait_own_time(self._news.wait(), deadline - time.perf_counter())
        except TimeoutError:
            await asyncio.sleep(0.05)  # A frame that this side was too busy to read is not silence.
            if not self._news.is_set():
                raise Silent(f"the client sent nothing while waiting for {what}") from None

    def _ms(self) -> float:
        return (time.perf_counter() - self.transcript.began) * 1000
