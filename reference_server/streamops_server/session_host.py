"""Opens a session for each connection that a transport accepts, and ends all of them (CON-14)."""

from __future__ import annotations

import asyncio
import inspect
import secrets
from collections.abc import Awaitable, Callable, Iterable

import msgspec

from streamops_server.core.limits import Limits
from streamops_server.core.session import Session
from streamops_server.errors import Unauthorized
from streamops_server.interfaces.transport import Connection
from streamops_server.program_code import ProgramCode
from streamops_server.request import Request
from streamops_server.services import Services
from streamops_server.session_runner import SessionRunner

Authenticate = Callable[[Request], str | Awaitable[str]]
"""Returns the principal of a connection, from the headers of its upgrade: a bearer token, a cookie."""

_ID_BYTES = 24  # RES-12


class SessionHost:
    """The sessions of one server. Knows no transport; every transport of the server uses it."""

    def __init__(self, services: Services, limits: Limits, authenticate: Authenticate | None = None) -> None:
        self.limits = limits
        self.runners: set[SessionRunner] = set()
        """The sessions that have not ended."""
        self.ending = False
        """Whether the server is shutting down."""
        self._services = services
        self._authenticate = authenticate

    async def open(
        self, connection: Connection, path: str, headers: Iterable[tuple[str, str]], client: str = ""
    ) -> None:
        """Begin a session on `connection`, and set its receiver.

        `path` and `headers` are those of the request that opened the connection, and `client` is the
        address that made it. A session that is
        not authorized gets a fatal error, and so does one that begins while the server is ending.
        """
        by_name = {name.lower(): value for name, value in headers}
        if "origin" not in by_name:
            by_name.pop("cookie", None)  # cookies authorize pages only (chapter 14)
        now = asyncio.get_running_loop().time()
        session = Session(self.limits, secrets.token_urlsafe(_ID_BYTES), now)
        request = Request(path, by_name, session.id, client=client)
        with ProgramCode("authenticate", session.id) as asking:
            try:
                request = await self._authenticated(request)
            except Unauthorized as error:
                session.fail("unauthorized", str(error) or "Sign in first")
        if asking.error is not None:
            session.fail("internal", "The server cannot say who you are now")
        runner = SessionRunner(session, request, connection, self._services, self.runners.discard)
        self.runners.add(runner)
        if self.ending:  # the others were told before this connection was accepted
            runner.shut_down()

    async def _authenticated(self, request: Request) -> Request:
        if self._authenticate is None:
            return request
        principal = self._authenticate(request)
        if inspect.isawaitable(principal):
            principal = await principal
        return msgspec.structs.replace(request, principal=principal)

    def shut_down(self) -> None:
        """Tell every session that the server is ending, and close it; later ones too (CON-14)."""
        self.ending = True
        for runner in list(self.runners):
            runner.shut_down()
