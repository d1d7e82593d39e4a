"""One run: cases and probes against an implementation, and a verdict on each requirement.

The engine knows no wire, no terminal and no file. A `Dialect` runs and judges; an observer is told of the
progress; the outcome is returned.
"""

import asyncio
import itertools
import json
import shlex
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic

from streamops_spec import load_requirements

from streamops_conformance.engine.dialect import Dialect, Example, Spec
from streamops_conformance.engine.events import Failure, Progress, Report, Result
from streamops_conformance.engine.shrink import Failing, shrink
from streamops_conformance.engine.tally import Facts, Tally, verdict
from streamops_conformance.generate.drawing import draw
from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.outcome import NOT_SEEN, Kept, Outcome, Wrong
from streamops_conformance.model.probe_notes import Inapplicable, ProbeNotes
from streamops_conformance.model.registry import Probe
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.target.started import Unreachable
from streamops_conformance.wire.silent import Silent

Observer = Callable[[Progress], None]
BATCH = 128
MANY = 12
"""Cases that broke one requirement or got no answer, after which more of them add nothing."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[Spec]):
    """What to run."""

    selected: frozenset[str]
    """Ids of the requirements to give a verdict on."""
    examples: int
    seed: int
    script: Spec | None = None
    """Run this case and nothing else."""
    strict_timing: bool = False
    shrink: bool = True
    """Look for the smallest case that shows a failure."""
    replay: str = "streamops test server"
    """The command line of a replay, up to what the failure adds."""
    replay_end: str = ""
    """What follows that: a command."""


class Engine(Generic[Spec, Example]):
    """Runs one plan through one dialect."""

    def __init__(self, dialect: Dialect[Spec, Example], plan: Plan[Spec], observer: Observer) -> None:
        self._dialect = dialect
        self._plan = plan
        self._observe = observer
        self._tallies: dict[str, Tally[Example]] = defaultdict(Tally)
        self._timing: dict[str, list[float]] = defaultdict(list)
        self._bounds: dict[str, tuple[str, float]] = {}
        """Title of a measure → the requirement that it belongs to, and its upper bound."""
        self._examples = 0
        self._silent = 0
        self._agreed: frozenset[str] = frozenset()
        self._seconds_of_cases = 0.0
        """Seconds spent on drawing, running and judging cases."""

    async def run(self) -> Report:
        """The report. Raises Unreachable if the implementation does not answer, or stops answering."""
        try:
            return await self._run()
        finally:
            await self._dialect.close()

    async def _run(self) -> Report:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        began = time.perf_counter()
        self._agreed = await self._dialect.preflight()
        if self._plan.script is not None:
            await self._timed(self._cases([self._plan.script]))
        else:
            await self._cases_and_probes()
        await self._shrink_all()
        under_test, registry = self._dialect.under_test, self._dialect.registry
        report = Report(
            spec=registry.spec,
            role=registry.role,
            target=under_test.name,
            url=under_test.url,
            command=under_test.command,
            seed=self._plan.seed,
            started=started,
            examples=self._examples,
            timing=dict(self._timing),
        )
        report.results = self._results()
        report.duration = time.perf_counter() - began
        report.generated_per_second = (
            self._examples / self._seconds_of_cases if self._seconds_of_cases else 0.0
        )
        return report

    async def _cases_and_probes(self) -> None:
        """Both at the same time: a probe mostly waits."""
        registry = self._dialect.registry
        probes = [probe for probe in registry.probes if probe.id in self._plan.selected]
        has_rules = bool({rule.id for rule in registry.rules} & self._plan.selected)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(self._probes(probes))
            if has_rules:
                await self._timed(self._generated())
            await waiting

    # Cases

    async def _generated(self) -> None:
        total = self._plan.examples
        batch = self._dialect.classics(self._agreed)[:total]
        strategy = self._dialect.cases(self._agreed)
        done = 0
        for number in itertools.count():
            await self._cases(batch)
            done += len(batch)
            self._observe(Progress("scripts", done, total))
            if done >= total or self._silent >= MANY:
                self._observe(Progress("scripts", total, total))
                return
            # Not in a thread: beside one that computes, each read and write waits for the interpreter's
            # lock, and a busy machine would look like a silent implementation.
            batch = draw(strategy, min(BATCH, total - done), self._plan.seed * 10_000 + number)

    async def _timed(self, cases: Awaitable[None]) -> None:
        began = time.perf_counter()
        await cases
        self._seconds_of_cases += time.perf_counter() - began

    async def _cases(self, specs: list[Spec]) -> None:
        silent = self._silent
        for case in await self._dialect.run(specs):
            judgement = self._dialect.judge(case)
            await asyncio.sleep(0)  # Let the probes' sessions read on.
            self._examples += 1
            self._silent += bool(case.silent)
            if judgement.broken:
                self._tallies[judgement.broken].failing.append(Failing(case, judgement))
            else:
                self._count_kept(judgement)
            for name, values in self._dialect.timing(case).items():
                self._timing[name] += values
        if self._silent > silent:
            await self._dialect.alive()

    def _count_kept(self, judgement: Judgement) -> None:
        for key, count in judgement.kept.items():
            self._tallies[key].kept += count

    # Probes

    async def _probes(self, probes: list[Probe]) -> None:
        done = 0
        gate = asyncio.Semaphore(self._dialect.probes_at_once())

        async def one(probe: Probe) -> None:
            nonlocal done
            async with gate:
                await self._probe(probe)
            done += 1
            self._observe(Progress("probes", done, len(probes)))

        self._observe(Progress("probes", 0, len(probes)))
        async with asyncio.TaskGroup() as group:
            for probe in probes:
                group.create_task(one(probe))

    async def _probe(self, probe: Probe) -> None:
        if not probe.caps <= self._agreed:
            return
        context = self._dialect.probe_context(self._agreed, self._plan.seed)
        tally = self._tallies[probe.id]
        began = time.perf_counter()
        outcome: Outcome = NOT_SEEN
        try:
            outcome = await probe.check(context)
        except Inapplicable as inapplicable:
            tally.inapplicable = str(inapplicable)
        except Silent as silent:
            context.reason = f"a step that the probe needs got no answer: {silent}"
        except (KeyError, TypeError) as error:
            # A member is missing or mistyped. The rules of chapter 2 say which, in the transcripts below.
            context.reason = f"a frame that the probe needs is malformed: {error!r}"
        tally.duration_ms += int((time.perf_counter() - began) * 1000)
        broken = self._judge_transcripts(context)
        if isinstance(outcome, Wrong) and broken in ("", probe.id):
            entries = context.transcripts[-1].entries if context.transcripts else []
            failure = Failure(outcome.expected, outcome.observed, None, self._replay(probe.id), entries, None)
            tally.probe_failures.append(failure)
        elif isinstance(outcome, Kept):
            tally.probed = tally.probed is not False
        else:
            tally.probed = False
            tally.reason = context.reason or (
                f"its sessions broke {broken} first" if broken else "what it is about did not come up"
            )
        for name, values in context.measures.items():
            self._timing[name] += values
        self._bounds |= {name: (probe.id, bound) for name, bound in context.bounds.items()}

    def _judge_transcripts(self, context: ProbeNotes) -> str:
        """The last requirement that the sessions of a probe broke; empty if they broke none."""
        broken = ""
        for transcript in context.transcripts:
            judgement = self._dialect.judge_wire(transcript)
            if judgement.broken:
                broken = judgement.broken
                self._add_wire_failure(judgement, transcript)
            else:
                self._count_kept(judgement)
        return broken

    def _add_wire_failure(self, judgement: Judgement, transcript: Transcript) -> None:
        assert judgement.wrong is not None
        failures = self._tallies[judgement.broken].probe_failures
        if len(failures) < MANY:
            wrong, replay = judgement.wrong, self._replay(judgement.broken)
            failures.append(
                Failure(wrong.expected, wrong.observed, None, replay, transcript.entries, judgement.entry)
            )

    # Shrinking and verdicts

    async def _shrink_all(self) -> None:
        """Find the smallest failing case of each requirement that cases broke."""
        wanted = [(key, tally) for key, tally in self._tallies.items() if tally.failing]
        wanted = [(key, tally) for key, tally in wanted if key in self._plan.selected]
        for done, (broken, tally) in enumerate(wanted):
            self._observe(Progress("shrinking", done, len(wanted)))
            smallest = min(tally.failing, key=lambda failing: self._dialect.size(failing.case.spec))
            if self._plan.script is None and self._plan.shrink:
                smallest = await shrink(
                    smallest, self._trial(broken), self._dialect.size, self._dialect.smaller
                )
            tally.shrunk = self._failure(smallest)
        if wanted:
            self._observe(Progress("shrinking", len(wanted), len(wanted)))

    def _trial(self, broken: str) -> Callable[[list[Spec]], Awaitable[list[Failing[Example] | None]]]:
        async def trial(specs: list[Spec]) -> list[Failing[Example] | None]:
            outcomes: list[Failing[Example] | None] = []
            for case in await self._dialect.run(specs):
                judgement = self._dialect.judge(case)
                outcomes.append(Failing(case, judgement) if judgement.broken == broken else None)
            return outcomes

        return trial

    def _failure(self, failing: Failing[Example]) -> Failure:
        case, judgement = failing.case, failing.judgement
        assert judgement.wrong is not None
        script = case.spec.to_json()
        argument = json.dumps(script, ensure_ascii=True, separators=(",", ":"))
        return Failure(
            judgement.wrong.expected,
            judgement.wrong.observed,
            script,
            self._replay(judgement.broken, f" --script {shlex.quote(argument)}"),
            case.transcript.entries,
            judgement.entry,
        )

    def _replay(self, requirement: str, more: str = "") -> str:
        command = f"{self._plan.replay} --only {requirement} --seed {self._plan.seed}{more}"
        return f"{command} {self._plan.replay_end}".rstrip()

    def _results(self) -> list[Result]:
        """A result for each selected requirement of this role, in the order of the chapters."""
        registry = self._dialect.registry
        checks = registry.facts()
        facts = Facts(
            self._agreed,
            self._dialect.under_test.declared or frozenset(),
            replays_one_case=self._plan.script is not None,
        )
        results = []
        for key, requirement in load_requirements(registry.spec).items():
            if requirement.speaks_of(registry.role) and key in self._plan.selected:
                tally = self._tallies[key]
                tally.inapplicable = tally.inapplicable or self._dialect.inapplicable(key)
                results.append(verdict(requirement, checks.get(key), tally, facts, self._too_slow(key)))
        return results

    def _too_slow(self, key: str) -> list[Failure]:
        """The measures of a requirement above their bound; only `--strict-timing` asks for them."""
        if not self._plan.strict_timing:
            return []
        return [
            Failure(f"{name}: at most {bound:g}", f"{worst:g}", None, self._replay(key), [], None)
            for name, (requirement, bound) in self._bounds.items()
            if requirement == key and (worst := max(self._timing[name])) > bound
        ]


def run(dialect: Dialect[Spec, Example], plan: Plan[Spec], observer: Observer) -> Report:
    """Run the plan. Raises Unreachable as `Engine.run` does."""
    try:
        return asyncio.run(Engine(dialect, plan, observer).run())
    except* Unreachable as group:
        raise _first(group) from None


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
