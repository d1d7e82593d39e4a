"""A session at work: the core, the view, and the tasks that run its handlers.

Rule 1: a handler's end, what it inserts, its final view and its reply are one step, no await.
Rule 2: a text of an exception never goes to the client (ERR-4); it goes to the log.
Rule 3: whatever a program raises, SystemExit included, ends its own work and never the process.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from streamops_server import templates
from streamops_server.core.errors import Overflow, ProgramError
from streamops_server.core.frames import Event, Hello
from streamops_server.core.inserting import APP_ERROR_TEXT
from streamops_server.core.owners import Producer
from streamops_server.core.program import Outcome
from streamops_server.core.session import Session
from streamops_server.errors import BadParams
from streamops_server.pump import CALLER, Pump
from streamops_server.registry import Registry
from streamops_server.view import Request, View

T = TypeVar("T")
_NOT_OURS = (KeyboardInterrupt, GeneratorExit)
"""Neither is a word of the program: the operator ends the process, the loop a coroutine."""
logger = logging.getLogger("streamops_server")


class Live:
    """One session. `write` sends frames at once, `close` ends the connection after them."""

    def __init__(
        self,
        session: Session,
        registry: Registry,
        request: Request,
        write: Callable[[list[bytes]], None],
        close: Callable[[int, str], None],
    ) -> None:
        self.session = session
        self.program = session.program
        self.pump = Pump(session, write, close)
        self.view: View | None = None
        self._registry = registry
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- the connection --------------------------------------------------------------------

    def received(self, message: str | bytes) -> None:
        """One message of the client."""
        if isinstance(message, bytes):
            self.session.receive_binary()
        else:
            for asked in self.session.receive(message, self._loop.time()):
                if isinstance(asked, Hello):
                    self._greet(asked)
                else:
                    self._answer(asked)
        self.pump.schedule()

    def shut_down(self) -> None:
        self.session.fail("shutting_down", "The server is ending")
        self.pump.flush()

    async def over(self) -> None:
        """The connection is gone: stop every producer."""
        self.session.over()
        self.pump.stop()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.session.limits.cancel_ms / 1000)

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
        task = self._spawn(self._work(work, producer, begun))

        def ended(_task: asyncio.Task[T]) -> None:
            work.close()
            if not begun:  # cancelled before its first step: nobody else tells of its end
                self.program.end(producer, "owner_cancelled")
                self.pump.schedule()

        task.add_done_callback(ended)
        return task

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
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
        named = hello.view
        cls = self._registry.default if not named else self._registry.views.get(named.name)
        if named and cls is None:
            text = f"There is no view {named.name[:100]!r}; {self._registry.offer()}"
            self.session.fail("bad_params", text, close="internal", retryable=False)
            return
        self.session.welcome(self._registry.capabilities(cls))
        if cls is None:
            self._spawn_events(self.session.mounted())
            return
        self.view = cls()
        self.view._live = self
        self._spawn(self._mount(self.view, named.params if named else {}))

    async def _mount(self, view: View, params: dict[str, Any]) -> None:
        producer = Producer()
        CALLER.set(producer)
        try:
            _check_mount(view, params)
            result = view.mount(self._request, **params)
            if inspect.isawaitable(result):
                await result
            if "view" in self.program.caps:
                html = templates.render(view)
                self.session.views.first(html, *templates.marks(html))
        except asyncio.CancelledError:
            self.program.end(producer, "owner_cancelled")
            raise
        except _NOT_OURS:
            raise
        except BaseException as error:
            logger.exception("The mount of %s raised", type(view).__name__)
            self.program.end(producer, "owner_raises")
            code, text = _explain(error)
            self.session.fail(code, text, close="internal", retryable=False)
        else:
            self.program.end(producer, "owner_returns")
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
        task = self._spawn(self._handle(view, work, event.ref))
        task.add_done_callback(lambda _: work.close())  # matters only if it never took its first step

    async def _handle(self, view: View, work: Coroutine[Any, Any, Any], ref: int) -> None:
        producer = Producer()
        CALLER.set(producer)
        outcome: Outcome = "owner_returns"
        code: str | None = None
        text = ""
        try:
            await work
        except asyncio.CancelledError:
            outcome, code, text = "owner_cancelled", "cancelled", "The work was cancelled"
        except _NOT_OURS:
            raise
        except BaseException as error:
            logger.exception("A handler of %s raised", type(view).__name__)
            outcome = "owner_raises"
            code, text = _explain(error)
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

    def _push(self, view: View, html: str) -> None:
        found = templates.marks(html)
        self.session.views.push(html, *found, renders=view.template_renders)
        self.pump.schedule()


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
