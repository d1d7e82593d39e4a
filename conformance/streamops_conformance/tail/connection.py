"""The client's connections, one after the other, over websockets: it carries out what the core returns."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from streamops_conformance.tail.client import MAX_FRAME_BYTES, WELCOME_S, Client
from streamops_conformance.tail.effects import Close, Effect, Retry, Send, Stop
from streamops_conformance.tail.frames import PROTOCOL

Json = Any  # reason: a recursive union of JSON values gains nothing here

LOST = 1006  # the code of a connection that ended without a close frame
_UNREADABLE = (1002, 1003, 1007)  # websockets closes with these codes after malformed data
_HOME = ("127.0.0.1", "localhost", "::1")


class Connection:
    """Keeps a client connected to `url` until the client stops, or `run` is cancelled.

    `show` gets the effects of each message in one call, without those about the socket.
    """

    def __init__(self, url: str, client: Client, show: Callable[[Sequence[Effect]], None]) -> None:
        self._url = url
        self._client = client
        self._show = show
        self._socket: ClientConnection | None = None

    async def run(self) -> Stop:
        """Raises OSError or websockets' InvalidURI or InvalidHandshake where the first connection fails."""
        first = True
        while True:
            try:
                code = await self._once()
            except (OSError, InvalidHandshake, TimeoutError) as error:
                if first or _is_final(error):
                    raise
                code = LOST
            first = False
            effects = self._client.lost(code, time.monotonic(), random.random())
            await self._carry_out(effects)
            last = effects[-1]
            if isinstance(last, Stop):
                return last
            assert isinstance(last, Retry)
            await asyncio.sleep(last.delay)

    async def push(self, event: str, params: dict[str, Json]) -> None:
        """Send an event, as `Client.push`."""
        await self._carry_out(self._client.push(event, params))

    async def cancel(self, stream: str) -> None:
        """Cancel the open run of a stream, as `Client.cancel`."""
        await self._carry_out(self._client.cancel(stream))

    async def leave(self) -> None:
        """Close the connection with 1000, which ends the session (chapter 11); then cancel `run`."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.close(1000)

    async def _once(self) -> int:
        """One connection, from its upgrade to its end; returns its close code."""
        began = time.monotonic()
        async with connect(
            self._url,
            subprotocols=[Subprotocol(PROTOCOL.subprotocol)],  # CON-15
            max_size=MAX_FRAME_BYTES,
            ping_interval=None,  # the protocol has its own pings
            open_timeout=WELCOME_S,
            close_timeout=1,
            proxy=None if urlsplit(self._url).hostname in _HOME else True,
        ) as socket:
            if socket.subprotocol != PROTOCOL.subprotocol:
                raise NotSpoken(f"the server does not speak {PROTOCOL.subprotocol}")
            self._socket = socket
            try:
                await self._carry_out(self._client.connected(began))
                while True:
                    await self._carry_out(await self._next(socket))
            except ConnectionClosed as closed:
                return await self._code(closed)
            finally:
                self._socket = None

    async def _next(self, socket: ClientConnection) -> list[Effect]:
        deadline = self._client.deadline
        wait = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            async with asyncio.timeout(wait):
                message = await socket.recv()
        except TimeoutError:
            return self._client.tick(time.monotonic())
        return self._client.received(message, time.monotonic())

    async def _code(self, closed: ConnectionClosed) -> int:
        if closed.rcvd is not None and (closed.rcvd_then_sent or closed.sent is None):
            return closed.rcvd.code
        if closed.sent is not None and closed.sent.code in _UNREADABLE:
            await self._carry_out(
                self._client.broken(f"no message: {closed.sent.reason or closed.sent.code}")
            )
        return closed.sent.code if closed.sent is not None else LOST

    async def _carry_out(self, effects: Sequence[Effect]) -> None:
        if seen := [each for each in effects if not isinstance(each, Send | Close)]:
            self._show(seen)
        socket = self._socket
        for each in effects:
            if socket is None:
                break
            # If the peer closed at the same time, `recv` raises that after the messages before it.
            with contextlib.suppress(ConnectionClosed):
                if isinstance(each, Send):
                    await socket.send(each.text)
                elif isinstance(each, Close):
                    await socket.close(each.code, each.reason)


class NotSpoken(InvalidHandshake):
    """The server accepted the connection without the protocol."""


def _is_final(error: Exception) -> bool:
    """Whether the server answered, and would give the same answer again."""
    if isinstance(error, InvalidStatus):
        return error.response.status_code < 500
    return isinstance(error, InvalidURI | NotSpoken)
