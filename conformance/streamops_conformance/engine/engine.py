"""One run: cases and probes against an implementation, verdicts by requirement.

The engine knows no terminal and no file: it reports progress to an observer and returns the
outcome. What a dialect does differently stands in its `Dialect`.
"""

import asyncio
import itertools
import json
import shlex
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from streamops_spec import load_requirements

from streamops_conformance.engine.dialect import Dialect, Spec, UnderTest
from streamops_conformance.engine.events import Failure, Outcome, Progress, Result
from streamops_conformance.engine.shrink import Failing, shrink
from streamops_conformance.generate.drawing import draw
from streamops_conformance.model.registry import SEEN, Probe, Wrong
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.target.started import Unreachable
from streamops_conformance.v1.server.probe.context import Inapplicable, Notes
from streamops_conformance.v1.server.session import Silent
from streamops_conformance.v1.server.transcript_state import Judgement

Observer = Callable[[Progress], None]
BATCH = 128
MANY = 12
"""Cases that broke one requirement or fell silent, after which more of them say nothing new."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run."""

    selected: frozenset[str]
    """Ids of the requirements to give a verdict on."""
    examples: int
    seed: int
    script: Spec | None = None
    """Run this case and nothing else."""
    strict_timing: bool = False
    shrink: bool = True
    """Look for the shortest case that shows a failure."""
    replay: str = "streamops test server"
    """The command line of a replay, up to what the failure adds."""
    replay_end: str = ""
    """And what comes after that: a command."""


