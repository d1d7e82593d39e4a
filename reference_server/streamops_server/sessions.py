"""Which sessions a client can come back to (RES-9, RES-10): kept in memory, behind a small interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from streamops_server.core.limits import Limits

if TYPE_CHECKING:
    from streamops_server.live import Live

ANONYMOUS = ""
"""The principal of those who did not say who they are: the id alone opens their sessions."""


class SessionStore(Protocol):
    """What a server asks of the place where its sessions are kept."""

    def add(self, live: Live) -> None:
        """A session that can be resumed has begun."""

    def find(self, id: str, principal: str) -> Live | None:
        """That session, if it is that principal's: somebody else's is as unknown as none (RES-10)."""

    def attached(self, live: Live) -> None:
        """It has a connection again."""

    def detached(self, live: Live) -> Live | None:
        """It has lost its connection; returns the session that has to end to make room for it."""

    def remove(self, live: Live) -> None:
        """It has ended."""


class MemoryStore:
    """Sessions live and end with this process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sessions: dict[str, Live] = {}
        self._detached: dict[str, dict[str, Live]] = {}
        """Principal → the ids of those without a connection, the oldest first."""

    def add(self, live: Live) -> None:
        self._sessions[live.session.id] = live

    def find(self, id: str, principal: str) -> Live | None:
        live = self._sessions.get(id)
        return live if live is not None and live.principal == principal else None

    def attached(self, live: Live) -> None:
        waiting = self._detached.get(live.principal, {})
        waiting.pop(live.session.id, None)
        if not waiting:
            self._detached.pop(live.principal, None)

    def detached(self, live: Live) -> Live | None:
        waiting = self._detached.setdefault(live.principal, {})
        waiting[live.session.id] = live
        limits = self._limits
        most = limits.max_detached_anonymous if live.principal == ANONYMOUS else limits.max_detached
        return next(iter(waiting.values())) if len(waiting) > most else None

    def remove(self, live: Live) -> None:
        self._sessions.pop(live.session.id, None)
        self.attached(live)
