"""The dialect v0: djust-like servers, driven through what their target file says of their frames."""

import asyncio
import time
from collections.abc import Iterator, Sequence

from hypothesis.strategies import SearchStrategy

from streamops_conformance.engine.shrink import size_of, smaller_cases
from streamops_conformance.model.case import Case, CaseSpec
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.oracle import script as s
from streamops_conformance.oracle.script import Script, to_json
from streamops_conformance.target.config import Target
from streamops_conformance.target.process import Running
from streamops_conformance.target.started import Unreachable
from streamops_conformance.v0.oracle.blame import arrived
from streamops_conformance.v0.server.checks import V0
from streamops_conformance.v0.server.described import Described
from streamops_conformance.v0.server.generate import alone, cases, classics
from streamops_conformance.v0.server.judge import CaseV0, Run, judge_v0
from streamops_conformance.v0.server.pool import Pool
from streamops_conformance.v0.server.session import Limited, SessionV0
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.session import Silent
from streamops_conformance.v1.server.transcript_state import Judgement

WITNESSES = 3
"""Runs of a stream alone that must all come whole before another stream is blamed."""
FENCES = 1
"""How often more to wait for what has not come: late is not lost."""
MANY = 6
"""Cases without a reply, after which no more are run."""
REFUSED = 6.0
"""Seconds to stay away from a server that says it was sent too much."""


