"""A capture: connections with the messages of both sides."""

from dataclasses import dataclass, field
from typing import Literal

from streamops_conformance.model.transcript import Closed, Entry, Transcript, received


class CaptureError(ValueError):
    """The file is not a capture; the text names the place and the reason."""


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
    """Where the connection ends in the capture, in milliseconds; None if the capture does not say."""
    ended: str = ""
    """How it ended, as text; empty if the capture ends first."""
    unreadable: str = ""
    """Why its messages, or the last of them, are missing from the capture."""

    def add(self, direction: Literal["send", "recv"], ms: float, data: str | bytes) -> None:
        """Add a message that the client sent or received."""
        entry = received(ms, data)
        entry.direction = direction
        self.transcript.entries.append(entry)

    def close(self, ms: float, code: int, reason: str) -> None:
        """Add the server's close frame."""
        if self.transcript.closed is None:
            self.transcript.closed = Closed(code, reason)
            self.transcript.entries.append(Entry(ms, "close", f"{code} {reason}".strip()))


@dataclass(slots=True)
class Capture:
    """All connections in the order in which they were opened."""

    source: str
    connections: list[Connection] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """What could not be read, with its place: a sentence each."""

    def messages(self) -> int:
        """The number of messages on all connections."""
        return sum(
            entry.direction != "close" for each in self.connections for entry in each.transcript.entries
        )
