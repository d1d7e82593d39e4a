"""A stream is open exactly while its producer lives (chapter 4): who lives, who owns, who is fenced.

A producer is a handler, or a task started through the server's API. The owner of a run is
the producer that made its `start`, together with the producers below it.
"""

from __future__ import annotations

from collections.abc import Iterator


class Producer:
    """One handler or task; `parent` is the producer that started it."""

    __slots__ = ("_fences", "cancelled", "living", "parent", "runs", "stopped")

    def __init__(self, parent: Producer | None = None) -> None:
        self.parent = parent
        self.living = 1
        """This producer's own code and the producers directly below that have not finished."""
        self.runs: dict[str, None] = {}
        """Names of the streams whose open run it owns, in the order of their starts."""
        self.cancelled = False
        self.stopped = False
        """Whether a `cancel` named a run of its: it may finish what it has, and start nothing (FLW-9)."""
        self._fences: dict[str, bool] = {}
        if parent is not None:
            parent.living += 1

    @property
    def finished(self) -> bool:
        return self.living == 0

    def line(self) -> Iterator[Producer]:
        """This producer and those above it, nearest first."""
        producer: Producer | None = self
        while producer is not None:
            yield producer
            producer = producer.parent

    def stop(self) -> None:
        self.cancelled = self.stopped = True

    @property
    def is_stopped(self) -> bool:
        """Whether it belongs to an owner that a `cancel` stopped."""
        return any(producer.stopped for producer in self.line())

    def fence(self, name: str) -> None:
        """Its run on that stream was superseded or stopped: it and those below may not go on there."""
        self._fences[name] = True

    def lift(self, name: str) -> None:
        """An explicit `start` takes the fence away."""
        self._fences[name] = False

    def is_fenced(self, name: str) -> bool:
        """Whether the nearest word on that stream, in the line upwards, is a fence."""
        producer: Producer | None = self
        while producer is not None:  # not `line`: this is asked at every call
            if name in producer._fences:
                return producer._fences[name]
            producer = producer.parent
        return False
