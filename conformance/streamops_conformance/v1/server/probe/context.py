"""What probes work with: sessions of the target, facts about it, notes for the report."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streamops_conformance.model.transcript import Transcript
from streamops_conformance.target.process import Running
from streamops_conformance.v1.server.session import DEFAULT_LIMITS, Session

Frame = dict[str, Any]


class Inapplicable(Exception):
    """The requirement does not speak of this target; the text says why."""


class Notes:
    """What a probe leaves behind for the engine: transcripts, measures, reasons."""

    def __init__(self) -> None:
        self.transcripts: list[Transcript] = []
        self.reason = ""
        """Why a probe that returned None saw nothing."""
        self.measures: dict[str, list[float]] = defaultdict(list)
        self.bounds: dict[str, float] = {}

    def inconclusive(self, reason: str) -> None:
        """Say why the probe could not see what it is about."""
        self.reason = reason

    def not_applicable(self, reason: str) -> None:
        """Say that the requirement does not speak of this target. Raises Inapplicable."""
        raise Inapplicable(reason)

    def measure(self, name: str, value: float, unit: str, *, bound: float | None = None) -> None:
        """Note a time or ratio for the report; its bound decides only with `--strict-timing`."""
        title = f"{name} ({unit})" if unit else name
        self.measures[title].append(value)
        if bound is not None:
            self.bounds[title] = bound


class Lab(Notes):
    """One probe's place of work. Its sessions are kept, for the rules of the wire to judge them too."""

    def __init__(
        self, running: Running, url: str, agreed: frozenset[str], *, longest_wait: float, seed: int
    ) -> None:
        super().__init__()
        self.url = url
        self.headers = dict(running.target.headers)
        self.other_headers = running.target.other_headers
        """Those of a second principal, if the target names one."""
        self.agreed = agreed
        """The capabilities that the target has."""
        self.longest_wait = longest_wait
        """Seconds that a probe may wait for something that the target times."""
        self.seed = seed
        self.can_start = running.target.start is not None
        self._running = running

    @asynccontextmanager
    async def session(
        self, *, acks: bool = True, headers: dict[str, str] | None = None
    ) -> AsyncIterator[Session]:
        """A connection before its hello; without `acks` it acknowledges nothing by itself."""
        session = Session(self.url, headers=self.headers if headers is None else headers, acks=acks)
        self.transcripts.append(session.transcript)
        async with session:
            yield session

    @asynccontextmanager
    async def second_target(self) -> AsyncIterator["OtherLab"]:
        """Another process of the same implementation, which the probe may end."""
        with Running(self._running.target) as running:
            other = OtherLab(
                running, running.url, self.agreed, longest_wait=self.longest_wait, seed=self.seed
            )
            other.transcripts = self.transcripts
            yield other

    def caps(self, *wanted: str) -> list[str]:
        """The capabilities to offer: the driver's, and those wanted that the target has."""
        return [name for name in wanted if name in self.agreed] + ["x-conformance"]

    def view(self, **variables: str) -> Frame:
        """`hello.view` for the conformance view."""
        return {"name": "conformance", "params": {"vars": variables}}

    def hello(self, **members: Any) -> Frame:
        """A hello frame, to be sent by hand."""
        return {"type": "hello", "caps": self.caps(), "limits": DEFAULT_LIMITS, **members}


class OtherLab(Lab):
    """A lab on a process that the probe started."""

    def terminate(self) -> None:
        """Ask the process to end (SIGTERM)."""
        self._running.terminate()
