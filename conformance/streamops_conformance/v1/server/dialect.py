"""The dialect for servers of v1: handshake, numbered frames, replies."""

from collections.abc import Iterator

from hypothesis.strategies import SearchStrategy

from streamops_conformance.generate.smaller import size_of, smaller_cases
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.target.process import Running
from streamops_conformance.target.started import Unreachable
from streamops_conformance.v1.generate.cases import cases
from streamops_conformance.v1.oracle.program import is_determined
from streamops_conformance.v1.server.case import Case, Limits
from streamops_conformance.v1.server.checks import SERVER
from streamops_conformance.v1.server.generate.classics import classics
from streamops_conformance.v1.server.judge import judge
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.runner import run_cases
from streamops_conformance.v1.server.session import Session
from streamops_conformance.wire.silent import Silent

DRIVER = "x-conformance"
OFFERED = ("html", "view", "ack", "resume")


class ServerDialect:
    """Implements `engine.dialect.Dialect`."""

    registry = SERVER
    longest_wait = 9.0
    """The longest time in seconds that a probe waits for a timer of the target."""

    def __init__(self, running: Running) -> None:
        self.under_test = running
        self._target = running.target
        self._headers = dict(running.target.headers)
        self._limits = Limits()

    async def preflight(self) -> frozenset[str]:
        try:
            async with Session(self.under_test.url, headers=self._headers) as session:
                view = {"name": "conformance", "params": {"vars": {}}}
                declared = self._target.capabilities
                offered = [name for name in OFFERED if declared is None or name in declared]
                welcome = await session.hello([*offered, DRIVER], view=view)
                agreed = frozenset(welcome.get("caps", ()))
                self._limits = Limits.of(welcome)
                if DRIVER not in agreed:
                    raise Unreachable(
                        f"{self._target.name} does not offer x-conformance: start it in test mode"
                    )
                await session.run([])
        except Silent as silent:
            raise Unreachable(f"{self._target.name} did not answer hello and one event: {silent}") from None
        return agreed

    async def alive(self) -> None:
        for last in (False, True):
            try:
                async with Session(self.under_test.url, headers=self._headers) as session:
                    await session.hello([DRIVER])
                    await session.run([])
                    return
            except Silent as silent:
                if last:
                    raise Unreachable(f"{self._target.name} is stuck: {silent}") from None

    async def run(self, specs: list[CaseSpec]) -> list[Case]:
        # If few streams are allowed, branches race for them, and the outcome of the case depends on chance.
        fit = [spec for spec in specs if self._is_determined(spec)]
        return await run_cases(self.under_test.url, self._headers, fit, connections=self._target.connections)

    def _is_determined(self, spec: CaseSpec) -> bool:
        return not Case(spec, limits=self._limits, agreed=frozenset(spec.caps)).program().undetermined

    def judge(self, case: Case) -> Judgement:
        return judge(SERVER, case.transcript, case)

    def judge_wire(self, transcript: Transcript) -> Judgement:
        return judge(SERVER, transcript)

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[CaseSpec]:
        return cases(agreed)

    def classics(self, agreed: frozenset[str]) -> list[CaseSpec]:
        return classics(agreed)

    def timing(self, case: Case) -> dict[str, list[float]]:
        """The time from each event to its first operation and to its reply."""
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

    def probe_context(self, agreed: frozenset[str], seed: int) -> ProbeContext:
        return ProbeContext(self.under_test, agreed, longest_wait=self.longest_wait, seed=seed)

    def inapplicable(self, requirement: str) -> str:  # noqa: ARG002  # reason: only probes find that out
        return ""

    def size(self, spec: CaseSpec) -> tuple[int, ...]:
        return size_of(spec)

    def smaller(self, spec: CaseSpec) -> Iterator[CaseSpec]:
        return smaller_cases(spec, is_determined)

    def probes_at_once(self) -> int:
        return max(1, min(16, self._target.connections // 2))

    async def close(self) -> None:
        """Nothing to close: every case closes its own connection."""
