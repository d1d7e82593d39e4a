"""A WebSocket connection to a server under test, with its transcript."""

import asyncio
import json
import math
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, Self

import websockets.asyncio.client
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from streamops_conformance.model.transcript import Closed, Entry, Transcript, received
from streamops_conformance.wire.own_time import wait_own_time
from streamops_conformance.wire.silent import PATIENCE, Silent

Frame = dict[str, Any]
LONGEST = 30.0
"""Seconds after which a wait is given up even if frames keep coming."""


class RecordedConnection:
    """A WebSocket with its transcript, and the connections that follow it; use it with `async with`.

    It writes each message down as it comes, and judges nothing. A subclass speaks the protocol.
    """

    subprotocols: ClassVar[list[Subprotocol] | None] = None

    def __init__(self, url: str, *, headers: dict[str, str] | None = None) -> None:
        self.url = url
        self.transcript = Transcript()
        self._begin = 0
        """Index of the first entry of this connection."""
        self._headers = headers or {}
        self._socket: websockets.asyncio.client.ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._heard = 0.0

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def connect(self) -> None:
        """Open the WebSocket; raises Silent if the upgrade fails."""
        try:
            opening = websockets.asyncio.client.connect(
                self.url,
                subprotocols=self.subprotocols,
                additional_headers=self._headers,
                compression=None,
                max_size=None,
                max_queue=None,
                ping_interval=None,
                open_timeout=None,
                close_timeout=2,
                proxy=None,
            )
            self._socket = await wait_own_time(opening, PATIENCE)
        except (OSError, InvalidHandshake, TimeoutError, EOFError) as error:
            raise Silent(f"no connection to {self.url}: {error}") from error
        if not self.transcript.entries:
            self.transcript.began = time.perf_counter()
        self.transcript.closed = None
        self._begin = len(self.transcript.entries)
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Close from this side; the close is not part of the transcript."""
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
        if self._socket is not None:
            self._socket.transport.abort() if self.transcript.closed is None else None

    async def cut(self) -> None:
        """Lose the connection: no close frame is sent, and messages on their way do not arrive."""
        if self.transcript.closed is None:
            await self.close()
            self.transcript.closed = Closed(1006, "")
            self.transcript.entries.append(Entry(self._ms(), "cut", "this side lost the connection"))

    def pause(self) -> None:
        """Stop reading from the socket, with a small buffer, until `go_on`."""
        assert self._socket is not None
        self._buffer(1 << 14)
        transport: Any = self._socket.transport
        transport.pause_reading()

    def go_on(self) -> None:
        """Read again, with a large buffer."""
        assert self._socket is not None
        self._buffer(1 << 22)
        transport: Any = self._socket.transport
        transport.resume_reading()

    def _buffer(self, size: int) -> None:
        assert self._socket is not None
        raw = self._socket.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)

    async def send(self, frame: Frame) -> None:
        """Send a frame; a closed connection is not an error here."""
        await self.send_raw(json.dumps(frame, ensure_ascii=False, separators=(",", ":")), frame)

    async def send_raw(self, message: str | bytes, frame: Frame | None = None) -> None:
        """Send any message, well formed or not; a closed connection is not an error here."""
        assert self._socket is not None
        self.transcript.entries.append(Entry(self._ms(), "send", message, frame))
        with suppress(ConnectionClosed):
            await self._socket.send(message)

    def frames(self, kind: str = "") -> list[Frame]:
        """What was received on this connection, of one type or of all."""
        return self.transcript.frames(kind, since=self._begin)

    async def next(self, kind: str, *, patience: float = PATIENCE) -> Frame:
        """The first frame of that type on this connection; raises Silent if none comes."""
        return await self.until(lambda frame: frame.get("type") == kind, f"a {kind} frame", patience=patience)

    async def until(self, wanted: Callable[[Frame], bool], what: str, *, patience: float = PATIENCE) -> Frame:
        """The first frame of this connection, already there or still to come, that is wanted.

        `patience` is counted from the last frame that came. Raises Silent.
        """
        position = self._begin
        deadline = self._patient(patience)
        while True:
            entries = self.transcript.entries
            while position < len(entries):
                entry = entries[position]
                position += 1
                if entry.direction == "recv" and entry.frame is not None and wanted(entry.frame):
                    return entry.frame
            if self.transcript.closed is not None:
                closed = self.transcript.closed
                raise Silent(f"the server closed with {closed.code} {closed.reason!r} instead of {what}")
            await self._wait(patience, what, deadline)

    async def end(self, *, patience: float = PATIENCE) -> Closed:
        """Wait for the server to close; raises Silent if it does not."""
        deadline = self._patient(patience)
        while self.transcript.closed is None:
            await self._wait(patience, "a close", deadline)
        return self.transcript.closed

    async def linger(self, seconds: float) -> None:
        """Read on for some seconds: for frames that should not come, or that come late."""
        with suppress(TimeoutError):
            assert self._reader is not None
            await asyncio.wait_for(asyncio.shield(self._reader), seconds)

    def _patient(self, patience: float) -> float:
        """Begin to wait, and return the time at which to give up even if frames keep coming."""
        self._heard = time.perf_counter()
        return self._heard + max(LONGEST, patience)

    async def _wait(self, patience: float, what: str, deadline: float = math.inf) -> None:
        """Wait until something comes. Raises Silent after `patience` without a frame, or past `deadline`."""
        self._news.clear()
        left = self._heard + patience - time.perf_counter()
        try:
            await wait_own_time(self._news.wait(), left)
        except TimeoutError:
            await asyncio.sleep(0.05)  # A frame that this side was too busy to read is not silence.
            if not self._news.is_set():
                raise Silent(f"no frame for {patience:g} s while waiting for {what}") from None
        if time.perf_counter() > deadline:
            raise Silent(f"frames for {LONGEST:g} s, and never {what}")

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for message in self._socket:
                entry = received(self._ms(), message)
                self.transcript.entries.append(entry)
                self._news.set()
                if entry.type != "ping":
                    self._heard = time.perf_counter()
                if entry.frame is not None:
                    await self._respond(entry.type, entry.frame)
        except ConnectionClosed:
            pass
        code = self._socket.close_code
        self.transcript.closed = Closed(code if code is not None else 1006, self._socket.close_reason or "")
        reason = f"{self.transcript.closed.code} {self.transcript.closed.reason}".strip()
        self.transcript.entries.append(Entry(self._ms(), "close", reason))
        self._news.set()

    def _ms(self) -> float:
        return (time.perf_counter() - self.transcript.began) * 1000

    async def _respond(self, kind: str, frame: Frame) -> None:
        """What a client of the protocol does by itself when this frame arrives."""
