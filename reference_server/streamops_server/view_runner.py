"""Runs one view of a session: its mount, its handlers, its renderings.

Rule 1: the end of a handler, the operations that it inserts, its final view and its reply are one
step, without an await in between (EVT-2, EVT-3).
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from streamops_server.core.errors import Fenced, Overflow
from streamops_server.core.frames import Event
from streamops_server.core.ops import NEEDS, check_target
from streamops_server.core.producers import Producer
from streamops_server.core.session import Session
from streamops_server.current_producer import CURRENT, current_producer
from streamops_server.errors import BadParams, StreamCancelled
from streamops_server.interfaces.renderer import Renderer
from streamops_server.producer_tasks import ProducerTasks
from streamops_server.program_code import ProgramCode, explain
from streamops_server.pump import Pump
from streamops_server.rendered_html import inner_html, stream_names
from streamops_server.request import Request
from streamops_server.view import View

P = ParamSpec("P")
T = TypeVar("T")
_CANCELLED = ("cancelled", "The work was cancelled")
_FOREIGN = (
    "This {} belongs to another session, and only the handlers and tasks of that session may write to it."
    " Put the news where a task of that session waits for it, for example into an asyncio.Queue"
)


class ViewRunner:
    """The `StreamingBackend` of one mounted view."""

    def __init__(
        self, view: View, session: Session, pump: Pump, tasks: ProducerTasks, renderer: Renderer
    ) -> None:
        self.program = session.program
        self.turn = pump.turn
        self.view = view
        self._session = session
        self._pump = pump
        self._tasks = tasks
        self._renderer = renderer
        self._name = type(view).__name__
        view._backend = self

    # -- streaming calls -------------------------------------------------------------------

    def call(self, call: Callable[Concatenate[Producer, P], None], *args: P.args, **kwargs: P.kwargs) -> None:
        """A streaming call by the current producer. Raises StreamCancelled if that has to stop."""
        self._as_caller(call, *args, **kwargs)
        self._pump.touch()

    def _as_caller(self, call: Callable[Concatenate[Producer, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call with the current producer: the one place that turns a fence into a cancellation."""
        producer = current_producer()
        if producer.session is not self.program:
            raise RuntimeError(_FOREIGN.format(self._name))
        try:
            return call(producer, *args, **kwargs)
        except Fenced:
            raise StreamCancelled from None

    async def room(self, name: str) -> None:
        """Wait while the stream is full (FLW-7)."""
        await self._pump.room(name)

    async def room_for_view(self) -> None:
        """Wait while too many bytes of views are pending."""
        await self._pump.room_for_view()

    def render_target(self, name: str, target: str) -> str:
        """The inner html of a target of the stream, as the template renders it now. Raises LookupError."""
        self._as_caller(self.program.open_to, name, NEEDS["replace"])
        check_target(target)
        return inner_html(self._render(), target)

    def push_view(self) -> None:
        """Send the view as it is now. Does nothing during the mount, whose end sends the first view."""
        self._as_caller(self.program.check_alive)
        if self._session.is_mounted:
            self._push(self._render())

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` as a task that belongs to the current producer."""
        return self._tasks.start(work)

    # -- the mount -------------------------------------------------------------------------

    async def mount(self, request: Request, params: dict[str, Any]) -> None:
        """Run the view's mount, send the first view, and start the events that waited.

        If either raises, the session fails (CON-9).
        """
        producer = Producer(session=self.program)
        CURRENT.set(producer)
        with ProgramCode(f"The mount of {self._name}") as mounting:
            _check_params(self.view, params)
            result = self.view.mount(request, **params)
            if inspect.isawaitable(result):
                await result
        outcome, error = mounting.outcome, mounting.error
        if outcome == "owner_cancelled" and self.program.closed:
            self.program.end(producer, outcome)
            return
        if outcome != "owner_raises":  # if cancelled, a run of the mount was stopped or superseded
            with ProgramCode(f"Rendering the first view of {self._name}") as rendering:
                self._first_view()
            if rendering.error is not None:
                outcome, error = "owner_raises", rendering.error
        self.program.end(producer, outcome)
        if error is not None and outcome == "owner_raises":
            self._session.fail(*explain(error), close="internal", retryable=False)
        else:
            for event in self._session.mounted():
                self.handle(event)
        self._pump.schedule()

    # -- events ----------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Start the event's handler; handlers run concurrently (EVT-4), and start in ref order (EVT-5)."""
        view = self.view
        if not view.allows(event.event, self.program.caps):
            self._session.reply(event.ref, "unknown_event", f"There is no event {event.event[:100]!r}")
            return
        handler = getattr(view, type(view).events[event.event])
        try:
            work = handler(**event.params)  # an async def: this binds the params and runs nothing
        except TypeError as error:
            self._session.reply(event.ref, BadParams.code, f"These params do not fit: {error}")
            return
        producer = Producer(session=self.program)
        task = self._tasks.spawn(self._run_handler(work, event.ref, producer), producer)
        task.add_done_callback(lambda _: work.close())  # needed if it was cancelled before its first step

    async def _run_handler(self, work: Coroutine[Any, Any, Any], ref: int, producer: Producer) -> None:
        CURRENT.set(producer)
        with ProgramCode(f"A handler of {self._name}") as code:
            await work
        failure: tuple[str, str] | None = None
        if code.outcome == "owner_cancelled" or producer.is_stopped:  # FLW-12: however it ended
            failure = _CANCELLED
        elif code.error is not None:
            failure = explain(code.error)
        # Rule 1: no await from here to the reply.
        with ProgramCode(f"Ending the runs of a handler of {self._name}") as ending:
            self.program.end(producer, code.outcome)
        if failure is None and ending.error is not None:
            failure = explain(ending.error)
        with ProgramCode(f"Rendering the final view of {self._name}") as rendering:
            self._final_view()
        error = rendering.error
        if failure is None and error is not None and not isinstance(error, Overflow):
            failure = explain(error)  # EVT-8: only if the handler itself did not raise
        self._session.reply(ref, *(failure or ()))
        self._pump.schedule()

    # -- views -----------------------------------------------------------------------------

    def fresh_view(self) -> Collection[str] | None:
        """Accept a view of the current state, for a client that missed some.

        Returns the streams of its map; None if there is no view to send.
        """
        if "view" in self.program.caps and self._session.is_mounted:
            with ProgramCode(f"Rendering a fresh view of {self._name}"):
                return self._push(self._render())
        return None

    def _first_view(self) -> None:
        if "view" in self.program.caps:
            html = self._render()
            self._session.views.first(html, *stream_names(html))

    def _final_view(self) -> None:
        if "view" not in self.program.caps or self.program.closed:
            return
        html = self._render()
        if not self._session.views.changes_nothing(html):
            self._push(html)

    def _push(self, html: str) -> Collection[str]:
        names = self._session.views.push(html, *stream_names(html), renders=self.view.template_renders)
        self._pump.schedule()
        return names

    def _render(self) -> str:
        return self._renderer.render(self.view.get_template(), self.view.get_context())


def _check_params(view: View, params: dict[str, Any]) -> None:
    """Raises BadParams if `mount` does not take these params; a TypeError of its own is not one."""
    try:
        inspect.signature(view.mount).bind(None, **params)
    except TypeError as error:
        raise BadParams(f"These params do not fit: {error}") from None
