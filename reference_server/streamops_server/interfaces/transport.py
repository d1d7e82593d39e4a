"""The seam to the transport: one connection, and who receives what comes over it.

A transport accepts connections, opens a session for each with `SessionHost.open`, and passes
messages, backpressure and losses to the connection's `receiver`. `websocket_server` is one.
"""

from __future__ import annotations

from typing import Protocol


class Receiver(Protocol):
    """The session that a connection serves. A transport calls these."""

    def received(self, message: str | bytes) -> None:
        """One message of the client, text or binary."""

    def set_writable(self, writable: bool) -> None:
        """Whether the transport's buffer has room (FLW-7)."""

    async def lost(self, *, for_good: bool = False) -> None:
        """The connection has ended; `for_good` if the client closed it on purpose."""


class Connection(Protocol):
    """One connection. A session calls these."""

    receiver: Receiver | None
    """The session that it serves; None once another connection took that session over (RES-9)."""

    @property
    def is_open(self) -> bool:
        """Whether neither side has begun to close it."""

    def write_frames(self, frames: list[bytes]) -> None:
        """Send the frames, each a text message, without waiting; nothing on a closed connection."""

    def end(self, code: int, reason: str) -> None:
        """Close with a close code, after what was written; does not wait."""
