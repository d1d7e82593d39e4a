"""Keeps sessions in this process (RES-9, RES-10)."""

from __future__ import annotations

from streamops_server.core.limits import Limits
from streamops_server.interfaces.store import ANONYMOUS, StoredSession


class MemoryStore:
    """A `SessionStore` whose sessions live and end with this process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sessions: dict[str, StoredSession] = {}
        self._detached: dict[str, dict[str, StoredSession]] = {}
        """Principal → its sessions without a connection by id, the oldest first."""

    def add(self, session: StoredSession) -> None:
        """A session that can be resumed has begun."""
        self._sessions[session.id] = session

    def find(self, id: str, principal: str) -> StoredSession | None:
        """The session of that id, if it is that principal's (RES-10)."""
        session = self._sessions.get(id)
        return session if session is not None and session.principal == principal else None

    def attached(self, session: StoredSession) -> None:
        """It has a connection again."""
        waiting = self._detached.get(session.principal, {})
        waiting.pop(session.id, None)
        if not waiting:
            self._detached.pop(session.principal, None)

    def detached(self, session: StoredSession) -> StoredSession | None:
        """It lost its connection. Returns the principal's oldest such session if there are too many."""
        waiting = self._detached.setdefault(session.principal, {})
        waiting[session.id] = session
        limits = self._limits
        most = limits.max_detached_anonymous if session.principal == ANONYMOUS else limits.max_detached
        return next(iter(waiting.values())) if len(waiting) > most else None

    def remove(self, session: StoredSession) -> None:
        """It has ended."""
        self._sessions.pop(session.id, None)
        self.attached(session)
