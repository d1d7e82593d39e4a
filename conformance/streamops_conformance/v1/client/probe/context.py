"""What probes of clients work with: cases on a free testee, played by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamops_conformance.testee.host import Stage
from streamops_conformance.v1.client.runner import Play, playing
from streamops_conformance.v1.server.probe.context import Notes

PAGE = '<div dj-stream="a"></div>'


class ClientLab(Notes):
    """One probe's place of work. Its connections are kept, for the rules of the wire to judge them too."""

    def __init__(self, stage: Stage, agreed: frozenset[str], seed: int = 0) -> None:
        super().__init__()
        self.seed = seed
        self.agreed = agreed
        """The capabilities that the client offers, out of those that the suite has."""
        self._stage = stage

    @property
    def at_once(self) -> int:
        """How many clients there can be at a time."""
        return self._stage.present

    @asynccontextmanager
    async def client(self, html: str = PAGE) -> AsyncIterator[Play]:
        """A fresh client on a page with that fragment, before its connection."""
        async with playing(self._stage) as play:
            try:
                await play.mount(html)
                yield play
            finally:
                self.transcripts += [peer.transcript for peer in play.peers]
