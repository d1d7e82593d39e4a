"""The thin layer: one WebSocket per session, subprotocol `streamops.v1` (CON-1, CON-2, LIM-5)."""

from __future__ import annotations

import asyncio
import http
import inspect
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

import msgspec
from streamops_spec import load_protocol
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from streamops_server.core.limits import Limits
from streamops_server.core.session import Session
from streamops_server.errors import Unauthorized
from streamops_server.live import Live
from streamops_server.pages import Pages
from streamops_server.registry import Registry
from streamops_server.sessions import MemoryStore, SessionStore
from streamops_server.view import Request

SUBPROTOCOL = Subprotocol(load_protocol().subprotocol)
Authenticate = Callable[[Request], str | Awaitable[str]]
"""Says whose connection it is, from the headers of its upgrade: a bearer token, a cookie."""
_CLOSE_TIMEOUT = 5.0  # seconds for a peer to answer a close before the connection is cut
_HARD_SIZE = 4  # times max_frame_bytes: up to that an oversized frame gets a proper verdict, beyond it 1009


class _Connection(ServerConnection):
    """A connection that tells its session when the transport is full, and writes without waiting."""

    live: Live | None = None
    made: Callable[[_Connection], None] | None = None
    closing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.made is not None:
            self.made(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.live is not None:
            self.live.pump.set_writable(False)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.live is not None:
            self.live.pump.set_writable(True)

    def end(self, code: int, reason: str) -> None:
        """Close, after what was written; in the background."""
        self.closing = asyncio.get_running_loop().create_task(self.close(code, reason))

    def write_frames(self, frames: list[bytes]) -> None:
        """All frames in one write; backpressure is the session's, through `pause_writing`."""
        if self.protocol.state is not State.OPEN:
            return
        for frame in frames:
            self.protocol.send_text(frame)
        self.transport.write(b"".join(self.protocol.data_to_send()))


class StreamServer:
    """Serves views over WebSocket; `async with StreamServer(registry) as server:` listens.

    `port` 0 takes any free one; `server.port` tells which. `origins` are further origins that
    browsers may come from, besides the server's own host. `pages` are served to whoever asks for
    no upgrade. `authenticate` says whose connection it is (ANONYMOUS for nobody's), or raises
    `Unauthorized`; sessions are bound to that principal (RES-10). Leaving ends every session with
    `shutting_down`.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        origins: Sequence[str] = (),
        pages: Pages | None = None,
        authenticate: Authenticate | None = None,
        sessions: SessionStore | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._registry = registry
        self._limits = limits or Limits()
        self._origins = frozenset(origins)
        self._pages = pages
        self._authenticate = authenticate
        self._sessions = sessions or MemoryStore(self._limits)
        self._lives: set[Live] = set()
        self._server: Server | None = None
        self._connections: WeakSet[_Connection] = WeakSet()
        self._ending = False

    async def __aenter__(self) -> StreamServer:
        self._server = await serve(
            self._run,
            self.host,
            self.port,
            subprotocols=[SUBPROTOCOL],
            process_request=self._before_upgrade,
            compression=None,  # LIM-6: negotiated compression costs and leaks
            max_size=self._limits.max_frame_bytes * _HARD_SIZE,
            ping_interval=None,  # the heartbeat is the protocol's own
            close_timeout=_CLOSE_TIMEOUT,
            create_connection=self._connect,  # type: ignore[arg-type]  # reason: any factory does, its docs say
            server_header=None,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._server is not None
        self._ending = True
        for live in list(self._lives):
            live.shut_down()
        for connection in list(self._connections):
            self._made(connection)
        self._server.close(close_connections=False)
        await self._server.wait_closed()

    def _connect(self, *args: Any, **kwargs: Any) -> _Connection:
        connection = _Connection(*args, **kwargs)
        connection.made = self._made
        return connection

    def _made(self, connection: _Connection) -> None:
        """Remember a connection; at the end, cut those that have asked for nothing yet."""
        if not self._ending:
            self._connections.add(connection)
        elif connection.request is None:
            connection.transport.abort()

    @property
    def url(self) -> str:
        return f"ws://{self._authority}/"

    @property
    def page_url(self) -> str | None:
        """Where a browser finds the pages; None where there are none."""
        return f"http://{self._authority}/" if self._pages else None

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def _before_upgrade(
        self, connection: ServerConnection, request: HttpRequest
    ) -> Awaitable[Response | None] | Response | None:
        if self._pages and "websocket" not in ",".join(request.headers.get_all("Upgrade")).lower():
            return _page(self._pages, request)
        return self._refuse(connection, request)

    def _refuse(self, _connection: ServerConnection, request: HttpRequest) -> Response | None:
        """The HTTP answer instead of an upgrade, or None to go on."""
        host = ",".join(request.headers.get_all("Host"))
        if not all(self._may_come_from(origin, host) for origin in request.headers.get_all("Origin")):
            return _json_response(http.HTTPStatus.FORBIDDEN, {"error": "This origin is not allowed"})
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        if SUBPROTOCOL not in [name.strip() for name in offered.split(",")]:
            return _json_response(
                http.HTTPStatus.BAD_REQUEST,
                {"error": "None of the offered subprotocols is supported", "supported": [SUBPROTOCOL]},
            )
        return None

    def _may_come_from(self, origin: str, host: str) -> bool:
        if origin in self._origins:
            return True
        try:
            return urlsplit(origin).netloc.lower() == host.lower() != ""
        except ValueError:  # no URL at all, such as "http://["
            return False

    async def _run(self, connection: ServerConnection) -> None:
        assert isinstance(connection, _Connection)
        assert connection.request is not None
        headers = {name.lower(): value for name, value in connection.request.headers.raw_items()}
        if "origin" not in headers:
            headers.pop("cookie", None)  # who has no page has no authority from cookies (chapter 14)
        session = Session(self._limits, secrets.token_urlsafe(24), asyncio.get_running_loop().time())
        request = Request(connection.request.path, headers, session.id)
        try:
            if self._authenticate is not None:
                principal = self._authenticate(request)
                request = msgspec.structs.replace(
                    request, principal=await principal if inspect.isawaitable(principal) else principal
                )
        except Unauthorized as error:
            session.fail("unauthorized", str(error) or "Sign in first")
        live = Live(session, self._registry, request, connection, self._sessions, self._lives.discard)
        self._lives.add(live)
        if self._ending:  # it asked before, and was upgraded after the others were told
            live.shut_down()
        try:
            while True:
                message = await connection.recv()
                if session.hello is None and connection.state is not State.OPEN:
                    break  # a hello of before its client gave up must take no session over
                if connection.live is not None:
                    connection.live.received(message)
        except ConnectionClosed:
            pass
        finally:
            served, connection.live = connection.live, None
            if served is not None:
                await served.lost(for_good=connection.close_code == CloseCode.NORMAL_CLOSURE)


async def _page(pages: Pages, request: HttpRequest) -> Response:
    answer = await asyncio.to_thread(pages.answer, request.method, request.path)
    return Response(answer.status, answer.status.phrase, Headers(answer.headers), answer.body)


def _json_response(status: http.HTTPStatus, body: dict[str, Any]) -> Response:
    data = json.dumps(body).encode()
    headers = Headers()
    headers["Content-Type"] = "application/json"
    headers["Content-Length"] = str(len(data))
    headers["Connection"] = "close"
    return Response(status, status.phrase, headers, data)
