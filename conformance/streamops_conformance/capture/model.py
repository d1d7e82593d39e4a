"""A capture: connections with what both sides said on them."""

from dataclasses import dataclass, field
from typing import Literal

from streamops_conformance.model.transcript import Closed, Entry, Transcript, received


class CaptureError(ValueError):
    """A file that is no capture; the text says where and why."""


@dataclass(slots=True)
class Connection:
    """One WebSocket. Times in its transcript are milliseconds since the capture began."""

    number: int
    opened_ms: float = 0.0
    path: str = ""
    subprotocol: str | None = None
    """None: the capture does not say; empty: none was agreed."""
    extensions: str | None = None
    transcript: Transcript = field(default_factory=Transcript)
    ended_ms: float | None = None
    """Up to when the capture has it; None where the capture does not say."""
    ended: str = ""
    """How it ended, for people; empty where the capture ends first."""
    unreadable: str = ""
    """Why its messages, or the rest of them, are not in the capture."""

    def add(self, direction: Literal["send", "recv"], ms: float, data: str | bytes) -> None:
        """A message, as the client sent it or got it."""
        entry = received(ms, data)
        entry.direction = direction
        self.transcript.entries.append(entry)

    def close(self, ms: float, code: int, reason: str) -> None:
        """The server's close frame."""
        if self.transcript.closed is None:
            self.transcript.closed = Closed(code, reason)
            self.transcript.entries.append(Entry(ms, "close", f"{code} {reason}".strip()))


@dataclass(slots=True)
class Capture:
    """All connections in the order in which they were opened."""

    source: str
    connections: list[Connection] = field(default_factory=list)

    def messages(self) -> int:
        return sum(
            entry.direction != "close" for each in self.connections for entry in each.transcript.entries
        )
