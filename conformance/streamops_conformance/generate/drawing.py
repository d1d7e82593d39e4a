"""Draws examples. Hypothesis only generates; the suite runs and shrinks them itself."""

from functools import lru_cache
from typing import Any, TypeVar

import hypothesis
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


def draw(strategy: SearchStrategy[T], count: int, seed: int) -> list[T]:
    """At most `count` examples, the same for the same seed. They are shared: do not change them."""
    return list(_drawn(strategy, count, seed))


@lru_cache(maxsize=16)  # Several probes of a run draw the same examples, and so do many runs in one process.
def _drawn(strategy: SearchStrategy[Any], count: int, seed: int) -> tuple[Any, ...]:
    drawn: list[Any] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        phases=[hypothesis.Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),  # reason: only drawing happens here
    )
    @hypothesis.given(strategy)
    def collect(example: Any) -> None:
        drawn.append(example)

    collect()
    return tuple(drawn[:count])
