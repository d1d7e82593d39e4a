"""What differs between the sides and versions of the wire: how a case is run, judged and drawn."""

from collections.abc import Iterator
from typing import Any, Protocol

from hypothesis.strategies import SearchStrategy

from streamops_conformance.model.registry import Registry
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.v1.server.probe.context import Notes
from streamops_conformance.v1.server.transcript_state import Judgement

Spec = Any  # reason: each dialect has its own stimulus; all have `to_json` and `steps`
Example = Any  # reason: and its own result; all have `spec`, `transcript`, `silent` and `duration`


class UnderTest(Protocol):
    """The implementation under test, as reports name it."""

    name: str
    url: str
    command: str
    """The command line that started it; empty where it ran already."""
    declared: frozenset[str] | None
    """The capabilities that it declares; None: whatever it agrees on."""


class Dialect(Protocol):
    """One version of the wire, as the engine needs it."""

    registry: Registry
    longest_wait: float
    """Seconds that a probe may wait for something that the target times."""

    async def preflight(self, running: Any) -> frozenset[str]:
        """The target's capabilities. Raises Unreachable where it does not answer at all."""

    async def alive(self, running: Any) -> None:
        """Raises Unreachable where a fresh connection gets no answer to an empty script."""

    async def run(self, running: Any, specs: list[Spec]) -> list[Example]:
        """Run the cases, several at a time, in the order given."""

    def judge(self, case: Example) -> Judgement:
        """Judge a case by every rule."""

    def judge_wire(self, transcript: Transcript) -> Judgement:
        """Judge what a probe exchanged by the rules that need no script."""

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[Spec]:
        """What to draw."""

    def classics(self, agreed: frozenset[str]) -> list[Spec]:
        """What to run in any case."""

    def timing(self, case: Example) -> dict[str, list[float]]:
        """Times to report, in milliseconds."""

    def probes_at_once(self, running: Any) -> int:
        """How many probes may run at the same time."""

    def lab(self, running: Any, agreed: frozenset[str], seed: int) -> Notes:
        """A place of work for one probe."""

    def inapplicable(self, requirement: str) -> str:
        """Why a requirement does not speak of this implementation; empty where it does."""

    def size(self, spec: Spec) -> tuple[int, ...]:
        """How much a stimulus says; the smaller one shows a failure better."""

    def smaller(self, spec: Spec) -> Iterator[Spec]:
        """Stimuli with less in them, the boldest cut first."""

    async def close(self) -> None:
        """Close what it keeps open between cases; called once, when the run is over."""
