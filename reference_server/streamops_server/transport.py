"""The thin layer: one WebSocket per session, subprotocol `streamops.v1` (CON-1, CON-2, LIM-5)."""

from __future__ import annotations

import asyncio
import http
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from streamops_spec import load_protocol
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from streamops_server.core.limits import Limits
from streamops_server.core.session import Session
from streamops_server.live import Live
from streamops_server.registry import Registry
from streamops_server.view import Request

SUBPROTOCOL = Subprotocol(load_protocol().subprotocol)
_CLOSE_TIMEOUT = 5.0  # seconds for a peer to answer a close before the connection is cut
_HARD_SIZE = 4  # times max_frame_bytes: up to that an oversized frame gets a proper verdict, beyond it 1009


class _Connection(ServerConnection):
    """A connection that tells its session when the transport is full, and writes without waiting."""

    live: Live | None = None
    made: Callable[[_Connection], None] | None = None

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
    browsers may come from, besides the server's own host. Leaving ends every session with
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
    ) -> None:
        self.host = host
        self.port = port
        self._registry = registry
        self._limits = limits or Limits()
        self._origins = frozenset(origins)
        self._sessions: set[Live] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._server: Server | None = None
        self._connections: WeakSet[_Connection] = WeakSet()
        self._ending = False

    async def __aenter__(self) -> StreamServer:
        self._server = await serve(
            self._run,
            self.host,
            self.port,
            subprotocols=[SUBPROTOCOL],
            process_request=self._refuse,
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
        for live in list(self._sessions):
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
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}/"

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
        loop = asyncio.get_running_loop()
        session = Session(self._limits, secrets.token_urlsafe(24), loop.time())
        headers = {name.lower(): value for name, value in connection.request.headers.raw_items()}

        def close(code: int, reason: str) -> None:
            task = loop.create_task(connection.close(code, reason))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

        request = Request(connection.request.path, headers, session.id)
        live = Live(session, self._registry, request, connection.write_frames, close)
        connection.live = live
        self._sessions.add(live)
        if self._ending:  # it asked before, and was upgraded after the others were told
            live.shut_down()
        try:
            while True:
                live.received(await connection.recv())
        except ConnectionClosed:
            pass
        finally:
            self._sessions.discard(live)
            await live.over()


def _json_response(status: http.HTTPStatus, body: dict[str, Any]) -> Response:
    data = json.dumps(body).encode()
    headers = Headers()
    headers["Content-Type"] = "application/json"
    headers["Content-Length"] = str(len(data))
    headers["Connection"] = "close"
    return Response(status, status.phrase, headers, data)
