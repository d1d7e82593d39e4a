"""A session at work: the core, the view, and the tasks that run its handlers.

Rule 1: a handler's end, what it inserts, its final view and its reply are one step, no await.
Rule 2: a text of an exception never goes to the client (ERR-4); it goes to the log.
Rule 3: whatever a program raises, SystemExit included, ends its own work and never the process.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Protocol, TypeVar

from msgspec import UNSET
from streamops_spec import load_protocol

from streamops_server import templates
from streamops_server.core.errors import Overflow, ProgramError
from streamops_server.core.frames import Cancel, Event, Hello, SessionError, encode
from streamops_server.core.inserting import APP_ERROR_TEXT
from streamops_server.core.owners import Producer
from streamops_server.core.program import Outcome
from streamops_server.core.session import Session
from streamops_server.errors import BadParams
from streamops_server.pump import CALLER, Channel, Pump
from streamops_server.registry import Registry
from streamops_server.sessions import SessionStore
from streamops_server.view import Request, View

T = TypeVar("T")
_NOT_OURS = (KeyboardInterrupt, GeneratorExit)
"""Neither is a word of the program: the operator ends the process, the loop a coroutine."""
_CANCELLED = "The work was cancelled"
logger = logging.getLogger("streamops_server")


class Connection(Channel, Protocol):
    """A connection, and the session that it serves; None once another connection has taken that over."""

    live: Live | None


class Live:
    """One session, over one connection after another."""

    def __init__(
        self,
        session: Session,
        registry: Registry,
        request: Request,
        channel: Connection,
        sessions: SessionStore,
        ended: Callable[[Live], None],
    ) -> None:
        self.session = session
        self.program = session.program
        self.principal = request.principal
        self.view: View | None = None
        self._channel: Connection | None = channel
        self._registry = registry
        self._request = request
        self._sessions = sessions
        self._tell_end = ended
        self._offered: frozenset[str] = frozenset()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._producers: dict[asyncio.Task[Any], Producer] = {}
        self.pump = Pump(session, channel, self.end)
        channel.live = self

    # -- the connection --------------------------------------------------------------------

    def received(self, message: str | bytes) -> None:
        """One message of the client."""
        if isinstance(message, bytes):
            self.session.receive_binary()
        else:
            for asked in self.session.receive(message, self._loop.time()):
                if isinstance(asked, Hello):
                    self._greet(asked)
                elif isinstance(asked, Cancel):
                    self._cancel(asked)
                else:
                    self._answer(asked)
        self.pump.schedule()

    def shut_down(self) -> None:
        self.session.fail("shutting_down", "The server is ending")
        self.pump.flush()

    async def lost(self, *, for_good: bool = False) -> None:
        """The connection is gone; the session goes on if it can, unless its client left `for_good`."""
        self._channel = None
        if for_good or not self.session.lost(self._loop.time()):
            self.end()
            await self.over()
            return
        self.pump.attach(None)
        oldest = self._sessions.detached(self)
        if oldest is not None:
            oldest.end()

    def end(self) -> None:
        """The session has ended: stop every producer."""
        self.session.over()
        self.pump.stop()
        self._sessions.remove(self)
        for task in self._tasks:
            task.cancel()
        self._tell_end(self)

    async def over(self) -> None:
        """Give the producers of an ended session time to clean up."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.session.limits.cancel_ms / 1000)

    def _take_over(self, other: Live, hello: Hello) -> bool:
        """Go on with the connection of `other`, which has not begun; whether that can be (chapter 11)."""
        channel = other._channel
        if channel is None or not self.session.may_resume(hello, self._offered):
            return False
        if self._channel is not None:  # RES-9
            self._channel.live = None
            kind = load_protocol().close_codes["taken_over"]
            words = SessionError("taken_over", "Another connection has resumed this session", True, False)
            self._channel.write_frames([encode(words)])
            self._channel.end(kind.close, "taken_over")
            self.session.lost(self._loop.time())
        other._channel = None
        other.end()
        self._channel = channel
        channel.live = self
        self._sessions.attached(self)
        self.session.resume(hello, self._loop.time(), self._fresh_view)
        self.pump.attach(channel)
        return True

    def _fresh_view(self) -> Collection[str] | None:
        """Accept the view as it is now, for a client that has missed some; the streams of its map."""
        if self.view is None or "view" not in self.program.caps or not self.session.is_mounted:
            return None
        try:
            return self._push(self.view, templates.render(self.view))
        except _NOT_OURS:
            raise
        except BaseException:
            logger.exception("The view of %s could not be sent", type(self.view).__name__)
            return None

    # -- producers -------------------------------------------------------------------------

    def caller(self) -> Producer:
        """Who runs now. Raises RuntimeError outside of handlers, mounts and their tasks."""
        try:
            return CALLER.get()
        except LookupError:
            raise RuntimeError(
                "Streaming calls are made by handlers and by tasks that they start with self.start_task()"
            ) from None

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        if self.program.closed:
            work.close()
            raise asyncio.CancelledError
        producer = Producer(self.caller())
        begun: list[bool] = []
        task = self._spawn(self._work(work, producer, begun), producer)

        def ended(_task: asyncio.Task[T]) -> None:
            work.close()
            if not begun:  # cancelled before its first step: nobody else tells of its end
                self.program.end(producer, "owner_cancelled")
                self.pump.schedule()

        task.add_done_callback(ended)
        return task

    def _spawn(self, work: Coroutine[Any, Any, T], producer: Producer | None = None) -> asyncio.Task[T]:
        """Run it; a `cancel` that stops the `producer` cancels it."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        if producer is not None:
            self._producers[task] = producer
        task.add_done_callback(self._forget)
        return task

    def _cancel(self, asked: Cancel) -> None:
        """Stop means stop: the owner of that run, with its tasks, is cancelled (FLW-9)."""
        owner = self.session.cancel(asked, self._loop.time())
        if owner is None:
            return
        for task, producer in list(self._producers.items()):
            if owner in producer.line():
                task.cancel()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._producers.pop(task, None)
        if not task.cancelled():
            task.exception()  # it was logged where it was raised

    async def _work(self, work: Coroutine[Any, Any, T], producer: Producer, begun: list[bool]) -> T:
        begun.append(True)
        CALLER.set(producer)
        outcome: Outcome = "owner_returns"
        try:
            return await work
        except asyncio.CancelledError:
            outcome = "owner_cancelled"
            raise
        except _NOT_OURS:
            raise
        except BaseException as error:
            outcome = "owner_raises"
            logger.exception("A task of %s raised", type(self.view).__name__)
            if isinstance(error, SystemExit):  # out of a task it would end the loop
                raise RuntimeError(f"The task raised {error!r}") from error
            raise
        finally:
            self.program.end(producer, outcome)
            self.pump.schedule()

    # -- mounting --------------------------------------------------------------------------

    def _greet(self, hello: Hello) -> None:
        if hello.resume is not UNSET:
            known = self._sessions.find(hello.resume.session, self.principal)
            if known is not None and known.session.is_late(hello):
                text = "This client has resumed its session on a later connection"
                self.session.fail("taken_over", text)
                return
            if known is not None and known._take_over(self, hello):
                return
        named = hello.view
        cls = self._registry.default if not named else self._registry.views.get(named.name)
        if named and cls is None:
            text = f"There is no view {named.name[:100]!r}; {self._registry.offer()}"
            self.session.fail("bad_params", text, close="internal", retryable=False)
            return
        self._offered = self._registry.capabilities(cls)
        self.session.welcome(self._offered)
        if self.session.can_be_resumed:
            self._sessions.add(self)
        if cls is None:
            self._spawn_events(self.session.mounted())
            return
        self.view = cls()
        self.view._live = self
        self._spawn(self._mount(self.view, named.params if named else {}))

    async def _mount(self, view: View, params: dict[str, Any]) -> None:
        producer = Producer()
        CALLER.set(producer)
        outcome: Outcome = "owner_returns"
        try:
            try:
                _check_mount(view, params)
                result = view.mount(self._request, **params)
                if inspect.isawaitable(result):
                    await result
            except asyncio.CancelledError:
                outcome = "owner_cancelled"
                if self.program.closed:
                    raise
                # A run of the mount was stopped or superseded, which is not the session's end.
            if "view" in self.program.caps:
                html = templates.render(view)
                self.session.views.first(html, *templates.marks(html))
        except asyncio.CancelledError:
            self.program.end(producer, outcome)
            raise
        except _NOT_OURS:
            raise
        except BaseException as error:
            logger.exception("The mount of %s raised", type(view).__name__)
            self.program.end(producer, "owner_raises")
            code, text = _explain(error)
            self.session.fail(code, text, close="internal", retryable=False)
        else:
            self.program.end(producer, outcome)
            self._spawn_events(self.session.mounted())
        self.pump.schedule()

    # -- events ----------------------------------------------------------------------------

    def _spawn_events(self, events: list[Event]) -> None:
        for event in events:
            self._answer(event)

    def _answer(self, event: Event) -> None:
        """Start the event's handler; handlers run concurrently (EVT-4), starting in ref order (EVT-5)."""
        view = self.view
        if view is None:
            self.session.reply(event.ref, "unknown_event", f"No view is mounted; {self._registry.offer()}")
            return
        if not view.allows(event.event, self.program.caps):
            self.session.reply(event.ref, "unknown_event", f"There is no event {event.event[:100]!r}")
            return
        handler = getattr(view, view.events[event.event])
        try:
            work = handler(**event.params)  # an async def: only the params are bound here, nothing runs
        except TypeError as error:
            self.session.reply(event.ref, BadParams.code, f"These params do not fit: {error}")
            return
        producer = Producer()
        task = self._spawn(self._handle(view, work, event.ref, producer), producer)
        task.add_done_callback(lambda _: work.close())  # matters only if it never took its first step

    async def _handle(self, view: View, work: Coroutine[Any, Any, Any], ref: int, producer: Producer) -> None:
        CALLER.set(producer)
        outcome: Outcome = "owner_returns"
        code: str | None = None
        text = ""
        try:
            await work
        except asyncio.CancelledError:
            outcome, code, text = "owner_cancelled", "cancelled", _CANCELLED
        except _NOT_OURS:
            raise
        except BaseException as error:
            logger.exception("A handler of %s raised", type(view).__name__)
            outcome = "owner_raises"
            code, text = _explain(error)
        if producer.is_stopped:  # FLW-12: whatever it made of its cancellation
            code, text = "cancelled", _CANCELLED
        # From here to the reply no await: the order on the wire (EVT-2, EVT-3) is that of these lines.
        self.program.end(producer, outcome)
        try:
            self._final_view(view)
        except _NOT_OURS:
            raise
        except BaseException as error:
            logger.exception("The final view of %s could not be sent", type(view).__name__)
            if code is None and not isinstance(error, Overflow):  # EVT-8: the handler itself did not raise
                code, text = _explain(error)
        self.session.reply(ref, code, text)
        self.pump.schedule()

    def push_view(self, caller: Producer) -> None:
        """The view as it is now. While the mount runs nothing: its end sends the first view."""
        self.program.check_alive(caller)
        if not self.session.is_mounted:
            return
        assert self.view is not None
        self._push(self.view, templates.render(self.view))

    def _final_view(self, view: View) -> None:
        if "view" not in self.program.caps or self.program.closed:
            return
        html = templates.render(view)
        if not self.session.views.changes_nothing(html):
            self._push(view, html)

    def _push(self, view: View, html: str) -> Collection[str]:
        found = templates.marks(html)
        names = self.session.views.push(html, *found, renders=view.template_renders)
        self.pump.schedule()
        return names


def _check_mount(view: View, params: dict[str, Any]) -> None:
    """Raises BadParams where `mount` takes no such params; what it raises itself is another matter."""
    try:
        inspect.signature(view.mount).bind(None, **params)
    except TypeError as error:
        raise BadParams(f"These params do not fit: {error}") from None


def _explain(error: BaseException) -> tuple[str, str]:
    """Code and text for the client: its own words only for errors that are made for it."""
    if isinstance(error, ProgramError):
        return error.code, str(error)
    return "app_error", APP_ERROR_TEXT