class Engine:
    """Runs one plan against one running target."""

    def __init__(self, running: UnderTest, dialect: Dialect, plan: Plan, observer: Observer) -> None:
        self._running = running
        self._dialect = dialect
        self._plan = plan
        self._observe = observer
        self._seen: Counter[str] = Counter()
        self._failing: dict[str, list[Failing]] = defaultdict(list)
        self._probe_failures: dict[str, list[Failure]] = defaultdict(list)
        self._probed: dict[str, bool] = {}
        self._reasons: dict[str, str] = {}
        self._inapplicable: dict[str, str] = {}
        self._durations: Counter[str] = Counter()
        self._timing: dict[str, list[float]] = defaultdict(list)
        self._bounds: dict[str, tuple[str, float]] = {}
        self._examples = 0
        self._silent = 0
        self._agreed: frozenset[str] = frozenset()
        self._running_cases = 0.0
        """Seconds spent on drawing, running and judging cases."""

    async def run(self) -> Outcome:
        """The outcome. Raises Unreachable where the target does not answer, or stops answering."""
        try:
            return await self._run()
        finally:
            await self._dialect.close()

    async def _run(self) -> Outcome:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        began = time.perf_counter()
        self._agreed = await self._dialect.preflight(self._running)
        if self._plan.script is not None:
            await self._timed(self._cases([self._plan.script]))
        else:
            await self._both()
        failures = await self._shrunk()
        outcome = Outcome(
            spec=self._dialect.registry.spec,
            role=self._dialect.registry.role,
            target=self._running.name,
            url=self._running.url,
            command=self._running.command,
            seed=self._plan.seed,
            started=started,
            examples=self._examples,
            timing=dict(self._timing),
        )
        outcome.results = [self._result(requirement, failures) for requirement in self._requirements()]
        outcome.duration = time.perf_counter() - began
        outcome.generated_per_second = self._examples / self._running_cases if self._running_cases else 0.0
        return outcome

    # The two kinds of checks

    async def _both(self) -> None:
        """Cases and probes at the same time: probes mostly wait."""
        probes = [probe for probe in self._dialect.registry.probes if probe.id in self._plan.selected]
        law = {rule.id for rule in self._dialect.registry.rules} & self._plan.selected
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(self._probes(probes))
            if law:
                await self._timed(self._generated())
            await waiting

    async def _generated(self) -> None:
        total = self._plan.examples
        batch = self._dialect.classics(self._agreed)[:total]
        strategy = self._dialect.cases(self._agreed)
        done = 0
        for number in itertools.count():
            done += await self._batch(batch, done, total)
            if done >= total or self._silent >= MANY:
                self._observe(Progress("scripts", total, total))
                return
            # Not in a thread: beside one that computes, each read and write waits for the interpreter's
            # lock, and a busy machine would look like a silent target.
            batch = draw(strategy, min(BATCH, total - done), self._plan.seed * 10_000 + number)

    async def _batch(self, batch: list[Spec], done: int, total: int) -> int:
        await self._cases(batch)
        self._observe(Progress("scripts", done + len(batch), total))
        return len(batch)

    async def _timed(self, cases: Awaitable[None]) -> None:
        began = time.perf_counter()
        await cases
        self._running_cases += time.perf_counter() - began

    async def _cases(self, specs: list[Spec]) -> None:
        silent = self._silent
        cases = await self._dialect.run(self._running, specs)
        for case in cases:
            judgement = self._dialect.judge(case)
            await asyncio.sleep(0)  # Let the probes' sessions read on.
            self._examples += 1
            self._durations["cases"] += int(case.duration * 1000)
            self._silent += bool(case.silent)
            if judgement.broken:
                self._failing[judgement.broken].append((case, judgement))
            else:
                self._seen.update(judgement.seen)
            for name, values in self._dialect.timing(case).items():
                self._timing[name] += values
        if self._silent > silent:
            await self._dialect.alive(self._running)

    async def _probes(self, probes: list[Probe]) -> None:
        done = 0
        gate = asyncio.Semaphore(self._dialect.probes_at_once(self._running))

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
        lab = self._dialect.lab(self._running, self._agreed, self._plan.seed)
        began = time.perf_counter()
        outcome: bool | Wrong | None = None
        try:
            outcome = await probe.check(lab)
        except Inapplicable as inapplicable:
            self._inapplicable[probe.id] = str(inapplicable)
        except Silent as silent:
            lab.reason = f"what it builds on did not come: {silent}"
        except (KeyError, TypeError) as error:
            # Members that a rule of chapter 2 finds missing: the transcripts below say which.
            lab.reason = f"what it builds on is malformed: {error!r}"
        self._durations[probe.id] += int((time.perf_counter() - began) * 1000)
        self._take(probe, outcome, lab)

    def _take(self, probe: Probe, outcome: bool | Wrong | None, lab: Notes) -> None:
        for name, values in lab.measures.items():
            self._timing[name] += values
        self._bounds |= {name: (probe.id, bound) for name, bound in lab.bounds.items()}
        broken = ""
        for transcript in lab.transcripts:
            judgement = self._dialect.judge_wire(transcript)
            if judgement.broken:
                broken = judgement.broken
                self._note(judgement, transcript)
            else:
                self._seen.update(judgement.seen)
        if isinstance(outcome, Wrong) and broken in ("", probe.id):
            entries = lab.transcripts[-1].entries if lab.transcripts else []
            self._probe_failures[probe.id].append(
                Failure(outcome.expected, outcome.observed, None, self._replay(probe.id), entries, None)
            )
        elif outcome is SEEN:
            self._probed.setdefault(probe.id, True)
        else:
            self._probed[probe.id] = False
            self._reasons[probe.id] = lab.reason or (
                f"its sessions broke {broken} first" if broken else "what it is about did not come up"
            )

    def _note(self, judgement: Judgement, transcript: Transcript) -> None:
        assert judgement.wrong is not None
        wrong = judgement.wrong
        if len(self._probe_failures[judgement.broken]) < MANY:
            self._probe_failures[judgement.broken].append(
                Failure(
                    wrong.expected,
                    wrong.observed,
                    None,
                    self._replay(judgement.broken),
                    transcript.entries,
                    judgement.entry,
                )
            )

    # Verdicts

    async def _shrunk(self) -> dict[str, Failure]:
        failures: dict[str, Failure] = {}
        wanted = {key: found for key, found in self._failing.items() if key in self._plan.selected}
        for done, (broken, found) in enumerate(wanted.items()):
            self._observe(Progress("shrinking", done, len(wanted)))
            smallest = min(found, key=lambda failing: self._dialect.size(failing[0].spec))
            if self._plan.script is None and self._plan.shrink:
                smallest = await shrink(
                    smallest, self._trial(broken), self._dialect.size, self._dialect.smaller
                )
            failures[broken] = self._failure(smallest)
        if wanted:
            self._observe(Progress("shrinking", len(wanted), len(wanted)))
        return failures

    def _trial(self, broken: str) -> Callable[[list[Spec]], "asyncio.Future[list[Failing | None]]"]:
        async def trial(specs: list[Spec]) -> list[Failing | None]:
            outcomes: list[Failing | None] = []
            for case in await self._dialect.run(self._running, specs):
                judgement = self._dialect.judge(case)
                outcomes.append((case, judgement) if judgement.broken == broken else None)
            return outcomes

        return lambda specs: asyncio.ensure_future(trial(specs))

    def _failure(self, failing: Failing) -> Failure:
        case, judgement = failing
        assert judgement.wrong is not None
        script = case.spec.to_json()
        said = json.dumps(script, ensure_ascii=True, separators=(",", ":"))
        return Failure(
            judgement.wrong.expected,
            judgement.wrong.observed,
            script,
            self._replay(judgement.broken, f" --script {shlex.quote(said)}"),
            case.transcript.entries,
            judgement.entry,
        )

    def _replay(self, requirement: str, more: str = "") -> str:
        said = f"{self._plan.replay} --only {requirement} --seed {self._plan.seed}{more}"
        return f"{said} {self._plan.replay_end}".rstrip()

    def _requirements(self) -> list[str]:
        known = load_requirements(self._dialect.registry.spec)
        role = self._dialect.registry.role
        return [key for key, each in known.items() if each.speaks_of(role) and key in self._plan.selected]

    def _result(self, key: str, shrunk: dict[str, Failure]) -> Result:
        requirement = load_requirements(self._dialect.registry.spec)[key]
        registry = self._dialect.registry
        fact = registry.facts().get(key)
        result = Result(requirement, fact)
        if key in shrunk:
            result.failures.append(shrunk[key])
        result.failures += self._probe_failures.get(key, [])[:1] if key not in shrunk else []
        result.failures += self._too_slow(key)
        result.examples = self._seen[key] + len(self._failing.get(key, ())) + (key in self._probed)
        result.duration_ms = float(self._durations[key])
        if fact is None:
            result.verdict, result.reason = "not checked", "no check yet"
        elif result.failures:
            result.verdict = "fail" if requirement.keyword == "MUST" else "warn"
        elif missing := set(requirement.needs) - self._agreed:
            promised = missing & (self._running.declared or frozenset())
            result.verdict = "inconclusive" if promised else "not applicable"
            said = "declares and does not agree on" if promised else "does not declare"
            result.reason = f"the target {said} {', '.join(sorted(promised or missing))}"
        elif reason := self._inapplicable.get(key) or self._dialect.inapplicable(key):
            result.verdict, result.reason = "not applicable", reason
        elif self._plan.script is not None and not self._seen[key]:
            result.verdict, result.reason = "not checked", "the given script does not show it"
        elif self._probed.get(key, True) and (self._seen[key] or key in self._probed):
            result.verdict = "pass"
        else:
            result.verdict = "inconclusive"
            result.reason = self._reasons.get(key, "no script showed what it is about")
        return result

    def _too_slow(self, key: str) -> list[Failure]:
        if not self._plan.strict_timing:
            return []
        return [
            Failure(f"{name}: at most {bound:g}", f"{worst:g}", None, self._replay(key), [], None)
            for name, (requirement, bound) in self._bounds.items()
            if requirement == key and (worst := max(self._timing[name])) > bound
        ]


def run(running: UnderTest, dialect: Dialect, plan: Plan, observer: Observer) -> Outcome:
    """Run the plan. Raises Unreachable as `Engine.run` does."""
    try:
        return asyncio.run(Engine(running, dialect, plan, observer).run())
    except* Unreachable as group:
        raise _first(group) from None


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
