"""The fault proxy on sockets: between a client and a server, on loopback or anywhere.

    async with FaultProxy("ws://127.0.0.1:8765/", [Plan(cuts=(Cut(Point(bytes=4000)),))]) as proxy:
        ...  # connect to proxy.url

It forwards bytes and does not read them: headers such as `Host` and `Origin` arrive unchanged.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from streamops_conformance.proxy.faults import FOR_EVER, WAYS, Fault, Plan, Way, plan
from streamops_conformance.proxy.link import Finish, Link, Write

Plans = Callable[[int], Plan]
"""The plan of a connection by its number, from 1."""
BUFFER = 1 << 16
"""The buffer size of each socket, so that a sender notices a stall soon; the kernel takes it as a hint."""
GRACE = 1.0
"""Seconds that a cut waits for a write in progress, or for the end of the other side after a FIN."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something for the log."""

    connection: int
    seconds: float
    """Since the proxy began."""
    said: str


class Tap:
    """An observer of what passes. Times are seconds since the proxy began."""

    def opened(self, connection: int, seconds: float) -> None:
        """A client has connected."""

    def passed(self, connection: int, way: Way, data: bytes, seconds: float) -> None:
        """These bytes were forwarded."""

    def closed(self, connection: int, seconds: float, how: str) -> None:
        """Both sides are closed."""


class TargetError(ValueError):
    """The proxy cannot be used with this target; the text says why."""


def drawn(faults: Sequence[Fault], seed: int) -> Plans:
    """The plans of these faults, with their ranges drawn from the seed."""
    return lambda number: plan(faults, random.Random(f"{seed}/{number}").randint)


class FaultProxy:
    """The proxy; use it with `async with`. At its end all its connections are closed.

    `plans` are the plans of connection 1, 2, …, or a function of the number; connections beyond them have no
    faults. Raises TargetError for a target that is not a ws:// URL, OSError where the port is taken.
    """

    def __init__(
        self,
        target: str,
        plans: Sequence[Plan] | Plans = (),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 1,
        tap: Tap | None = None,
        observe: Callable[[Happened], None] = lambda _: None,
    ) -> None:
        parts = urlsplit(target)
        if parts.scheme not in ("ws", "http") or not parts.hostname:
            raise TargetError(f"{target!r}: a target is ws://HOST:PORT/PATH; TLS has to end before the proxy")
        try:
            self.target = (parts.hostname, parts.port or 80)
        except ValueError as error:
            raise TargetError(f"{target!r}: {error}") from None
        self._rest = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        self._scheme = parts.scheme
        self._plans: Plans = plans if callable(plans) else _listed(plans)
        self._address = (host, port)
        self._seed = seed
        self._tap = tap if tap is not None else Tap()
        self._observe = observe
        self._running: set[asyncio.Task[None]] = set()
        self.happened: list[Happened] = []
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._listener = _socket(family)
        try:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind(self._address)
            self._listener.listen(128)
        except OSError:
            self._listener.close()
            raise
        host, port = self._listener.getsockname()[:2]
        self.url = f"{self._scheme}://{f'[{host}]' if ':' in host else host}:{port}{self._rest}"
        self._began = self._loop.time()
        self._accepting = asyncio.create_task(self._accept())
        return self

    async def __aexit__(self, *_: object) -> None:
        ending = [self._accepting, *self._running]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        self._listener.close()

    @property
    def now(self) -> float:
        """Seconds since the proxy began."""
        return self._loop.time() - self._began

    def say(self, connection: int, said: str) -> None:
        """Keep a line, and pass it to the observer."""
        self.happened.append(Happened(connection, self.now, said))
        self._observe(self.happened[-1])

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            self.connections += 1
            task = asyncio.create_task(self._serve(self.connections, client))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _serve(self, number: int, client: socket.socket) -> None:
        how = "closed with the proxy"
        self.say(number, "opened")
        self._tap.opened(number, self.now)
        try:
            _prepare(client)
            try:
                server = await self._reach()
            except OSError as error:
                how = (
                    f"closed: {self.target[0]}:{self.target[1]} cannot be reached: {error.strerror or error}"
                )
                return
            try:
                how = await _Connection(self, number, self._tap, client, server, self._link(number)).run()
            finally:
                _reset(server)
        finally:
            _reset(client)
            self._tap.closed(number, self.now, how)
            if not how.startswith("cut"):
                self.say(number, how)

    async def _reach(self) -> socket.socket:
        """A connection to the target. Raises OSError."""
        found = await self._loop.getaddrinfo(*self.target, type=socket.SOCK_STREAM)
        for last, (family, _, _, _, address) in enumerate(found, start=1 - len(found)):
            server = _socket(family)
            try:
                await self._loop.sock_connect(server, address)
                _prepare(server)
            except BaseException as error:
                server.close()
                if not isinstance(error, OSError) or not last:
                    raise
            else:
                return server
        raise OSError(f"{self.target[0]} has no address")

    def _link(self, number: int) -> Link:
        draw = random.Random(f"{self._seed}/{number}/link").randint
        return Link(self._plans(number), self.now, draw)


