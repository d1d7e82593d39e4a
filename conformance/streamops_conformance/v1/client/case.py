"""One case with a v1 client: the suite plays the server."""

from collections.abc import Sequence
from typing import Any

from streamops_conformance.testee import case as testee_case
from streamops_conformance.testee.case import SOON
from streamops_conformance.testee.peer import Peer
from streamops_conformance.wire.silent import PATIENCE, Silent

Frame = dict[str, Any]
LIMITS = {
    "max_frame_bytes": 1 << 20,
    "max_streams": 256,
    "max_text_bytes": 8192,
    "max_fps": 60,
    "max_events": 32,
    "cancel_ms": 2000,
}
HEARTBEAT_MS = 30_000
RESUME_TTL_MS = 60_000
REPLAY_BYTES = 1 << 20
BACK = 45.0
"""Seconds that a client may take to reconnect: it may wait for 30, and the machine may be busy."""


class ClientCase(testee_case.ClientCase):
    """A case with a v1 client."""

    async def welcomed(self, caps: Sequence[str], patience: float = PATIENCE, **members: Any) -> Peer:
        """The next connection after hello and welcome; `caps` are the capabilities of the suite."""
        peer, hello = await self.greeted(patience)
        await self.welcome(peer, hello, caps, **members)
        return peer

    async def greeted(self, patience: float = PATIENCE) -> tuple[Peer, Frame]:
        """The next connection and its hello. Raises Silent if one of them does not come."""
        peer = await self.connection(patience)
        return peer, await peer.next("hello", patience=patience)

    async def again(self) -> tuple[Peer, Frame]:
        """The connection that the client opens by itself, and its hello. Raises Silent if there is none.

        Once a client did not reconnect, the waits for later ones are short.
        """
        try:
            return await self.greeted(SOON if self._host.forsaken else BACK)
        except Silent:
            self._host.forsaken = True
            raise

    async def welcome(self, peer: Peer, hello: Frame, caps: Sequence[str], **members: Any) -> None:
        """Answer a hello with those of `caps` that it offers; `members` may name the session."""
        offered = hello.get("caps")
        agreed = [name for name in caps if isinstance(offered, list) and name in offered]
        await peer.send(welcome(self.number, len(self.peers), agreed, **members))


def welcome(case: int, connection: int, caps: Sequence[str], **members: Any) -> Frame:
    """The welcome of the suite, with a new session id for each connection unless `members` give one."""
    resumes = "resume" in caps
    return {
        "type": "welcome",
        "session": f"case-{case}-{connection}-Dm5yQ8sVx2Jb7NcLw0Rf4g",
        "caps": list(caps),
        "limits": LIMITS | ({"replay_bytes": REPLAY_BYTES} if resumes else {}),
        "heartbeat_ms": HEARTBEAT_MS,
        **({"resume_ttl_ms": RESUME_TTL_MS} if resumes else {}),
        **members,
    }
