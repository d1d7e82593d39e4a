"""From where browsers may connect (LIM-5)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from streamops_server.forwarded import Seen, is_same_origin

logger = logging.getLogger("streamops_server")

_MOST = 100
"""Refused origins that are remembered: each is logged once, and nobody can fill the log with new ones."""


class Origins:
    """The server's own host, and those of `allowed`."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = frozenset(allowed)
        self._refused: set[str] = set()

    def allow(self, origins: Sequence[str], request: Seen) -> bool:
        """Whether a request with these `Origin` headers may connect. Logs the first refusal of each."""
        for origin in origins:
            if origin not in self._allowed and not is_same_origin(origin, request):
                self._log(origin, request)
                return False
        return True

    def _log(self, origin: str, request: Seen) -> None:
        if origin in self._refused or len(self._refused) >= _MOST:
            return
        self._refused.add(origin)
        scheme = f" over {request.scheme}" if request.scheme else ""
        logger.warning(
            "Refused connections from pages of %.200r, since this server was asked for as %.200r%s."
            " If these pages may connect, start it with --origin %.200s, or StreamServer(origins=[…])."
            " If a reverse proxy stands before it, let that pass on the Host, or let it send"
            " X-Forwarded-Host and start the server with --trusted-proxy and the proxy's address%s",
            origin,
            request.host,
            scheme,
            ascii(origin)[1:-1],
            f" (here {request.client})" if request.client else "",
        )
