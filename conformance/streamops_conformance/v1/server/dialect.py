"""The dialect v1: handshake, numbered frames, replies."""

from collections.abc import Iterator

from hypothesis.strategies import SearchStrategy

from streamops_conformance.engine.shrink import size_of, smaller_cases
from streamops_conformance.model.case import Case, CaseSpec, Limits
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.target.process import Running
from streamops_conformance.target.started import Unreachable
from streamops_conformance.v1.server.checks import V1
from streamops_conformance.v1.server.generate.cases import cases
from streamops_conformance.v1.server.generate.classics import classics
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.runner import run_cases
from streamops_conformance.v1.server.session import Session, Silent
from streamops_conformance.v1.server.transcript_state import Judgement, judge

DRIVER = "x-conformance"
OFFERED = ("html", "view", "ack", "resume")


class DialectV1:
    """Implements `run.dialect.Dialect`."""

    def __init__(self) -> None:
        self._limits = Limits()

    registry = V1
    longest_wait = 9.0

    async def preflight(self, running: Running) -> frozenset[str]:
        try:
            async with Session(running.url, headers=dict(running.target.headers)) as session:
                view = {"name": "conformance", "params": {"vars": {}}}
                declared = running.target.capabilities
                offered = [name for name in OFFERED if declared is None or name in declared]
                welcome = await session.hello([*offered, DRIVER], view=view)
                agreed = frozenset(welcome.get("caps", ()))
                self._limits = Limits.of(welcome)
                if DRIVER not in agreed:
                    raise Unreachable(
                        f"{running.target.name} does not offer x-conformance: start it in its test mode"
                    )
                await session.run([])
        except Silent as silent:
            raise Unreachable(
                f"{running.target.name} did not get through hello and one event: {silent}"
            ) from None
        return agreed

    async def alive(self, running: Running) -> None:
        for last in (False, True):
            try:
                async with Session(running.url, headers=dict(running.target.headers)) as session:
                    await session.hello([DRIVER])
                    await session.run([])
                    return
            except Silent as silent:
                if last:
                    raise Unreachable(f"{running.target.name} is wedged: {silent}") from None

    async def run(self, running: Running, specs: list[CaseSpec]) -> list[Case]:
        # With few stream names branches would race for them: such a case has no one right outcome.
        fit = [spec for spec in specs if self._is_determined(spec)]
        return await run_cases(
            running.url, dict(running.target.headers), fit, connections=running.target.connections
        )

    def _is_determined(self, spec: CaseSpec) -> bool:
        return not Case(spec, limits=self._limits, agreed=frozenset(spec.caps)).program().undetermined

    def judge(self, case: Case) -> Judgement:
        return judge(V1, case.transcript, case)

    def judge_wire(self, transcript: Transcript) -> Judgement:
        return judge(V1, transcript)

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[CaseSpec]:
        return cases(agreed)

    def classics(self, agreed: frozenset[str]) -> list[CaseSpec]:
        return classics(agreed)

    def timing(self, case: Case) -> dict[str, list[float]]:
        """From each event to its first operation and to its reply."""
        found: dict[str, list[float]] = {"event to first operation": [], "event to reply": []}
        sent: float | None = None
        first = True
        for entry in case.transcript.entries:
            if entry.type == "event":
                sent, first = entry.ms, True
            elif sent is not None and entry.type == "stream" and first:
                found["event to first operation"].append(entry.ms - sent)
                first = False
            elif sent is not None and entry.type == "reply":
                found["event to reply"].append(entry.ms - sent)
                sent = None
        return found

    def lab(self, running: Running, agreed: frozenset[str], seed: int) -> Lab:
        return Lab(running, running.url, agreed, longest_wait=self.longest_wait, seed=seed)

    def inapplicable(self, requirement: str) -> str:  # noqa: ARG002  (only probes find that out)
        return ""

    def size(self, spec: CaseSpec) -> tuple[int, ...]:
        return size_of(spec)

    def smaller(self, spec: CaseSpec) -> Iterator[CaseSpec]:
        return smaller_cases(spec)

    def probes_at_once(self, running: Running) -> int:
        return max(1, min(16, running.target.connections // 2))

    async def close(self) -> None:
        """Every case has a connection of its own: nothing is open."""
