"""Faults in batching and coalescing: chapter 6."""

from collections.abc import Callable
from typing import Any

from streamops_server.core import queue

from .order import no_early_merge
from .table import FEW, fault

Real = Callable[..., Any]


QUIET = 0.25
"""Seconds: longer than ten intervals of sixty frames a second."""


@fault("BAT-10", examples=FEW)
def texts_are_not_merged() -> None:
    no_early_merge()
    queue.coalesce = lambda ops, limit: ops