class DialectV0:
    """Implements `run.dialect.Dialect`.

    Connections are kept from case to case; every script runs in a view mounted for it.
    """

    registry = V0
    longest_wait = 9.0

    def __init__(self, target: Target) -> None:
        self._target = target
        self._described = Described.of(target.v0)
        self._nested = self._described.nested[0] if self._described.nested is not None else "nested"
        self._pool = Pool(target, self._described)
        self._silent = 0
        self._asking = asyncio.Lock()
        self._most_lost = (0, 0)

    async def preflight(self, running: Running) -> frozenset[str]:
        """The kinds of calls that do what they should with nothing near them.

        Only those are combined in scripts: what fails by itself says nothing about order.
        """
        try:
            await self._hello(running)
        except (Silent, Limited) as error:
            raise Unreachable(
                f"{self._target.name} did not get through a mount and an empty script: {error}"
            ) from None
        kinds = alone(self._nested)
        found = await self.run(running, list(kinds.values()))
        return frozenset(
            kind
            for kind, case in zip(kinds, found, strict=True)
            if not case.silent and not self.judge(case).broken
        )

    async def alive(self, running: Running) -> None:
        try:
            await self._hello(running)
        except (Silent, Limited) as error:
            raise Unreachable(f"{self._target.name} is wedged: {error}") from None

    async def run(self, running: Running, specs: list[CaseSpec]) -> list[Case]:
        gate = asyncio.Semaphore(self._target.connections)

        async def one(spec: CaseSpec) -> Case:
            async with gate:
                return await self._case(running, spec)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(spec)) for spec in specs]
        return [task.result() for task in tasks]

    def judge(self, case: Case) -> Judgement:
        assert isinstance(case, CaseV0)
        found = judge_v0(V0, case.transcript, case)
        if found.broken == "ORD-101" and found.wrong is not None:
            found.wrong.observed += self._at_most(case)
        return found

    def judge_wire(self, transcript: Transcript) -> Judgement:
        return judge_v0(V0, transcript)

    def cases(self, agreed: frozenset[str]) -> SearchStrategy[CaseSpec]:
        return cases(agreed)

    def classics(self, agreed: frozenset[str]) -> list[CaseSpec]:
        return classics(agreed, self._nested)

    def timing(self, case: Case) -> dict[str, list[float]]:
        """From each event to its first operation and to its last."""
        assert isinstance(case, CaseV0)
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

    def lab(self, running: Running, agreed: frozenset[str], seed: int) -> Lab:
        return Lab(running, running.url, agreed, longest_wait=self.longest_wait, seed=seed)

    def inapplicable(self, requirement: str) -> str:  # noqa: ARG002  (only probes find that out)
        return ""

    def size(self, spec: CaseSpec) -> tuple[int, ...]:
        return size_of(spec)

    def smaller(self, spec: CaseSpec) -> Iterator[CaseSpec]:
        return smaller_cases(spec)

    def probes_at_once(self, running: Running) -> int:  # noqa: ARG002  the protocol's signature
        return 1

    async def close(self) -> None:
        await self._pool.close()

    # One case

    async def _case(self, running: Running, spec: CaseSpec) -> CaseV0:
        """Run a case; once more on a new connection where no reply came the first time."""
        attempts = 2
        while True:
            case = CaseV0(spec, described=self._described)
            if self._silent >= MANY:
                case.silent = f"not run, after {MANY} cases without a reply"
                return case
            attempts -= 1
            try:
                await self._attempt(running, case)
            except Limited:
                if attempts < 0:
                    raise Unreachable(f"{self._target.name} says that the suite sends too much") from None
                await asyncio.sleep(REFUSED)
            except Silent as silent:
                if attempts <= 0:
                    case.silent = str(silent)
                    self._silent += 1
                    async with self._asking:
                        await self.alive(running)
                    return case
            else:
                return case

    async def _attempt(self, running: Running, case: CaseV0) -> None:
        began = time.perf_counter()
        session = await self._pool.take(running.url, case.transcript)
        try:
            for script in case.spec.scripts:
                session = await self._pool.fresh(running.url, session)
                run = await self._script(session, case, script)
                name = self._suspect(case, run)
                if name:
                    session = await self._witnesses(running, session, case, run, name)
        except BaseException:  # reason: also when cancelled, a connection in an unknown state is closed
            await session.close()
            raise
        self._pool.give_back(session)
        case.duration = time.perf_counter() - began

    async def _witnesses(
        self, running: Running, session: SessionV0, case: CaseV0, run: Run, name: str
    ) -> SessionV0:
        """Find out whether a stream fares better without the others: ORD-104 asks for it."""
        without = _only(run.script, name)
        for _ in range(WITNESSES):
            session = await self._pool.fresh(running.url, session)
            if not case.whole(await self._script(session, case, without, alone=name)):
                return session
        session = await self._pool.fresh(running.url, session)
        await self._script(session, case, run.script, again=True)
        return session

    async def _script(
        self, session: SessionV0, case: CaseV0, script: Script, *, alone: str = "", again: bool = False
    ) -> Run:
        await session.mount(dict(case.spec.variables))
        entries = case.transcript.entries
        run = Run(script, len(entries), len(entries), None, alone=alone, again=again)
        case.runs.append(run)
        try:
            run.ok = await session.run_script(to_json(script))
            await session.quiet()
            for _ in range(FENCES):
                run.end = len(entries)
                if not self._behind(case, run):
                    break
                await session.quiet()
        finally:
            run.end = len(entries)
        return run

    def _behind(self, case: CaseV0, run: Run) -> bool:
        """Whether something has not come, so that it may come late."""
        return bool(run.ok) and not case.expected(run).undetermined and not case.whole(run)

    def _suspect(self, case: CaseV0, run: Run) -> str:
        """The stream of several that came out wrong first; empty where there is none."""
        if not self._behind(case, run):
            return ""
        readings = case.readings(run)
        return next((name for name, each in readings.items() if len(readings) > 1 and not each.right), "")

    async def _hello(self, running: Running) -> None:
        session = self._pool.session(running.url)
        try:
            await session.connect()
            await session.mount({"a": "0"})
            await session.run_script([])
        finally:
            await session.close()

    # Words

    def _at_most(self, case: CaseV0) -> str:
        """The longest script so far that lost something, for the text of ORD-101."""
        for run in case.runs:
            if not (run.alone or run.again):
                for reading in case.readings(run).values():
                    calls = len(reading.calls)
                    if not reading.right and calls > self._most_lost[1]:
                        self._most_lost = (arrived(reading), calls)
        came, calls = self._most_lost
        return f". Of {calls} calls in a row, {came} arrived" if calls >= 100 else ""


def _only(script: Sequence[s.AnyStep], name: str) -> Script:
    """The script without the calls on other streams."""

    def mine(step: s.Simple) -> bool:
        return getattr(step, "stream", name) == name

    kept: list[s.AnyStep] = []
    for step in script:
        if isinstance(step, s.Parallel):
            kept.append(s.Parallel(tuple(tuple(filter(mine, branch)) for branch in step.branches)))
        elif isinstance(step, s.Finally):
            kept.append(s.Finally(tuple(filter(mine, step.script)), tuple(filter(mine, step.then))))
        elif mine(step):
            kept.append(step)
    return tuple(kept)
