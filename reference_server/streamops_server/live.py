"""A session at work: the core, the view, and the tasks that run its handlers.

Rule 1: a handler's end, what it inserts, its final view and its reply are one step, no await.
Rule 2: a text of an exception never goes to the client; it goes to the log.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from math import inf
from typing import Any, TypeVar

from streamops_server import templates
from streamops_server.core.errors import ProgramError
from streamops_server.core.frames import Event, Hello
from streamops_server.core.owners import Producer
from streamops_server.core.program import APP_ERROR_TEXT, Outcome
from streamops_server.core.session import Session
from streamops_server.errors import BadParams
from streamops_server.registry import Registry
from streamops_server.view import Request, View

T = TypeVar("T")
_caller: ContextVar[Producer] = ContextVar("streamops_caller")
logger = logging.getLogger("streamops_server")


class Live:
    """One session. `write` sends frames at once, `close` ends the connection after them."""

    CALLS_PER_BREATH = 64
    """Calls after which a producer lets others run, so that it cannot starve timers and pings."""

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
        self.calls = 0
        self.writable = True
        self.view: View | None = None
        self._registry = registry
        self._request = request
        self._write = write
        self._close = close
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._timer: asyncio.Handle | None = None
        self._flush_at = inf
        self._bound = session.limits.max_pending_bytes
        self.schedule()

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
        self.schedule()

    def set_writable(self, writable: bool) -> None:
        """Whether the transport takes more; while not, operations stay and coalesce (section 9)."""
        self.writable = writable
        self.schedule()

    def shut_down(self) -> None:
        self.session.fail("shutting_down", "The server is ending")
        self._flush()

    async def over(self) -> None:
        """The connection is gone: stop every producer."""
        self.session.over()
        if self._timer is not None:
            self._timer.cancel()
        self._wake()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.session.limits.cancel_ms / 1000)

    # -- sending ---------------------------------------------------------------------------

    def touch(self) -> None:
        """An operation was accepted: see to it that it will be sent."""
        if self._flush_at > self.session.outbox.next_tick:
            self.schedule()

    def schedule(self) -> None:
        """Arrange for `_flush` at the session's next deadline."""
        deadline = self.session.deadline(writable=self.writable)
        if deadline is None or deadline >= self._flush_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        if deadline <= self._loop.time():
            self._flush_at = -inf
            self._timer = self._loop.call_soon(self._flush)
        else:
            self._flush_at = deadline
            self._timer = self._loop.call_at(deadline, self._flush)

    def _flush(self) -> None:
        self._timer = None
        self._flush_at = inf
        closing = self.session.closing
        frames = self.session.flush(self._loop.time(), writable=self.writable)
        if frames:
            self._write(frames)
            self._wake()
        if self.session.closing is not None and (closing is None or frames):
            self._close(self.session.closing.code, self.session.closing.reason)
        self.schedule()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    # -- producers -------------------------------------------------------------------------

    def caller(self) -> Producer:
        """Who runs now. Raises RuntimeError outside of handlers, mounts and their tasks."""
        try:
            return _caller.get()
        except LookupError:
            raise RuntimeError(
                "Streaming calls are made by handlers and by tasks that they start with self.start_task()"
            ) from None

    def is_full(self, name: str) -> bool:
        queue = self.program.streams.get(name)
        return queue is not None and queue.pending_bytes >= self._bound

    async def room(self, name: str) -> None:
        """Wait while the stream's pending bytes reach their bound (section 9)."""
        while self.is_full(name) and not self.program.closed:
            await self._turn()

    async def room_for_view(self) -> None:
        while self.session.outbox.view_bytes >= self._bound and not self.program.closed:
            await self._turn()

    async def _turn(self) -> None:
        future = self._loop.create_future()
        self._waiting.append(future)
        await future

    async def breathe(self) -> None:
        self.calls += 1
        if self.calls % self.CALLS_PER_BREATH == 0:
            await asyncio.sleep(0)

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        if self.program.closed:
            work.close()
            raise asyncio.CancelledError
        return self._spawn(self._work(work, Producer(self.caller())))

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # it was logged where it was raised

    async def _work(self, work: Coroutine[Any, Any, T], producer: Producer) -> T:
        _caller.set(producer)
        outcome: Outcome = "owner_returns"
        try:
            return await work
        except asyncio.CancelledError:
            outcome = "owner_cancelled"
            raise
        except Exception:
            outcome = "owner_raises"
            logger.exception("A task of %s raised", type(self.view).__name__)
            raise
        finally:
            self.program.end(producer, outcome)
            self.schedule()

    # -- mounting --------------------------------------------------------------------------

    def _greet(self, hello: Hello) -> None:
        named = hello.view
        cls = self._registry.default if not named else self._registry.views.get(named.name)
        if named and cls is None:
            text = f"There is no view {named.name[:100]!r}"
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
        _caller.set(producer)
        try:
            _check_params(view.mount, self._request, **params)
            result = view.mount(self._request, **params)
            if inspect.isawaitable(result):
                await result
            if "view" in self.program.caps:
                html = templates.render(view)
                self.session.views.first(html, *templates.marks(html))
        except asyncio.CancelledError:
            self.program.end(producer, "owner_cancelled")
            raise
        except Exception as error:
            logger.exception("The mount of %s raised", type(view).__name__)
            self.program.end(producer, "owner_raises")
            code, text = _explain(error)
            self.session.fail(code, text, close="internal", retryable=False)
        else:
            self.program.end(producer, "owner_returns")
            self._spawn_events(self.session.mounted())
        self.schedule()

    # -- events ----------------------------------------------------------------------------

    def _spawn_events(self, events: list[Event]) -> None:
        for event in events:
            self._answer(event)

    def _answer(self, event: Event) -> None:
        """Start the event's handler; handlers run concurrently, in the order of their refs."""
        view = self.view
        if view is None or not view.allows(event.event, self.program.caps):
            self.session.reply(event.ref, "unknown_event", f"There is no event {event.event[:100]!r}")
            return
        handler = getattr(view, view.events[event.event])
        try:
            _check_params(handler, **event.params)
        except BadParams as error:
            self.session.reply(event.ref, error.code, str(error))
            return
        self._spawn(self._handle(view, handler(**event.params), event.ref))

    async def _handle(self, view: View, work: Coroutine[Any, Any, Any], ref: int) -> None:
        producer = Producer()
        _caller.set(producer)
        outcome: Outcome = "owner_returns"
        code: str | None = None
        text = ""
        try:
            await work
        except asyncio.CancelledError:
            outcome, code, text = "owner_cancelled", "cancelled", "The work was cancelled"
        except Exception as error:
            logger.exception("A handler of %s raised", type(view).__name__)
            outcome = "owner_raises"
            code, text = _explain(error)
        # From here to the reply no await: section 8's order is the order of these lines.
        self.program.end(producer, outcome)
        try:
            self._final_view(view)
        except Exception as error:
            logger.exception("The final view of %s could not be sent", type(view).__name__)
            if code is None:
                code, text = _explain(error)
        self.session.reply(ref, code, text)
        self.schedule()

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
        self.schedule()


def _check_params(function: Callable[..., Any], *args: Any, **params: Any) -> None:
    try:
        inspect.signature(function).bind(*args, **params)
    except TypeError as error:
        raise BadParams(f"These params do not fit: {error}") from None


def _explain(error: Exception) -> tuple[str, str]:
    """Code and text for the client: its own words only for errors that are made for it."""
    if isinstance(error, ProgramError):
        return error.code, str(error)
    return "app_error", APP_ERROR_TEXT