class _Connection:
    """Two sockets and the link between them."""

    def __init__(
        self,
        proxy: FaultProxy,
        number: int,
        tap: Tap,
        client: socket.socket,
        server: socket.socket,
        link: Link,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._proxy = proxy
        self._number = number
        self._tap = tap
        self._link = link
        self._sockets = (client, server)
        self._from: dict[Way, socket.socket] = {"up": client, "down": server}
        self._to: dict[Way, socket.socket] = {"up": server, "down": client}
        self._bells: list[asyncio.Event] = []
        self._lost: set[Way] = set()
        """Directions whose sender ended with a reset."""
        self._first = ""
        """Who ended first."""
        self._over: asyncio.Future[str] = self._loop.create_future()
        self._told = 0

    async def run(self) -> str:
        """Run until both sides have ended or the link is cut, and return how it ended, as text."""
        writers = [asyncio.create_task(self._write(way)) for way in WAYS]
        others = [asyncio.create_task(self._read(way)) for way in WAYS]
        others.append(asyncio.create_task(self._clock()))
        for task in (*writers, *others):
            task.add_done_callback(self._failed)
        try:
            how = await self._over
            if self._link.cut is not None:
                await asyncio.wait(writers, timeout=GRACE)  # What was forwarded is written before the cut.
        finally:
            for task in (*writers, *others):
                task.cancel()
            await asyncio.gather(*writers, *others, return_exceptions=True)
        if self._link.cut == "fin" or (self._link.finished and not self._lost):
            await asyncio.gather(*map(self._end, self._sockets))
        return how

    async def _read(self, way: Way) -> None:
        bell = self._bell()
        while self._link.cut is None:
            bell.clear()
            room = self._link.room(way, self._proxy.now)
            self._tell()
            if not room and self._link.cut is None:
                await self._wait(bell, self._link.ready(way, self._proxy.now))
            if not room:
                continue
            try:
                data = await self._loop.sock_recv(self._from[way], room)
            except OSError:
                self._lost.add(way)
                data = b""
            if data:
                self._link.fed(way, data, self._proxy.now)
            else:
                self._first = self._first or {"up": "the client", "down": "the server"}[way]
                self._link.finish(way, self._proxy.now)
            self._ring()
            if not data:
                return

    async def _write(self, way: Way) -> None:
        bell = self._bell()
        gone = False
        while self._link.cut is None:
            bell.clear()
            step = self._link.take(way, self._proxy.now)
            self._tell()
            match step:
                case None:
                    if self._link.cut is None:
                        await self._wait(bell, self._link.ready(way, self._proxy.now))
                case Write(data):
                    self._ring()  # There is room again.
                    if not gone:
                        gone = not await self._send(way, data)
                case Finish():
                    with contextlib.suppress(OSError):
                        self._to[way].shutdown(socket.SHUT_WR)
                    if way in self._lost:
                        self._finish(f"reset by {self._first}")
                    elif self._link.finished:
                        self._finish(f"closed by {self._first}")
                    return

    async def _send(self, way: Way, data: bytes) -> bool:
        """Write; whether the receiver is still there. If not, its direction ends the connection."""
        try:
            await self._loop.sock_sendall(self._to[way], data)
        except OSError:
            return False
        self._tap.passed(self._number, way, data, self._proxy.now)
        return True

    async def _clock(self) -> None:
        bell = self._bell()
        while self._link.cut is None:
            bell.clear()
            await self._wait(bell, self._link.due(self._proxy.now))
            self._link.tick(self._proxy.now)
            self._tell()

    def _bell(self) -> asyncio.Event:
        self._bells.append(asyncio.Event())
        return self._bells[-1]

    def _ring(self) -> None:
        for bell in self._bells:
            bell.set()

    async def _wait(self, bell: asyncio.Event, until: float) -> None:
        left = None if until == FOR_EVER else max(0.0, until - self._proxy.now)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bell.wait(), left)

    def _tell(self) -> None:
        """Log what the link has noted, and end the connection if it was cut."""
        for note in self._link.notes[self._told :]:
            self._told += 1
            self._proxy.say(self._number, note.said)
            self._ring()
        if self._link.cut is not None and not self._over.done():
            self._ring()
            self._finish(self._link.notes[-1].said)

    def _finish(self, how: str) -> None:
        if not self._over.done():
            self._over.set_result(how)

    def _failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._over.done():
            self._over.set_exception(error)

    async def _end(self, sock: socket.socket) -> None:
        """Close with a FIN, and read on: unread bytes would turn the FIN into a reset."""
        with contextlib.suppress(OSError, TimeoutError):
            sock.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(GRACE):
                while await self._loop.sock_recv(sock, BUFFER):
                    pass
        sock.close()


def _listed(plans: Sequence[Plan]) -> Plans:
    return lambda number: plans[number - 1] if number <= len(plans) else Plan()


def _socket(family: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        made.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    return made


def _prepare(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _reset(sock: socket.socket) -> None:
    """Close with a RST, unless it is closed."""
    if sock.fileno() >= 0:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
