"""The mutating relay: stands in front of a server, or between the suite and a client, and applies mutations.

It ends the WebSocket of each side, so it passes messages on: their fragments, pings and compression are its
own. It listens on loopback.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

import websockets.asyncio.client
import websockets.asyncio.server
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from streamops_conformance.mutate.language import Channel, Mutations
from streamops_conformance.mutate.mutator import Mutator, Out, Send, upgrades
from streamops_conformance.mutate.state import Memory

Server = websockets.asyncio.client.ClientConnection
Client = websockets.asyncio.server.ServerConnection
OWN = frozenset({"host", "upgrade", "connection", "user-agent"})
"""Headers that each side of the relay says for itself, with those of the WebSocket."""
PATIENCE = 10.0
"""Seconds that the other side has for the opening handshake, and for the closing one."""


class Relay:
    """A relay to `upstream`, a `ws://` URL whose path is not used. Use it with `async with`.

    `control` is the path of control connections, if there are any. Texts that pass there and name the
    upstream's address name the relay's instead, so that the clients of a testee come through the relay too.
    """

    def __init__(
        self, mutations: Iterable[Mutations], upstream: str = "", *, control: str = "", port: int = 0
    ) -> None:
        self.upstream = upstream
        """May be set later, before the first connection."""
        self.address = ""
        """The relay's own `127.0.0.1:PORT`."""
        self._mutations = tuple(mutations)
        self._upgrade = upgrades(self._mutations)
        self._control = control
        self._port = port
        self._memory = Memory()
        self._servers: dict[Client, Server] = {}
        self._listener: websockets.asyncio.server.Server | None = None

    def url(self, path: str = "/") -> str:
        """Where a client connects instead of to that path of the upstream."""
        return f"ws://{self.address}{path}"

    async def __aenter__(self) -> Self:
        self._listener = await websockets.asyncio.server.serve(
            self._relay,
            "127.0.0.1",
            self._port,
            process_request=self._open,
            select_subprotocol=self._select,
            compression=None,
            extensions=self._extensions(),
            max_size=None,
            ping_interval=None,
            open_timeout=PATIENCE,
            close_timeout=1,
        )
        port = next(iter(self._listener.sockets)).getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.close()
        await self._listener.wait_closed()

    def _extensions(self) -> list[ServerPerMessageDeflateFactory] | None:
        if not self._upgrade.compression:
            return None
        alone = self._upgrade.compression == "alone"
        factory = ServerPerMessageDeflateFactory(
            server_no_context_takeover=alone, client_no_context_takeover=alone
        )
        return [factory]

    # The upgrade

    async def _open(self, client: Client, request: Request) -> Response | None:
        """Open the connection to the upstream first: its refusal becomes the relay's."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return None  # the relay's own answer: there is nothing to mutate
        headers = [
            (name, value)
            for name, value in request.headers.raw_items()
            if name.lower() not in OWN | {*self._upgrade.without}
            and not name.lower().startswith("sec-websocket-")
        ]
        offered = _offered(request) if self._upgrade.offer == "offered" else []
        parts = urlsplit(self.upstream)
        try:
            self._servers[client] = await websockets.asyncio.client.connect(
                f"ws://{request.headers.get('Host', parts.netloc)}{request.path}",
                host=parts.hostname,
                port=parts.port,
                subprotocols=[Subprotocol(name) for name in offered] or None,
                additional_headers=headers,
                compression=None,
                max_size=None,
                ping_interval=None,
                open_timeout=PATIENCE,
                close_timeout=1,
                proxy=None,
            )
        except InvalidStatus as refusal:
            return self._refused(refusal.response)
        except (OSError, InvalidHandshake, TimeoutError) as error:
            body = f"{self.upstream} does not answer: {error}".encode()
            return Response(502, "Bad Gateway", Headers(), body)
        return None

    def _refused(self, answer: Response) -> Response:
        status = self._upgrade.statuses.get(answer.status_code, answer.status_code)
        reason = answer.reason_phrase if status == answer.status_code else HTTPStatus(status).phrase
        return Response(status, reason, answer.headers, answer.body)

    def _select(self, client: Client, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        if self._upgrade.subprotocol == "first" and offered:
            return offered[0]
        return self._servers[client].subprotocol if self._upgrade.subprotocol == "agreed" else None

    # Messages

    async def _relay(self, client: Client) -> None:
        path = client.request.path if client.request is not None else ""
        controls = bool(self._control) and path.startswith(self._control)
        channel: Channel = "control" if controls else "wire"
        mutator = Mutator(self._mutations, self._memory, channel=channel)
        names = (urlsplit(self.upstream).netloc, self.address) if controls else ("", "")
        await _Pair(client, self._servers.pop(client), mutator, names).run()


class _Pair:
    """The two connections of one client; `names` are an address and what stands for it in what goes down."""

    def __init__(self, client: Client, server: Server, mutator: Mutator, names: tuple[str, str]) -> None:
        self._client = client
        self._server = server
        self._mutator = mutator
        self._names = names
        self._news = asyncio.Event()
        """Something came, so the time of the next tick may be another."""

    async def run(self) -> None:
        clock = asyncio.create_task(self._tick())
        try:
            await asyncio.gather(self._up(), self._down())
        finally:
            clock.cancel()
            self._server.transport.abort()

    async def _up(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self._client:
                await self._act(self._mutator.take("up", message, _now()))
        code, reason = self._client.close_code, self._client.close_reason
        await self._act(self._mutator.closed("up", code or 1006, reason or "", _now()))
        if self._mutator.over:
            self._server.transport.abort()

    async def _down(self) -> None:
        known, said = self._names
        with suppress(ConnectionClosed):
            async for message in self._server:
                renamed = message.replace(known, said) if known and isinstance(message, str) else message
                await self._act(self._mutator.take("down", renamed, _now()))
        code, reason = self._server.close_code, self._server.close_reason
        await self._act(self._mutator.closed("down", code or 1006, reason or "", _now()))
        if self._mutator.over:
            self._client.transport.abort()

    async def _tick(self) -> None:
        while True:
            self._news.clear()
            due = self._mutator.due()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), None if due is None else max(0.0, due - _now()))
            await self._do(self._mutator.tick(_now()))

    async def _act(self, out: Iterable[Out]) -> None:
        """Do what the core says, and let the clock know of what it holds now."""
        await self._do(out)
        if self._mutator.due() is not None:
            self._news.set()

    async def _do(self, out: Iterable[Out]) -> None:
        """Do what the core says; a side that is gone is not an error."""
        for each in out:
            other = self._server if each.way == "up" else self._client
            if isinstance(each, Send):
                with suppress(ConnectionClosed):
                    await other.send(each.data)
            elif each.code in (1005, 1006):
                other.transport.abort()
            else:
                await other.close(each.code, each.reason)


def _offered(request: Request) -> list[str]:
    lines = request.headers.get_all("Sec-WebSocket-Protocol")
    return [name.strip() for line in lines for name in line.split(",") if name.strip()]


def _now() -> float:
    return asyncio.get_running_loop().time()
