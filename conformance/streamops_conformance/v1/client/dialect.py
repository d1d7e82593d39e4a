"""The dialect for clients of v1: the suite plays the server."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from hypothesis.strategies import SearchStrategy

from streamops_conformance.generate.smaller import size_of, smaller_cases
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.testee import case as testee_case
from streamops_conformance.testee.dialect import TesteeDialect
from streamops_conformance.v1.client.case import ClientCase
from streamops_conformance.v1.client.checks import CLIENT
from streamops_conformance.v1.client.generate.exchanges import exchanges
from streamops_conformance.v1.client.generate.sequences import sequences
from streamops_conformance.v1.client.judge import judge_sequence, judge_transcript
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.client.runner import run_sequences
from streamops_conformance.v1.client.sequence import PlayedSequence, SequenceSpec
from streamops_conformance.v1.oracle.program import is_determined
from streamops_conformance.v1.vocabulary import SUBPROTOCOL

T = TypeVar("T")
KNOWN = frozenset({"html", "view", "ack", "resume"})


class ClientDialect(TesteeDialect):
    """Implements `engine.dialect.Dialect`."""

    registry = CLIENT
    greeting = "hello"
    subprotocol = SUBPROTOCOL

    async def _meet(self, case: testee_case.ClientCase) -> frozenset[str]:
        await case.mount("")
        peer = await case.connection()
        caps = (await peer.next(self.greeting)).get("caps")
        return KNOWN & frozenset(caps if isinstance(caps, list) else ())

    async def run(self, specs: list[SequenceSpec]) -> list[PlayedSequence]:
        """Run sequences. A simpler variant that fails too replaces its sequence."""
        played = await run_sequences(self._host, specs)
        for place in range(2):
            # If a simpler variant fails too, the part that it leaves out is not the cause.
            again = {
                index: simpler[place]
                for index, each in enumerate(played)
                if each.spec is specs[index]
                and len(simpler := each.spec.simpler()) > place
                and self.judge(each).broken
            }
            others = await run_sequences(self._host, list(again.values()))
            for index, other in zip(again, others, strict=True):
                if self.judge(other).broken:
                    played[index] = other
        return played

    def judge(self, case: PlayedSequence) -> Judgement:
        return judge_sequence(CLIENT, case)

    def judge_wire(self, transcript: Transcript) -> Judgement:
        return judge_transcript(CLIENT, transcript)

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[SequenceSpec]:
        return sequences(agreed)

    def classics(self, agreed: frozenset[str]) -> list[SequenceSpec]:
        return exchanges(agreed)

    def timing(self, case: PlayedSequence) -> dict[str, list[float]]:
        """No times: the benchmark of the client measures the time of a frame."""
        del case
        return {}

    def probe_context(self, agreed: frozenset[str], seed: int) -> ClientProbeContext:
        return ClientProbeContext(ClientCase, self._host, agreed, seed)

    def size(self, spec: SequenceSpec) -> tuple[int, ...]:
        steps, length, caps = size_of(_case(spec))
        decisions = len(spec.holds) + len(spec.merges) + len(spec.extras) + (not spec.paced)
        return len(spec.messages), steps, decisions, length, caps

    def smaller(self, spec: SequenceSpec) -> Iterator[SequenceSpec]:
        if spec.messages:
            return
        yield from (replace(spec, extras=()), replace(spec, holds=()), replace(spec, merges=()))
        if not spec.paced:
            yield replace(spec, paced=True)
        yield from (replace(spec, extras=kept) for kept in _without_one(spec.extras))
        yield from (replace(spec, holds=kept) for kept in _without_one(spec.holds))
        yield from (replace(spec, merges=kept) for kept in _without_one(spec.merges))
        for case in smaller_cases(_case(spec), is_determined):
            yield replace(spec, scripts=case.scripts)


def _without_one(kept: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    return ((*kept[:index], *kept[index + 1 :]) for index in range(len(kept)))


def _case(spec: SequenceSpec) -> CaseSpec:
    return CaseSpec(spec.caps, spec.scripts, spec.variables)
