"""What probes of servers use: sessions, facts about the target, notes for the report."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from streamops_conformance.model.probe_notes import ProbeNotes
from streamops_conformance.target.process import Running
from streamops_conformance.v1.server.session import DEFAULT_LIMITS, Session

Frame = dict[str, Any]


class ProbeContext(ProbeNotes):
    """The context of one probe. It keeps the transcripts, which the rules of the wire judge too."""

    def __init__(self, running: Running, agreed: frozenset[str], *, longest_wait: float, seed: int) -> None:
        super().__init__()
        self.url = running.url
        self.headers = dict(running.target.headers)
        self.other_headers = running.target.other_headers
        """The headers of a second principal, if the target names one."""
        self.agreed = agreed
        """The capabilities of the target."""
        self.longest_wait = longest_wait
        """The longest time in seconds that a probe waits for a timer of the target."""
        self.seed = seed
        self.can_start = running.target.start is not None
        self._running = running

    @asynccontextmanager
    async def session(
        self, *, acks: bool = True, headers: dict[str, str] | None = None
    ) -> AsyncIterator[Session]:
        """A connection before its hello; without `acks` it does not acknowledge frames by itself."""
        session = Session(self.url, headers=self.headers if headers is None else headers, acks=acks)
        self.transcripts.append(session.transcript)
        async with session:
            yield session

    @asynccontextmanager
    async def second_target(self) -> AsyncIterator["SecondTargetContext"]:
        """Start another process of the same implementation, which the probe may end."""
        with Running(self._running.target) as running:
            other = SecondTargetContext(running, self.agreed, longest_wait=self.longest_wait, seed=self.seed)
            other.transcripts = self.transcripts
            yield other

    def caps(self, *wanted: str) -> list[str]:
        """The capabilities to offer: the driver, and those of `wanted` that the target has."""
        return [name for name in wanted if name in self.agreed] + ["x-conformance"]

    def view(self, **variables: str) -> Frame:
        """`hello.view` for the conformance view."""
        return {"name": "conformance", "params": {"vars": variables}}

    def hello(self, **members: Any) -> Frame:
        """A hello frame for `session.send`; `members` replace or add members."""
        return {"type": "hello", "caps": self.caps(), "limits": DEFAULT_LIMITS, **members}


class SecondTargetContext(ProbeContext):
    """The context for a process that the probe started."""

    def terminate(self) -> None:
        """Ask the process to end (SIGTERM)."""
        self._running.terminate()
