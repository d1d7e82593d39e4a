"""The seam to the place where sessions are kept for clients that come back (RES-9, RES-10).

`MemoryStore` is the default.
"""

from __future__ import annotations

from typing import Protocol

from streamops_server.core.frames import Hello
from streamops_server.interfaces.transport import Connection

ANONYMOUS = ""
"""The principal of a client that is not authenticated. The id alone opens its sessions."""


class StoredSession(Protocol):
    """A session that can be resumed, as a store and a second connection see it."""

    @property
    def id(self) -> str:
        """The session's id."""

    @property
    def principal(self) -> str:
        """Whose session it is; ANONYMOUS for an unauthenticated client."""

    def is_late(self, hello: Hello) -> bool:
        """Whether the client has since come back on a later connection than this hello's (RES-20)."""

    def take_over(self, connection: Connection, hello: Hello) -> bool:
        """Continue on `connection`, if that hello allows it; returns whether it does (RES-4, RES-9)."""

    def end(self) -> None:
        """End the session, and stop its producers."""


class SessionStore(Protocol):
    """Where a server keeps its sessions. No method waits."""

    def add(self, session: StoredSession) -> None:
        """A session that can be resumed has begun."""

    def find(self, id: str, principal: str) -> StoredSession | None:
        """The session of that id, if it is that principal's; another's is as unknown as none (RES-10)."""

    def attached(self, session: StoredSession) -> None:
        """It has a connection again."""

    def detached(self, session: StoredSession) -> StoredSession | None:
        """It lost its connection. Returns a session that has to end to make room; None if there is room."""

    def remove(self, session: StoredSession) -> None:
        """It has ended. A session that was never added is ignored."""
