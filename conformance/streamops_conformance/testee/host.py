"""The suite as a server: where testees report and where the clients under test connect.

One listener on loopback. `/control` is where testees come, `/case/N` where the client of case N
connects, as often as it likes. Nothing is judged here.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Self

import websockets.asyncio.server
from streamops_spec.schemas import Shapes
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from streamops_conformance.model.transcript import Closed, Entry, Transcript, received
from streamops_conformance.v1.server.session import PATIENCE, SUBPROTOCOL, Silent
from streamops_conformance.wire.own_time import patient

Frame = dict[str, Any]
Connection = websockets.asyncio.server.ServerConnection


class Peer:
    """The suite's end of one connection of a client under test, with its transcript."""

    def __init__(self, connection: Connection) -> None:
        self.transcript = Transcript(began=time.perf_counter())
        self.offered = (
            connection.request.headers.get("Sec-WebSocket-Protocol", "") if connection.request else ""
        )
        """The subprotocols that the upgrade offered, as it said them."""
        self._connection = connection
        self._news = asyncio.Event()

    async def send(self, frame: Frame) -> None:
        await self.send_raw(json.dumps(frame, ensure_ascii=False, separators=(",", ":")), frame)

    async def send_raw(self, message: str | bytes, frame: Frame | None = None) -> None:
        """Send any message; a closed connection is no error here."""
        self.transcript.entries.append(Entry(self._ms(), "send", message, frame))
        with suppress(ConnectionClosed):
            await self._connection.send(message)

    async def next(self, kind: str, *, after: int = 0, patience: float = PATIENCE) -> Frame:
        """The first frame of that type from entry `after` on. Raises Silent where none comes."""
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
        """Wait for the client to close. Raises Silent where it does not."""
        deadline = time.perf_counter() + patience
        while self.transcript.closed is None:
            await self._wait(deadline, "a close")
        return self.transcript.closed

    async def close(self, code: int, reason: str = "") -> None:
        """Close with that code; 1006 drops the TCP connection without a word."""
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
            await patient(self._news.wait(), deadline - time.perf_counter())
        except TimeoutError:
            await asyncio.sleep(0.05)  # What this side was too busy to read is no silence.
            if not self._news.is_set():
                raise Silent(f"the client sent nothing while waiting for {what}") from None

    def _ms(self) -> float:
        return (time.perf_counter() - self.transcript.began) * 1000


class ContractBroken(Exception):
    """A testee said something that chapter 16 does not have; the text says what."""


class Testee:
    """A control connection: one client under test at a time."""

    __test__ = False  # no test, whatever its name begins with

    def __init__(self, connection: Connection, ready: Frame) -> None:
        self.ready = ready
        self.gone = False
        self.mute = False
        """Its clients were seen to give no pong."""
        self.clinging = False
        """Its clients were seen not to close where they have to."""
        self._connection = connection
        self._answers: asyncio.Queue[Frame | None] = asyncio.Queue()

    async def say(self, kind: str, case: int, **members: Any) -> None:
        """One message of the contract; a testee that is gone is no error here."""
        with suppress(ConnectionClosed):
            await self._connection.send(json.dumps({"type": kind, "case": case, **members}))

    async def dump(self, case: int) -> Frame:
        """What the client has. Raises Silent where the testee does not say, ContractBroken for nonsense."""
        await self.say("dump", case)
        while True:
            try:
                answer = await patient(self._answers.get(), PATIENCE)
            except TimeoutError:
                raise Silent(f"the testee did not answer `dump` for {PATIENCE:g} s") from None
            if answer is None:
                raise Silent("the testee closed its control connection instead of answering `dump`")
            if not _shape("dumped").is_valid(answer):
                raise ContractBroken(f"{_shape('dumped').explain(answer)}, in {json.dumps(answer)[:300]}")
            if answer["case"] == case:
                return answer

    async def read(self) -> None:
        """Take the answers until the connection ends."""
        with suppress(ConnectionClosed):
            async for message in self._connection:
                self._answers.put_nowait(_object(message))
        self.gone = True
        self._answers.put_nowait(None)


class Stage:
    """The listener. Use it with `async with`."""

    def __init__(self) -> None:
        self.url = ""
        """Where testees come: `ws://127.0.0.1:PORT/control`."""
        self.testees: asyncio.Queue[Testee] = asyncio.Queue()
        """Those that have no case."""
        self.present = 0
        """Control connections that are open."""
        self.forsaken = False
        """Its clients were seen not to come back by themselves."""
        self.fault = ""
        """Why a control connection was turned away, for whoever waits for one in vain."""
        self._cases: dict[int, asyncio.Queue[Peer]] = {}
        self._server: websockets.asyncio.server.Server | None = None
        self._number = 0

    async def __aenter__(self) -> Self:
        self._server = await websockets.asyncio.server.serve(
            self._meet,
            "127.0.0.1",
            0,
            select_subprotocol=_select,
            compression=None,
            max_size=None,
            max_queue=None,
            ping_interval=None,
            close_timeout=1,
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}/control"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def case(self) -> tuple[int, str, asyncio.Queue[Peer]]:
        """A new case: its number, the URL for its client, and where its connections turn up."""
        self._number += 1
        peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._cases[self._number] = peers
        return self._number, self.url.replace("/control", f"/case/{self._number}"), peers

    def over(self, number: int) -> None:
        """Nobody waits for connections of that case any more."""
        del self._cases[number]

    async def _meet(self, connection: Connection) -> None:
        path = connection.request.path if connection.request is not None else ""
        if path.startswith("/control"):
            await self._control(connection)
            return
        number = path.removeprefix("/case/")
        peers = self._cases.get(int(number)) if number.isdigit() else None
        if peers is None:
            await connection.close(1000, "no such case")
            return
        peer = Peer(connection)
        peers.put_nowait(peer)
        await peer.read()

    async def _control(self, connection: Connection) -> None:
        ready: Frame = {}
        with suppress(TimeoutError, ConnectionClosed):
            ready = _object(await patient(connection.recv(), PATIENCE))
        if not _shape("ready").is_valid(ready):
            self.fault = f"a testee's first message was no `ready`: {_shape('ready').explain(ready)}"[:120]
            await connection.close(1002, self.fault)
            return
        testee = Testee(connection, ready)
        self.present += 1
        self.testees.put_nowait(testee)
        await testee.read()
        self.present -= 1


@cache
def _shape(message: str) -> Shapes:
    """The shape of a testee's message of that type."""
    return Shapes({"$ref": f"urn:streamops:v1:testee#/$defs/{message}"})


def _object(message: str | bytes) -> Frame:
    """A message of the contract; what is no JSON object is an empty one, which no message is."""
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _select(_: Connection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The protocol where it is offered; a client that does not offer it is let in, and judged for it."""
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None
