"""Producers: which are alive, which own a run, which are fenced (chapter 4).

A producer is a handler, a mount, or a task started through the server's API. A stream is open
exactly while its producer lives. The owner of a run is the producer that made its `start`,
together with the producers below it.
"""

from __future__ import annotations

from collections.abc import Iterator


class Producer:
    """One handler, mount or task; `parent` is the producer that started it, `session` what it belongs to."""

    __slots__ = ("_fences", "cancelled", "living", "parent", "runs", "session", "stopped")

    def __init__(self, parent: Producer | None = None, session: object = None) -> None:
        self.parent = parent
        self.session: object = session if parent is None else parent.session
        self.living = 1
        """How many have not finished: its own code and the producers directly below it."""
        self.runs: dict[str, None] = {}
        """Names of the streams whose open run it owns, in the order of their starts."""
        self.cancelled = False
        """Whether its own code was cancelled: its runs end with `done(cancelled)`."""
        self.stopped = False
        """Whether a `cancel` named one of its runs: it may finish what is open, and start nothing (FLW-9)."""
        self._fences: dict[str, bool] = {}
        if parent is not None:
            parent.member_began()

    @property
    def finished(self) -> bool:
        """Whether its own code and all producers below it have ended."""
        return self.living == 0

    def began_run(self, name: str) -> None:
        """It made a `start` on that stream."""
        self.runs[name] = None

    def ended_run(self, name: str) -> None:
        """Its run on that stream ended."""
        del self.runs[name]

    def was_cancelled(self) -> None:
        """Its own code was cancelled."""
        self.cancelled = True

    def member_began(self) -> None:
        """A producer directly below it was started."""
        self.living += 1

    def member_ended(self) -> None:
        """Its own code, or a producer directly below it, has finished."""
        self.living -= 1

    def line(self) -> Iterator[Producer]:
        """This producer and those above it, nearest first."""
        producer: Producer | None = self
        while producer is not None:
            yield producer
            producer = producer.parent

    def stop(self) -> None:
        """A `cancel` named one of its runs."""
        self.cancelled = self.stopped = True

    @property
    def is_stopped(self) -> bool:
        """Whether it, or a producer above it, was stopped by a `cancel`."""
        return any(producer.stopped for producer in self.line())

    def fence(self, name: str) -> None:
        """Its run on that stream was superseded or stopped: it and those below may not add to it."""
        self._fences[name] = True

    def lift(self, name: str) -> None:
        """An explicit `start` removes the fence (LIF-11)."""
        self._fences[name] = False

    def is_fenced(self, name: str) -> bool:
        """Whether it may not add to that stream: the nearest entry up the line decides."""
        producer: Producer | None = self
        while producer is not None:  # not `line`: every call asks this
            if name in producer._fences:
                return producer._fences[name]
            producer = producer.parent
        return False
