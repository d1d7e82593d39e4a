"""Connections to a v0 server, kept between cases: a new view costs less than a new connection."""

from streamops_conformance.model.transcript import Transcript
from streamops_conformance.target.config import Target
from streamops_conformance.v0.server.described import Described
from streamops_conformance.v0.server.session import Limited, Session
from streamops_conformance.wire.silent import Silent


class Pool:
    """Hands out connections; a session goes to one case at a time."""

    def __init__(self, target: Target, described: Described) -> None:
        self._target = target
        self._described = described
        self._idle: list[Session] = []

    async def take(self, url: str, transcript: Transcript) -> Session:
        """A connection that writes to that transcript. Raises Silent or Limited if none opens."""
        while self._idle:
            session = self._idle.pop()
            if session.transcript.closed is None:
                session.begin(transcript)
                return session
            await session.close()
        session = self.session(url)
        session.begin(transcript)
        return await self._connected(session)

    async def fresh(self, url: str, session: Session) -> Session:
        """The session, or a new one where a connection can mount only one view."""
        if self._described.repeatable or not session.mounts:
            return session
        await session.close()
        following = self.session(url)
        following.transcript = session.transcript
        following.transcript.closed = None
        return await self._connected(following)

    def give_back(self, session: Session) -> None:
        """Keep it for the next case."""
        self._idle.append(session)

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            await self._idle.pop().close()

    async def _connected(self, session: Session) -> Session:
        try:
            await session.connect()
        except (Silent, Limited):
            await session.close()
            raise
        return session

    def session(self, url: str) -> Session:
        """A new connection that is not open yet."""
        target = self._target
        return Session(
            url,
            self._described,
            headers=dict(target.headers),
            per_second=target.messages_per_second,
            burst=target.burst,
        )
