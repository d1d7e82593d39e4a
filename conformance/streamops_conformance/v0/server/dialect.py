"""The dialect for servers of v0; the target file describes their frames."""

from collections.abc import Iterator

from hypothesis.strategies import SearchStrategy

from streamops_conformance.generate.smaller import size_of, smaller_cases
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.probe_notes import ProbeNotes
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.target.process import Running
from streamops_conformance.target.started import Unreachable
from streamops_conformance.v0.oracle.blame import arrived
from streamops_conformance.v0.oracle.calls import expected
from streamops_conformance.v0.server.checks.registry import SERVER
from streamops_conformance.v0.server.described import Described
from streamops_conformance.v0.server.generate import alone, cases, classics
from streamops_conformance.v0.server.judge import Case, judge_v0
from streamops_conformance.v0.server.runner import Runner
from streamops_conformance.v0.server.session import Limited
from streamops_conformance.wire.silent import Silent


class ServerDialect:
    """Implements `engine.dialect.Dialect`.

    Connections are kept from case to case; every script runs in a view mounted for it.
    """

    registry = SERVER

    def __init__(self, running: Running) -> None:
        self.under_test = running
        self._name = running.target.name
        self._described = Described.of(running.target.v0)
        self._nested = self._described.nested[0] if self._described.nested is not None else "nested"
        self._runner = Runner(running, self._described)
        self._most_lost = (0, 0)

    async def preflight(self) -> frozenset[str]:
        """The kinds of calls that come right with no other call near them.

        Scripts combine only these: a call that fails alone tells nothing about order.
        """
        try:
            await self._runner.hello()
        except (Silent, Limited) as error:
            raise Unreachable(
                f"{self._name} did not get through a mount and an empty script: {error}"
            ) from None
        kinds = alone(self._nested)
        found = await self.run(list(kinds.values()))
        return frozenset(
            kind
            for kind, case in zip(kinds, found, strict=True)
            if not case.silent and not self.judge(case).broken
        )

    async def alive(self) -> None:
        try:
            await self._runner.hello()
        except (Silent, Limited) as error:
            raise Unreachable(f"{self._name} is wedged: {error}") from None

    async def run(self, specs: list[CaseSpec]) -> list[Case]:
        return await self._runner.run(specs)

    def judge(self, case: Case) -> Judgement:
        found = judge_v0(SERVER, case.transcript, case)
        if found.broken == "ORD-101" and found.wrong is not None:
            found.wrong.observed += self._at_most(case)
        return found

    def judge_wire(self, transcript: Transcript) -> Judgement:
        return judge_v0(SERVER, transcript)

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[CaseSpec]:
        return cases(agreed)

    def classics(self, agreed: frozenset[str]) -> list[CaseSpec]:
        return classics(agreed, self._nested)

    def timing(self, case: Case) -> dict[str, list[float]]:
        """From each event to its first operation and to its last."""
        found: dict[str, list[float]] = {"event to first operation": [], "event to last operation": []}
        for run in case.runs:
            sent = case.transcript.entries[run.begin].ms
            frames = [
                entry.ms
                for entry in case.transcript.entries[run.begin : run.end]
                if entry.direction == "recv" and self._described.is_stream(entry.frame)
            ]
            if frames:
                found["event to first operation"].append(frames[0] - sent)
                found["event to last operation"].append(frames[-1] - sent)
        return found

    def probe_context(self, agreed: frozenset[str], seed: int) -> ProbeNotes:  # noqa: ARG002  # reason: v0 has no probes
        return ProbeNotes()

    def inapplicable(self, requirement: str) -> str:  # noqa: ARG002  # reason: only probes find that out
        return ""

    def size(self, spec: CaseSpec) -> tuple[int, ...]:
        return size_of(spec)

    def smaller(self, spec: CaseSpec) -> Iterator[CaseSpec]:
        return smaller_cases(spec, self._is_determined)

    def _is_determined(self, spec: CaseSpec) -> bool:
        variables, nested = dict(spec.variables), self._described.nested
        return not any(expected(script, variables, nested).undetermined for script in spec.scripts)

    def probes_at_once(self) -> int:
        return 1

    async def close(self) -> None:
        await self._runner.close()

    def _at_most(self, case: Case) -> str:
        """A sentence on the longest script so far that lost something, for the failure of ORD-101."""
        for run in case.runs:
            if not (run.alone or run.again):
                for reading in case.readings(run).values():
                    calls = len(reading.calls)
                    if not reading.right and calls > self._most_lost[1]:
                        self._most_lost = (arrived(reading), calls)
        came, calls = self._most_lost
        return f". Of {calls} calls in a row, {came} arrived" if calls >= 100 else ""
