"""When a producer has to let others run."""

from __future__ import annotations

from math import inf


class Turn:
    """The turn of the producer that runs now: it has to let others run at `ends`, on `time.monotonic`."""

    __slots__ = ("ends",)

    def __init__(self) -> None:
        self.ends = inf
        """Infinite while no flush is waiting for the producer to await."""
