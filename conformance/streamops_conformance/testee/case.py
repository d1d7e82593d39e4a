"""One case with one client under test: mount it, meet its connections, ask what it shows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from streamops_conformance.target.started import Unreachable
from streamops_conformance.testee.host import ClientHost, ContractBroken, Testee
from streamops_conformance.testee.peer import Peer
from streamops_conformance.wire.own_time import wait_own_time
from streamops_conformance.wire.silent import PATIENCE, Silent

Frame = dict[str, Any]
SOON = 1.0
"""Seconds to wait for something that this client failed to do before; the first time it has `PATIENCE`."""


class ClientCase:
    """A fresh client on a free testee, and the connections that it opens."""

    def __init__(self, host: ClientHost, testee: Testee) -> None:
        self.testee = testee
        self.peers: list[Peer] = []
        self._host = host
        self.number, self.url, self._waiting = host.case()

    @classmethod
    @asynccontextmanager
    async def on_a_free_testee(cls, host: ClientHost) -> AsyncIterator[Self]:
        """A case on the next testee that is free, however long that takes.

        Raises Unreachable if no testee is left.
        """
        while True:
            try:
                testee = await asyncio.wait_for(host.testees.get(), SOON)
            except TimeoutError:
                testee = None
            if testee is not None and not testee.gone:
                break
            if not host.present:
                raise Unreachable("the testee closed its last control connection")
        case = cls(host, testee)
        try:
            yield case
        finally:
            await case.end()
            host.testees.put_nowait(testee)

    async def mount(self, html: str, view: Frame | None = None) -> None:
        """Put the fragment on the page and let a fresh client connect."""
        named = {"view": view} if view is not None else {}
        await self.testee.say("case", self.number, html=html, url=self.url, **named)

    async def connection(self, patience: float = PATIENCE) -> Peer:
        """The client's next connection. Raises Silent if none comes."""
        try:
            peer = await wait_own_time(self._waiting.get(), patience)
        except TimeoutError:
            raise Silent(f"the client did not connect for {patience:g} s") from None
        self.peers.append(peer)
        return peer

    def refuse(self, times: int) -> None:
        """Answer the next connections of this client with HTTP 503."""
        self._host.refusals[self.number] = times

    async def dump(self) -> Frame:
        """The state of the client. Raises Silent without an answer, Unreachable for a malformed one."""
        try:
            return await self.testee.dump(self.number)
        except ContractBroken as broken:
            raise Unreachable(f"{self.testee.ready['name']} breaks the testee contract: {broken}") from None

    async def end(self) -> None:
        """Let the testee dispose of the client."""
        await self.testee.say("end", self.number)
        self._host.over(self.number)
