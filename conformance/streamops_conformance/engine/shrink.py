"""From a failing case to the shortest one that still breaks the same requirement.

A delta debugger over the steps: each round's candidates run at the same time, so that waiting
for batching windows costs a round, not a candidate.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

import msgspec

from streamops_conformance.model.case import Case, CaseSpec
from streamops_conformance.oracle import script as s
from streamops_conformance.oracle.script import Script
from streamops_conformance.v1.server.transcript_state import Judgement

Failing = tuple[Any, Judgement]
"""A case of the dialect's, and what is wrong with it."""
Trial = Callable[[list[Any]], Awaitable[list[Failing | None]]]
"""Runs candidates; for each, the case and judgement if it still breaks the same requirement."""
Size = Callable[[Any], tuple[int, ...]]
Smaller = Callable[[Any], Iterator[Any]]

ROUNDS = 64
"""Rounds that one shrink may take: a count, so that the same seed ends in the same case however busy the
machine is."""
BUDGET = 30.0
"""Seconds after which a shrink stops all the same; far more than 64 rounds take."""
SILENT_BUDGET = 4.0
"""The same for a case that fell silent, of which each round costs the whole patience of a session."""
WIDTH = 32
"""Candidates of one round."""


async def shrink(failing: Failing, trial: Trial, size: Size, smaller: Smaller) -> Failing:
    """The smallest failing case that deletion and simplification of single steps reach in `ROUNDS`."""
    deadline = time.perf_counter() + (SILENT_BUDGET if failing[0].silent else BUDGET)
    best = failing
    candidates = smaller(best[0].spec)
    for _ in range(ROUNDS):
        batch = list(islice(candidates, WIDTH))
        if not batch or time.perf_counter() > deadline:
            break
        outcomes = [outcome for outcome in await trial(batch) if outcome is not None]
        found = min(outcomes, key=lambda outcome: size(outcome[0].spec), default=None)
        if found is not None and size(found[0].spec) < size(best[0].spec):
            best = found
            candidates = smaller(best[0].spec)
    return best


def size_of(spec: CaseSpec) -> tuple[int, int, int]:
    """Steps first, then how much they say, then how many capabilities they need."""
    steps = sum(
        len(s.inner(step)) + (not isinstance(step, s.Simple)) for script in spec.scripts for step in script
    )
    return steps, len(msgspec.json.encode(spec.to_json())), len(spec.caps)


def smaller_cases(spec: CaseSpec) -> Iterator[CaseSpec]:
    """Smaller cases, the boldest cut first; those whose outcome is left to chance are left out."""
    found = chain(_fewer_scripts(spec), _fewer_steps(spec), _simpler(spec))
    return (candidate for candidate in found if candidate.scripts and _determined(candidate))


def _determined(spec: CaseSpec) -> bool:
    case = Case(spec, agreed=frozenset(spec.caps))
    return not case.program().undetermined


def _fewer_scripts(spec: CaseSpec) -> Iterator[CaseSpec]:
    if len(spec.scripts) > 1:
        for index in range(len(spec.scripts)):
            yield replace(spec, scripts=(*spec.scripts[:index], *spec.scripts[index + 1 :]))


def _fewer_steps(spec: CaseSpec) -> Iterator[CaseSpec]:
    for number, script in enumerate(spec.scripts):
        length = len(script)
        width = length
        while width >= 1:
            for begin in range(0, length, width):
                yield _with(spec, number, (*script[:begin], *script[begin + width :]))
            width //= 2
        if length <= 12:
            for first in range(length):
                for second in range(first + 1, length):
                    kept = tuple(step for index, step in enumerate(script) if index not in (first, second))
                    yield _with(spec, number, kept)


def _simpler(spec: CaseSpec) -> Iterator[CaseSpec]:
    for number, script in enumerate(spec.scripts):
        for index, step in enumerate(script):
            for simpler in simpler_steps(step):
                yield _with(spec, number, (*script[:index], *simpler, *script[index + 1 :]))


def simpler_steps(step: s.AnyStep) -> Iterator[tuple[s.AnyStep, ...]]:
    match step:
        case s.Parallel(branches=branches):
            yield from (branch for branch in branches)
            for number, branch in enumerate(branches):
                without = (*branches[:number], *branches[number + 1 :])
                if without:
                    yield (s.Parallel(without),)
                for index in range(len(branch)):
                    shorter = (*branch[:index], *branch[index + 1 :])
                    yield (s.Parallel((*branches[:number], shorter, *branches[number + 1 :])),)
        case s.Finally(script=script, then=then):
            yield (*script, *then)
        case s.Text(text=text, repeat=repeat):
            if repeat > 1:
                yield (msgspec.structs.replace(step, repeat=repeat // 2),)
            if len(text) > 1:
                yield (msgspec.structs.replace(step, text=text[0]),)
        case s.Replace(html=html) | s.Insert(html=html):
            if len(html) > 1:
                yield (msgspec.structs.replace(step, html="x"),)
        case _:
            return


def _with(spec: CaseSpec, number: int, script: Script) -> CaseSpec:
    return replace(spec, scripts=(*spec.scripts[:number], script, *spec.scripts[number + 1 :]))
