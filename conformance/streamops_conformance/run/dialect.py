"""What differs between the versions of the wire: how a case is run, judged and drawn."""

from typing import Protocol

from hypothesis.strategies import SearchStrategy

from streamops_conformance.judge.case import Case, CaseSpec
from streamops_conformance.judge.registry import Registry
from streamops_conformance.judge.walk import Judgement
from streamops_conformance.target.process import Running
from streamops_conformance.wire.transcript import Transcript


class Dialect(Protocol):
    """One version of the wire, as the engine needs it."""

    registry: Registry
    longest_wait: float
    """Seconds that a probe may wait for something that the target times."""

    async def preflight(self, running: Running) -> frozenset[str]:
        """The target's capabilities. Raises Unreachable where it does not answer at all."""

    async def alive(self, running: Running) -> None:
        """Raises Unreachable where a fresh connection gets no answer to an empty script."""

    async def run(self, running: Running, specs: list[CaseSpec]) -> list[Case]:
        """Run the cases, several at a time, in the order given."""

    def judge(self, case: Case) -> Judgement:
        """Judge a case by every rule."""

    def judge_wire(self, transcript: Transcript) -> Judgement:
        """Judge what a probe exchanged by the rules that need no script."""

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[CaseSpec]:
        """What to draw."""

    def classics(self, agreed: frozenset[str]) -> list[CaseSpec]:
        """What to run in any case."""

    def timing(self, case: Case) -> dict[str, list[float]]:
        """Times to report, in milliseconds."""

    def probes_at_once(self, running: Running) -> int:
        """How many probes may run at the same time."""

    async def close(self) -> None:
        """Close what it keeps open between cases; called once, when the run is over."""
