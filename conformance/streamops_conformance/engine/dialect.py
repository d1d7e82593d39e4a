"""The seam between the engine and a wire: how one role of it is run, judged, drawn and shrunk."""

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from hypothesis.strategies import SearchStrategy

from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.probe_notes import ProbeNotes
from streamops_conformance.model.registry import Registry
from streamops_conformance.model.transcript import Transcript


class Stimulus(Protocol):
    """What a case sends. It is immutable, and `to_json` is what replays it."""

    def to_json(self) -> dict[str, Any]:
        """The case in the form that `--script` reads."""

    def steps(self) -> int:
        """How many steps it has."""


Spec = TypeVar("Spec", bound=Stimulus)
Spec_co = TypeVar("Spec_co", bound=Stimulus, covariant=True)


class Run(Protocol[Spec_co]):
    """A stimulus with what the implementation made of it."""

    @property
    def spec(self) -> Spec_co:
        """The stimulus."""

    @property
    def transcript(self) -> Transcript:
        """What was exchanged."""

    @property
    def silent(self) -> str:
        """Why the exchange was given up; empty if it finished."""

    @property
    def duration(self) -> float:
        """Seconds."""


Example = TypeVar("Example", bound=Run[Any])  # reason: a bound cannot name Spec; `Dialect` ties the two


class UnderTest(Protocol):
    """The implementation under test, as reports name it."""

    name: str
    url: str
    command: str
    """The command line that started it; empty if it was running already."""
    declared: frozenset[str] | None
    """The capabilities that it declares; None: whatever it agrees on."""


class Dialect(Protocol[Spec, Example]):
    """One role of one wire, bound to the implementation under test."""

    registry: Registry

    @property
    def under_test(self) -> UnderTest:
        """The implementation under test."""

    async def preflight(self) -> frozenset[str]:
        """The capabilities of the implementation. Raises Unreachable if it does not answer."""

    async def alive(self) -> None:
        """Raises Unreachable if the implementation stopped answering."""

    async def run(self, specs: list[Spec]) -> list[Example]:
        """Run the cases, several at a time; the results are in the order of `specs`."""

    def judge(self, case: Example) -> Judgement:
        """Judge a case by every rule."""

    def judge_wire(self, transcript: Transcript) -> Judgement:
        """Judge what a probe exchanged by the rules that need no program."""

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[Spec]:
        """What to draw."""

    def classics(self, agreed: frozenset[str]) -> list[Spec]:
        """Cases that every run has, before those that are drawn."""

    def timing(self, case: Example) -> dict[str, list[float]]:
        """Times to report, in milliseconds."""

    def probes_at_once(self) -> int:
        """How many probes may run at the same time."""

    def probe_context(self, agreed: frozenset[str], seed: int) -> ProbeNotes:
        """What one probe works with."""

    def inapplicable(self, requirement: str) -> str:
        """Why a requirement does not apply to this implementation; empty if it does."""

    def size(self, spec: Spec) -> tuple[int, ...]:
        """The measure that shrinking makes small."""

    def smaller(self, spec: Spec) -> Iterator[Spec]:
        """Smaller stimuli, the boldest cut first."""

    async def close(self) -> None:
        """Release what is kept open between cases. The engine calls it once, at the end of the run."""
