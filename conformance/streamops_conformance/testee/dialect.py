"""What the client dialects of every wire share: starting, watching and ending testees."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import ClassVar

from streamops_conformance.model.registry import Registry
from streamops_conformance.target.started import Unreachable
from streamops_conformance.testee.case import ClientCase
from streamops_conformance.testee.command import TesteeCommand
from streamops_conformance.testee.host import ClientHost
from streamops_conformance.wire.silent import Silent

START = 60.0
"""Seconds until a command must have opened a control connection."""


class TesteeDialect:
    """The base of a client dialect. With `by_hand` it prints the control URL and waits for a person."""

    registry: Registry
    greeting: ClassVar[str]
    """The first frame of a client."""
    subprotocol: ClassVar[str | None] = None
    gather: ClassVar[float] = 0.7
    """Seconds to wait for further control connections after the first."""

    def __init__(self, testee: TesteeCommand, by_hand: bool = False) -> None:
        self.under_test = testee
        self._by_hand = by_hand
        self._open = AsyncExitStack()
        self._host = ClientHost(self.subprotocol)
        self._started = False
        self._shows = "document"
        self._scrolls = False

    async def preflight(self) -> frozenset[str]:
        """The capabilities of a first client. Raises Unreachable if none connects."""
        testee = self.under_test
        await self._open.enter_async_context(self._host)
        self._started = True
        testee.start(self._host.url)
        if self._by_hand:
            self._tell_url(self._host.url)
        await self._present()
        try:
            async with ClientCase.on_a_free_testee(self._host) as case:
                ready = case.testee.ready
                self._shows, self._scrolls = ready["shows"], bool(ready.get("scrolls"))
                testee.name = ready["name"]
                return await self._meet(case)
        except Silent as silent:
            raise Unreachable(f"{testee.name} did not get as far as its {self.greeting}: {silent}") from None

    async def _meet(self, case: ClientCase) -> frozenset[str]:
        """What a first client offers. Raises Silent if it does not greet."""
        raise NotImplementedError

    def _tell_url(self, url: str) -> None:
        """Tell the person who opens the client by hand where it must connect."""
        self.under_test.announce(url)

    async def _present(self) -> None:
        """Wait for the testee's control connections. Raises Unreachable if none comes."""
        testee = self.under_test
        deadline = time.perf_counter() + START
        while not self._host.present:
            code = testee.ended()
            if code is not None:
                raise Unreachable(
                    f"{testee.name} ended with {code} before it opened a control connection:\n"
                    f"{testee.last_words()}"
                )
            if time.perf_counter() > deadline and not self._by_hand:
                raise Unreachable(
                    f"{testee.name} opened no control connection in {START:g} s"
                    f" {self._host.fault}:\n{testee.last_words()}"
                )
            await asyncio.sleep(0.02)
        await asyncio.sleep(self.gather)

    async def alive(self) -> None:
        """Raises Unreachable if no control connection is left."""
        if not self._host.present:
            testee = self.under_test
            raise Unreachable(f"{testee.name} closed its last control connection:\n{testee.last_words()}")

    def inapplicable(self, requirement: str) -> str:
        """Why the testee cannot show what the checks of this requirement look at; empty if it can."""
        wanted = self.registry.observed.get(requirement, {""})
        able = {""}
        if self._shows == "document":
            able.add("document")
        if self._scrolls:
            able.add("scroll")
        return "" if wanted & able else f"the testee shows no {'/'.join(sorted(wanted))}"

    def probes_at_once(self) -> int:
        """One testee is left to the cases."""
        return max(1, self._host.present - 1)

    async def close(self) -> None:
        """Close the control connections, and end the testee."""
        await self._open.aclose()
        if self._started:
            await asyncio.to_thread(self.under_test.end)
