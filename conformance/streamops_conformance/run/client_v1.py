"""The client dialect of v1: the suite is the server."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TypeVar

from hypothesis.strategies import SearchStrategy

from streamops_conformance.checks.v1_client import CLIENT
from streamops_conformance.generate.exchanges import exchanges
from streamops_conformance.generate.sequences import sequences
from streamops_conformance.judge.case import CaseSpec
from streamops_conformance.judge.look import judge_said, judge_sequence
from streamops_conformance.judge.sequence import Sequence, SequenceSpec
from streamops_conformance.judge.walk import Judgement
from streamops_conformance.run.client_cases import Play, playing, run_sequences
from streamops_conformance.run.client_lab import ClientLab
from streamops_conformance.run.shrink import size_of, smaller_cases
from streamops_conformance.target.started import Unreachable
from streamops_conformance.target.testee import TesteeCommand
from streamops_conformance.wire.session import Silent
from streamops_conformance.wire.stage import Stage
from streamops_conformance.wire.transcript import Transcript

T = TypeVar("T")
KNOWN = frozenset({"html", "view", "ack", "resume"})
START = 60.0
"""Seconds until a command must have opened a control connection."""


class ClientDialect:
    """Implements `run.dialect.Dialect`; `by_hand` prints the URL and waits for a person."""

    registry = CLIENT
    longest_wait = 31.0
    gather = 0.7
    """Seconds to wait for further control connections after the first."""
    greeting = "hello"
    """The first frame of a client."""

    def __init__(self, by_hand: bool = False) -> None:
        self._by_hand = by_hand
        self._open = AsyncExitStack()
        self._stage = Stage()
        self._command: TesteeCommand | None = None
        self._shows = "document"
        self._scrolls = False

    async def preflight(self, running: TesteeCommand) -> frozenset[str]:
        await self._open.enter_async_context(self._stage)
        self._command = running
        running.start(self._stage.url)
        if self._by_hand:
            print(f"Open your client with this control URL: {self._stage.url}", flush=True)
        await self._present(running)
        try:
            async with playing(self._stage) as play:
                ready = play.testee.ready
                self._shows, self._scrolls = ready["shows"], bool(ready.get("scrolls"))
                running.name = ready["name"]
                return await self._meet(play)
        except Silent as silent:
            raise Unreachable(f"{running.name} did not get as far as its {self.greeting}: {silent}") from None

    async def _meet(self, play: Play) -> frozenset[str]:
        """What a first client offers. Raises Silent where it does not greet."""
        await play.mount("")
        peer = await play.connection()
        caps = (await peer.next(self.greeting)).get("caps")
        return KNOWN & frozenset(caps if isinstance(caps, list) else ())

    async def _present(self, running: TesteeCommand) -> None:
        deadline = time.perf_counter() + START
        while not self._stage.present:
            code = running.ended()
            if code is not None:
                raise Unreachable(
                    f"{running.name} ended with {code} before it opened a control connection:\n"
                    f"{running.last_words()}"
                )
            if time.perf_counter() > deadline and not self._by_hand:
                raise Unreachable(
                    f"{running.name} opened no control connection in {START:g} s"
                    f" {self._stage.fault}:\n{running.last_words()}"
                )
            await asyncio.sleep(0.02)
        await asyncio.sleep(self.gather)

    async def alive(self, running: TesteeCommand) -> None:
        if not self._stage.present:
            raise Unreachable(f"{running.name} closed its last control connection:\n{running.last_words()}")

    async def run(self, running: TesteeCommand, specs: list[SequenceSpec]) -> list[Sequence]:  # noqa: ARG002  (the protocol of all dialects)
        played = await run_sequences(self._stage, specs)
        for place in range(2):
            # What fails in a plainer form too is not a matter of what that has not.
            again = {
                index: simpler[place]
                for index, each in enumerate(played)
                if each.spec is specs[index]
                and len(simpler := each.spec.simpler()) > place
                and self.judge(each).broken
            }
            others = await run_sequences(self._stage, list(again.values()))
            for index, other in zip(again, others, strict=True):
                if self.judge(other).broken:
                    played[index] = other
        return played

    def judge(self, case: Sequence) -> Judgement:
        return judge_sequence(CLIENT, case)

    def judge_wire(self, transcript: Transcript) -> Judgement:
        return judge_said(CLIENT, transcript)

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[SequenceSpec]:
        return sequences(agreed)

    def classics(self, agreed: frozenset[str]) -> list[SequenceSpec]:
        return exchanges(agreed)

    def timing(self, case: Sequence) -> dict[str, list[float]]:
        """Nothing: what a client needs for a frame is its own benchmark's to say."""
        del case
        return {}

    def lab(self, running: TesteeCommand, agreed: frozenset[str], seed: int) -> ClientLab:  # noqa: ARG002  (the protocol of all dialects)
        return ClientLab(self._stage, agreed, seed)

    def inapplicable(self, requirement: str) -> str:
        wanted = self.registry.observed.get(requirement, {""})
        able = {
            "",
            *(["document"] if self._shows == "document" else []),
            *(["scroll"] if self._scrolls else []),
        }
        return "" if wanted & able else f"the testee shows no {'/'.join(sorted(wanted))}"

    def size(self, spec: SequenceSpec) -> tuple[int, ...]:
        steps, length, caps = size_of(_case(spec))
        decisions = len(spec.holds) + len(spec.merges) + len(spec.extras) + (not spec.paced)
        return len(spec.beats), steps, decisions, length, caps

    def smaller(self, spec: SequenceSpec) -> Iterator[SequenceSpec]:
        if spec.beats:
            return
        yield from (replace(spec, extras=()), replace(spec, holds=()), replace(spec, merges=()))
        if not spec.paced:
            yield replace(spec, paced=True)
        yield from (replace(spec, extras=kept) for kept in _without_one(spec.extras))
        yield from (replace(spec, holds=kept) for kept in _without_one(spec.holds))
        yield from (replace(spec, merges=kept) for kept in _without_one(spec.merges))
        for case in smaller_cases(_case(spec)):
            yield replace(spec, scripts=case.scripts)

    def probes_at_once(self, running: TesteeCommand) -> int:  # noqa: ARG002  (the protocol of all dialects)
        return max(1, self._stage.present - 1)

    async def close(self) -> None:
        await self._open.aclose()
        if self._command is not None:
            await asyncio.to_thread(self._command.end)


def _without_one(kept: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    return ((*kept[:index], *kept[index + 1 :]) for index in range(len(kept)))


def _case(spec: SequenceSpec) -> CaseSpec:
    return CaseSpec(spec.caps, spec.scripts, spec.variables)
