"""Runs cases of v0: scripts in fresh views, on connections that are kept from case to case."""

import asyncio
import time
from collections.abc import Sequence

from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle import script as s
from streamops_conformance.oracle.script import Script, to_json
from streamops_conformance.target.process import Running
from streamops_conformance.target.started import Unreachable
from streamops_conformance.v0.server.described import Described
from streamops_conformance.v0.server.judge import Case, Run
from streamops_conformance.v0.server.pool import Pool
from streamops_conformance.v0.server.session import Limited, Session
from streamops_conformance.wire.silent import Silent

WITNESSES = 3
"""Runs of a stream alone that must all arrive intact before the other streams are blamed."""
FENCES = 1
"""How many more fences to wait for what has not arrived, since late is not lost."""
MANY = 6
"""Cases without a reply, after which no more are run."""
REFUSED = 6.0
"""Seconds to pause after a server said that it was sent too much."""


class Runner:
    """Runs cases of v0 against one running target."""

    def __init__(self, running: Running, described: Described) -> None:
        self._running = running
        self._target = running.target
        self._described = described
        self._pool = Pool(running.target, described)
        self._silent = 0
        self._asking = asyncio.Lock()

    async def run(self, specs: list[CaseSpec]) -> list[Case]:
        """Run them, several at a time; the results are in the order of `specs`."""
        gate = asyncio.Semaphore(self._target.connections)

        async def one(spec: CaseSpec) -> Case:
            async with gate:
                return await self._case(spec)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(spec)) for spec in specs]
        return [task.result() for task in tasks]

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._pool.close()

    async def _case(self, spec: CaseSpec) -> Case:
        """Run a case, and once more on a new connection if no reply came the first time."""
        attempts = 2
        while True:
            case = Case(spec, described=self._described)
            if self._silent >= MANY:
                case.silent = f"not run, after {MANY} cases without a reply"
                return case
            attempts -= 1
            try:
                await self._attempt(case)
            except Limited:
                if attempts < 0:
                    raise Unreachable(f"{self._target.name} says that the suite sends too much") from None
                await asyncio.sleep(REFUSED)
            except Silent as silent:
                if attempts <= 0:
                    case.silent = str(silent)
                    self._silent += 1
                    async with self._asking:
                        await self._alive()
                    return case
            else:
                return case

    async def _attempt(self, case: Case) -> None:
        began = time.perf_counter()
        session = await self._pool.take(self._running.url, case.transcript)
        try:
            for script in case.spec.scripts:
                session = await self._pool.fresh(self._running.url, session)
                run = await self._script(session, case, script)
                name = self._suspect(case, run)
                if name:
                    session = await self._witnesses(session, case, run, name)
        except BaseException:  # reason: on a cancellation too, a connection in an unknown state is closed
            await session.close()
            raise
        self._pool.give_back(session)
        case.duration = time.perf_counter() - began

    async def _witnesses(self, session: Session, case: Case, run: Run, name: str) -> Session:
        """Run the stream without the others, to see whether it arrives intact then (ORD-104)."""
        without = _only(run.script, name)
        for _ in range(WITNESSES):
            session = await self._pool.fresh(self._running.url, session)
            if not case.whole(await self._script(session, case, without, alone=name)):
                return session
        session = await self._pool.fresh(self._running.url, session)
        await self._script(session, case, run.script, again=True)
        return session

    async def _script(
        self, session: Session, case: Case, script: Script, *, alone: str = "", again: bool = False
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

    def _behind(self, case: Case, run: Run) -> bool:
        """Whether something is missing, so that it may come late."""
        return bool(run.ok) and not case.expected(run).undetermined and not case.whole(run)

    def _suspect(self, case: Case, run: Run) -> str:
        """The first wrong stream of several; empty if none is wrong."""
        if not self._behind(case, run):
            return ""
        readings = case.readings(run)
        return next((name for name, each in readings.items() if len(readings) > 1 and not each.right), "")

    async def hello(self) -> None:
        """Open a session and run an empty script. Raises Silent if the server does not answer."""
        session = self._pool.session(self._running.url)
        try:
            await session.connect()
            await session.mount({"a": "0"})
            await session.run_script([])
        finally:
            await session.close()

    async def _alive(self) -> None:
        try:
            await self.hello()
        except (Silent, Limited) as error:
            raise Unreachable(f"{self._target.name} is wedged: {error}") from None


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
