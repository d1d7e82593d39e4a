"""The suite as a server: testees report to it, and the clients under test connect to it.

There is one listener on loopback. Testees connect to `/control`, and the client of case N connects to
`/case/N`, as often as it likes. Nothing is judged here.
"""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from http import HTTPStatus
from typing import Any, Self

import websockets.asyncio.server
from streamops_spec.schemas import Shapes
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from streamops_conformance.testee.peer import Peer
from streamops_conformance.wire.own_time import wait_own_time
from streamops_conformance.wire.silent import PATIENCE, Silent

Frame = dict[str, Any]
Connection = websockets.asyncio.server.ServerConnection


class ContractBroken(Exception):
    """A testee sent something that chapter 16 does not allow; the text says what."""


class Testee:
    """A control connection: one client under test at a time."""

    __test__ = False  # not a test, although its name begins with Test

    def __init__(self, connection: Connection, ready: Frame) -> None:
        self.ready = ready
        self.gone = False
        self.mute = False
        """One of its clients did not answer a ping before."""
        self.clinging = False
        """One of its clients did not close when it had to."""
        self._connection = connection
        self._answers: asyncio.Queue[Frame | None] = asyncio.Queue()

    async def say(self, kind: str, case: int, **members: Any) -> None:
        """One message of the contract; a testee that is gone is not an error here."""
        with suppress(ConnectionClosed):
            await self._connection.send(json.dumps({"type": kind, "case": case, **members}))

    async def dump(self, case: int) -> Frame:
        """The state of the client. Raises Silent without an answer, ContractBroken for a malformed one."""
        await self.say("dump", case)
        while True:
            try:
                answer = await wait_own_time(self._answers.get(), PATIENCE)
            except TimeoutError:
                raise Silent(f"the testee did not answer `dump` for {PATIENCE:g} s") from None
            if answer is None:
                raise Silent("the testee closed its control connection instead of answering `dump`")
            if not _shape("dumped").is_valid(answer):
                raise ContractBroken(f"{_shape('dumped').explain(answer)}, in {json.dumps(answer)[:300]}")
            if answer["case"] == case:
                return answer

    async def read(self) -> None:
        """Read the answers until the connection ends."""
        with suppress(ConnectionClosed):
            async for message in self._connection:
                self._answers.put_nowait(_object(message))
        self.gone = True
        self._answers.put_nowait(None)


class ClientHost:
    """The listener. Use it with `async with`. `subprotocol` is the one that it selects, if any."""

    def __init__(self, subprotocol: str | None = None) -> None:
        self._subprotocol = subprotocol
        self.url = ""
        """Where testees come: `ws://127.0.0.1:PORT/control`."""
        self.testees: asyncio.Queue[Testee] = asyncio.Queue()
        """The testees without a case."""
        self.present = 0
        """How many control connections are open."""
        self.forsaken = False
        """A client did not reconnect by itself before."""
        self.fault = ""
        """Why a control connection was refused, for the message of a run that finds none."""
        self.refusals: dict[int, int] = {}
        """How many of the next connections of a case are refused, by its number."""
        self._cases: dict[int, asyncio.Queue[Peer]] = {}
        self._server: websockets.asyncio.server.Server | None = None
        self._number = 0

    async def __aenter__(self) -> Self:
        self._server = await websockets.asyncio.server.serve(
            self._meet,
            "127.0.0.1",
            0,
            select_subprotocol=self._select,
            process_request=self._admit,
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
        """A new case: its number, the URL for its client, and the queue of its connections."""
        self._number += 1
        peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._cases[self._number] = peers
        return self._number, self.url.replace("/control", f"/case/{self._number}"), peers

    def over(self, number: int) -> None:
        """The case has ended: its connections are refused from now on."""
        del self._cases[number]

    def _select(self, _: Connection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """The subprotocol, where it is offered. Other clients are accepted too; a check judges them."""
        wanted = self._subprotocol
        return Subprotocol(wanted) if wanted is not None and wanted in offered else None

    def _admit(self, connection: Connection, request: Request) -> Response | None:
        """Refuse a connection as an overloaded server does, where the case asks for it."""
        number = request.path.removeprefix("/case/")
        left = self.refusals.get(int(number), 0) if number.isdigit() else 0
        if not left:
            return None
        self.refusals[int(number)] = left - 1
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "This is a test of a refusal\n")

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
            ready = _object(await wait_own_time(connection.recv(), PATIENCE))
        if not _shape("ready").is_valid(ready):
            self.fault = (
                f"the first message of a testee is not a valid `ready`: {_shape('ready').explain(ready)}"[
                    :120
                ]
            )
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
    """A message of the contract; empty if it is not a JSON object, which no schema allows."""
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
