"""What probes of clients work with: fresh clients on free testees."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from streamops_conformance.model.probe_notes import ProbeNotes
from streamops_conformance.testee.case import ClientCase
from streamops_conformance.testee.host import ClientHost

PAGE = '<div dj-stream="a"></div>'
Case = TypeVar("Case", bound=ClientCase)


class ClientProbeContext(ProbeNotes, Generic[Case]):
    """The context of one probe. It keeps the transcripts, so that the rules of the wire judge them too."""

    def __init__(
        self, case_type: type[Case], host: ClientHost, agreed: frozenset[str], seed: int = 0
    ) -> None:
        super().__init__()
        self.seed = seed
        self.agreed = agreed
        """The capabilities that the client offers, out of those that the suite has."""
        self._case_type = case_type
        self._host = host

    @property
    def at_once(self) -> int:
        """How many clients there can be at a time."""
        return self._host.present

    @asynccontextmanager
    async def client(self, html: str = PAGE, view: dict[str, Any] | None = None) -> AsyncIterator[Case]:
        """A fresh client on a page with that fragment, before its connection; `view` is that of its hello."""
        async with self._case_type.on_a_free_testee(self._host) as case:
            try:
                await case.mount(html, view)
                yield case
            finally:
                self.transcripts += [peer.transcript for peer in case.peers]
