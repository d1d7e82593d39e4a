"""Runs one session over one connection after another: greets, resumes, hands events to the view, ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from msgspec import UNSET

from streamops_server.core.closing import fatal_error
from streamops_server.core.frames import Cancel, Event, Hello, encode
from streamops_server.core.session import Session
from streamops_server.interfaces.transport import Connection
from streamops_server.producer_tasks import ProducerTasks
from streamops_server.program_code import ProgramCode, explain
from streamops_server.pump import Pump
from streamops_server.request import Request
from streamops_server.services import Services
from streamops_server.view_runner import ViewRunner

_FAILED = "The server failed"


class SessionRunner:
    """The `Receiver` of a connection, and the `StoredSession` that another connection can continue.

    `ended` is called at the session's end; it may be called again.
    """

    def __init__(
        self,
        session: Session,
        request: Request,
        connection: Connection,
        services: Services,
        ended: Callable[[SessionRunner], None],
    ) -> None:
        self.session = session
        self.program = session.program
        self._request = request
        self._connection: Connection | None = connection
        self._services = services
        self._registry = services.registry
        self._store = services.store
        self._tell_end = ended
        self._offered: frozenset[str] = frozenset()
        self.view_runner: ViewRunner | None = None
        """None before the hello, and if nothing is mounted."""
        self._taking = self._code("Taking a message of the client")
        self._loop = asyncio.get_running_loop()
        self.pump = Pump(session, connection, self.end)
        self._tasks = ProducerTasks(self.program, self.pump.schedule, session.id)
        connection.receiver = self

    # -- the connection --------------------------------------------------------------------

    def received(self, message: str | bytes) -> None:
        """One message of the client."""
        if self.session.hello is None and self._connection is not None and not self._connection.is_open:
            return  # a hello sent before the client disconnected must not take a session over
        with self._taking as taking:
            self._take(message)
        if taking.error is not None:
            self.session.fail("internal", _FAILED)
        self.pump.schedule()

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.session.receive_binary()
            return
        for asked in self.session.receive(message, self._loop.time()):
            if isinstance(asked, Hello):
                self._greet(asked)
            elif isinstance(asked, Cancel):
                self._cancel(asked)
            else:
                self._handle(asked)

    def _code(self, what: str) -> ProgramCode:
        return ProgramCode(what, self.id)

    def set_writable(self, writable: bool) -> None:
        """Whether the transport's buffer has room; while it has none, operations coalesce (FLW-7)."""
        self.pump.set_writable(writable)

    async def lost(self, *, for_good: bool = False) -> None:
        """The connection has ended. The session continues if it can, unless the client left `for_good`.

        At the session's end, waits at most `cancel_ms` for its producers.
        """
        self._connection = None
        if for_good or not self.session.lost(self._loop.time()):
            self.end()
            await self._tasks.wait(self.session.limits.cancel_ms / 1000)
            return
        self.pump.attach(None)
        with self._code("The store of sessions"):
            surplus = self._store.detached(self)
            if surplus is not None:
                surplus.end()

    def shut_down(self) -> None:
        """The server is ending: tell the client, and close (CON-14)."""
        self.session.fail("shutting_down", "The server is ending")
        self.pump.flush()

    def end(self) -> None:
        """End the session, and stop its producers."""
        self.session.over()
        self.pump.stop()
        with self._code("The topics"):
            if self.view_runner is not None:
                self.view_runner.inbox.close()
        with self._code("The store of sessions"):
            self._store.remove(self)
        self._tasks.cancel_all()
        self._tell_end(self)

    # -- resuming --------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The session's id."""
        return self.session.id

    @property
    def principal(self) -> str:
        """Whose session it is; ANONYMOUS for an unauthenticated client."""
        return self._request.principal

    def is_late(self, hello: Hello) -> bool:
        """Whether the client has since come back on a later connection than this hello's (RES-20)."""
        return self.session.is_late(hello)

    def take_over(self, connection: Connection, hello: Hello) -> bool:
        """Continue on `connection`, if that hello allows it; returns whether it does (chapter 11)."""
        if not self.session.may_resume(hello, self._offered):
            return False
        if self._connection is not None:  # RES-9
            self._connection.receiver = None
            if self.session.closing is None:  # otherwise it was told why it ends
                error, close = fatal_error("taken_over", "Another connection has resumed this session")
                self._connection.write_frames([encode(error)])
                self._connection.end(close.code, close.reason)
            self.session.lost(self._loop.time())
        self._connection = connection
        connection.receiver = self
        self._store.attached(self)
        self.session.resume(hello, self._loop.time(), self._fresh_view)
        self.pump.attach(connection)
        return True

    def _fresh_view(self) -> Collection[str] | None:
        return self.view_runner.fresh_view() if self.view_runner is not None else None

    def _resume_another(self, hello: Hello) -> bool:
        """Give the connection to the session that this hello resumes; whether `hello` is dealt with."""
        if hello.resume is UNSET:
            return False
        known = self._store.find(hello.resume.session, self.principal)
        if known is None:
            return False
        if known.is_late(hello):
            self.session.fail("taken_over", "This client has resumed its session on a later connection")
            return True
        if self._connection is None or not known.take_over(self._connection, hello):
            return False
        self._connection = None
        self.end()
        return True

    # -- what a client asks ----------------------------------------------------------------

    def _greet(self, hello: Hello) -> None:
        if self._resume_another(hello):
            return
        named = hello.view
        cls = self._registry.default if not named else self._registry.views.get(named.name)
        if named and cls is None:
            text = f"There is no view {named.name[:100]!r}; {self._registry.offer()}"
            self.session.fail("bad_params", text, close="internal", retryable=False)  # CON-10
            return
        self._offered = self._registry.capabilities(cls)
        self.session.welcome(self._offered)
        if self.session.can_be_resumed:
            self._store.add(self)
        if cls is None:
            for event in self.session.mounted():
                self._handle(event)
            return
        with self._code(f"Making a {cls.__name__}") as making:
            view = cls()
        if making.error is not None:
            self.session.fail(*explain(making.error), close="internal", retryable=False)  # CON-9
            return
        self.view_runner = ViewRunner(view, self.session, self.pump, self._tasks, self._services)
        self._tasks.spawn(self.view_runner.mount(self._request, named.params if named else {}))

    def _handle(self, event: Event) -> None:
        if self.view_runner is None:
            text = f"No view is mounted; {self._registry.offer()}"
            self.session.reply(event.ref, "unknown_event", text)
        else:
            self.view_runner.handle(event)

    def _cancel(self, asked: Cancel) -> None:
        """Cancel the owner of that run, with its tasks (FLW-9)."""
        owner = self.session.cancel(asked, self._loop.time())
        if owner is not None:
            self._tasks.cancel(owner)
