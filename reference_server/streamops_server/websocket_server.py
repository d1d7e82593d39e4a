"""The WebSocket transport: `StreamServer` (CON-1, CON-2, LIM-5)."""

from __future__ import annotations

import asyncio
import http
import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from weakref import WeakSet

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
from streamops_server.forwarded import Seen, networks, seen
from streamops_server.interfaces.store import SessionStore
from streamops_server.interfaces.topics import Topics
from streamops_server.interfaces.transport import Receiver
from streamops_server.jinja_renderer import JinjaRenderer
from streamops_server.memory_store import MemoryStore
from streamops_server.memory_topics import MemoryTopics
from streamops_server.origins import Origins
from streamops_server.pages import Pages
from streamops_server.registry import Registry
from streamops_server.services import Services
from streamops_server.session_host import Authenticate, SessionHost

SUBPROTOCOL = Subprotocol(load_protocol().subprotocol)
_CLOSE_TIMEOUT = 5.0  # seconds for a peer to answer a close before the connection is cut
_HARD_SIZE = 4  # times max_frame_bytes: the session refuses up to that, the transport more (1009)


class WebSocketConnection(ServerConnection):
    """One WebSocket. Tells its session when the transport's buffer is full, and writes without waiting."""

    receiver: Receiver | None = None
    made: Callable[[WebSocketConnection], None] | None = None
    """Called when the TCP connection is there, before the upgrade."""
    closing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio for a new TCP connection."""
        super().connection_made(transport)
        if self.made is not None:
            self.made(self)

    def pause_writing(self) -> None:
        """Called by asyncio when the write buffer is full."""
        super().pause_writing()
        if self.receiver is not None:
            self.receiver.set_writable(False)

    def resume_writing(self) -> None:
        """Called by asyncio when the write buffer has drained."""
        super().resume_writing()
        if self.receiver is not None:
            self.receiver.set_writable(True)

    def end(self, code: int, reason: str) -> None:
        """Close after what was written, in the background."""
        self.closing = asyncio.get_running_loop().create_task(self.close(code, reason))

    @property
    def is_open(self) -> bool:
        """Whether neither side has begun to close it."""
        return self.protocol.state is State.OPEN

    def write_frames(self, frames: list[bytes]) -> None:
        """Write all frames at once. Backpressure reaches the session through `pause_writing`."""
        if not self.is_open:
            return
        for frame in frames:
            self.protocol.send_text(frame)
        self.transport.write(b"".join(self.protocol.data_to_send()))


class StreamServer:
    """Serves views over WebSocket; `async with StreamServer(registry) as server:` listens.

    `port` 0 takes a free one; `server.port` says which. `origins` are further origins from which
    browsers may connect, besides the server's own host. `pages` answer requests that are not an
    upgrade. `authenticate` returns the principal of a connection, ANONYMOUS for an unauthenticated
    client, or raises `Unauthorized`; a session belongs to its principal (RES-10). `sessions` keeps
    the sessions, by default in memory; `topics` passes messages between views, by default in this process.
    `trusted_proxies` are the addresses and networks whose `Forwarded` and `X-Forwarded-…` headers count
    (ValueError for what is neither). Leaving ends every session with `shutting_down`.
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
        topics: Topics | None = None,
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        self.host = host
        self.port = port
        self._limits = limits or Limits()
        self._origins = Origins(origins)
        self._trusted = networks(trusted_proxies)
        self._topics = topics or MemoryTopics()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._pages = pages
        services = Services(registry, JinjaRenderer(), sessions or MemoryStore(self._limits), self._topics)
        self._host = SessionHost(services, self._limits, authenticate)
        self._server: Server | None = None
        self._connections: WeakSet[WebSocketConnection] = WeakSet()

    async def __aenter__(self) -> StreamServer:
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
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
        self._host.shut_down()
        for connection in list(self._connections):
            self._made(connection)
        self._server.close(close_connections=False)
        await self._server.wait_closed()

    def _connect(self, *args: Any, **kwargs: Any) -> WebSocketConnection:
        connection = WebSocketConnection(*args, **kwargs)
        connection.made = self._made
        return connection

    def _made(self, connection: WebSocketConnection) -> None:
        """Remember a connection. While the server ends, cut it if it has not sent its request."""
        if not self._host.ending:
            self._connections.add(connection)
        elif connection.request is None:
            connection.transport.abort()

    async def broadcast(self, topic: str, message: Any) -> None:
        """Publish `message` to every view that subscribed to `topic`, as `View.broadcast` does."""
        await self._topics.publish(topic, message)

    def broadcast_from_thread(self, topic: str, message: Any) -> None:
        """The same in any thread but the event loop's. Raises RuntimeError there, and before it listens."""
        if self._loop is None:
            raise RuntimeError("The server does not listen: `async with StreamServer(…)` comes first")
        if self._thread == threading.get_ident():
            raise RuntimeError("This is the thread of the event loop: await server.broadcast(…) instead")
        asyncio.run_coroutine_threadsafe(self.broadcast(topic, message), self._loop).result()

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"ws://{self._authority}/"

    @property
    def page_url(self) -> str | None:
        """Where a browser finds the pages; None without pages."""
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

    def _refuse(self, connection: ServerConnection, request: HttpRequest) -> Response | None:
        """The HTTP response that refuses an upgrade; None to accept it."""
        if not self._origins.allow(request.headers.get_all("Origin"), self._seen(connection, request)):
            return _json_response(http.HTTPStatus.FORBIDDEN, {"error": "This origin is not allowed"})
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        if SUBPROTOCOL not in [name.strip() for name in offered.split(",")]:
            return _json_response(
                http.HTTPStatus.BAD_REQUEST,
                {"error": "None of the offered subprotocols is supported", "supported": [SUBPROTOCOL]},
            )
        return None

    def _seen(self, connection: ServerConnection, request: HttpRequest) -> Seen:
        peer = connection.remote_address
        headers: dict[str, list[str]] = {}
        for name, value in request.headers.raw_items():
            headers.setdefault(name.lower(), []).append(value)
        return seen(str(peer[0]) if isinstance(peer, tuple) else "", headers, self._trusted)

    async def _run(self, connection: ServerConnection) -> None:
        assert isinstance(connection, WebSocketConnection)
        assert connection.request is not None
        request = connection.request
        client = self._seen(connection, request).client
        await self._host.open(connection, request.path, request.headers.raw_items(), client)
        try:
            while True:
                message = await connection.recv()
                if connection.receiver is not None:
                    connection.receiver.received(message)
        except ConnectionClosed:
            pass
        finally:
            receiver, connection.receiver = connection.receiver, None
            if receiver is not None:
                await receiver.lost(for_good=connection.close_code == CloseCode.NORMAL_CLOSURE)


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
