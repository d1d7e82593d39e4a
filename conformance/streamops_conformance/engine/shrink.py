"""From a failing case to the smallest one that still breaks the same requirement.

A delta debugger: the candidates of a round run at the same time, so that a batching window is waited
for once in a round.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic

from streamops_conformance.engine.dialect import Example, Spec
from streamops_conformance.model.judgement import Judgement

ROUNDS = 64
"""Rounds of one shrink. A count, so that a seed ends in the same case however busy the machine is."""
BUDGET = 30.0
"""Seconds after which a shrink stops all the same; far more than 64 rounds take."""
SILENT_BUDGET = 4.0
"""The same for a case without an answer, since each of its rounds lasts until the suite gives up."""
WIDTH = 32
"""Candidates of one round."""


@dataclass(frozen=True, slots=True)
class Failing(Generic[Example]):
    """A case and its judgement, which is not empty."""

    case: Example
    judgement: Judgement


Trial = Callable[[list[Spec]], Awaitable[list[Failing[Example] | None]]]
"""Runs candidates; for each, the case and judgement if it still breaks the same requirement."""
Size = Callable[[Spec], tuple[int, ...]]
Smaller = Callable[[Spec], Iterator[Spec]]


async def shrink(
    failing: Failing[Example], trial: Trial[Spec, Example], size: Size[Spec], smaller: Smaller[Spec]
) -> Failing[Example]:
    """The smallest failing case that `smaller` leads to in `ROUNDS` rounds."""
    deadline = time.perf_counter() + (SILENT_BUDGET if failing.case.silent else BUDGET)
    best = failing
    candidates = smaller(best.case.spec)
    for _ in range(ROUNDS):
        batch = list(islice(candidates, WIDTH))
        if not batch or time.perf_counter() > deadline:
            break
        outcomes = [outcome for outcome in await trial(batch) if outcome is not None]
        found = min(outcomes, key=lambda outcome: size(outcome.case.spec), default=None)
        if found is not None and size(found.case.spec) < size(best.case.spec):
            best = found
            candidates = smaller(best.case.spec)
    return best
