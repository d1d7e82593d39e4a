"""Runs one view of a session: its mount, its handlers, its renderings.

Rule 1: the end of a handler, the operations that it inserts, its final view and its reply are one
step, without an await in between (EVT-2, EVT-3).
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from streamops_server.core.arguments import target_of
from streamops_server.core.errors import Fenced, Overflow
from streamops_server.core.frames import Event
from streamops_server.core.ops import NEEDS
from streamops_server.core.producers import Producer
from streamops_server.core.session import Session
from streamops_server.current_producer import CURRENT, current_producer
from streamops_server.errors import BadParams, StreamCancelled
from streamops_server.inbox import Inbox, Messages
from streamops_server.producer_tasks import ProducerTasks
from streamops_server.program_code import ProgramCode, catching, explain, logger, short
from streamops_server.pump import Pump
from streamops_server.rendered_html import inner_html, stream_names
from streamops_server.request import Request
from streamops_server.services import Services
from streamops_server.thread_calls import ThreadCalls
from streamops_server.view import View

P = ParamSpec("P")
T = TypeVar("T")
_CANCELLED = ("cancelled", "The work was cancelled")
_FOREIGN = (
    "This {} belongs to another session, and only the handlers and tasks of that session may write to it."
    " Let it self.subscribe() to a topic, and reach it with self.broadcast(topic, message): each view that"
    " subscribed shows the message in its own handle_message()"
)


class ViewRunner:
    """The `StreamingBackend` of one mounted view."""

    def __init__(
        self, view: View, session: Session, pump: Pump, tasks: ProducerTasks, services: Services
    ) -> None:
        self.program = session.program
        self.turn = pump.turn
        self.view = view
        self.inbox = Inbox(services.topics, session.limits.max_inbox, self._run_message, self._fell_behind)
        self._session = session
        self._pump = pump
        self._tasks = tasks
        self._renderer = services.renderer
        self._topics = services.topics
        self._name = type(view).__name__
        self._root_tag = type(view).root_tag
        self.call_from_thread = ThreadCalls(tasks, self.check_caller).call
        self._context = contextvars.copy_context()
        """What a message runs in: nothing of the context of its sender."""
        tasks.view = self._name
        view._streamops_mount(self)

    def _code(self, what: str) -> ProgramCode:
        """Code of the program; `what` ends with a preposition, and the name of the view follows."""
        return ProgramCode(f"{what} {self._name}", self._session.id)

    # -- streaming calls -------------------------------------------------------------------

    def call(self, call: Callable[Concatenate[Producer, P], None], *args: P.args, **kwargs: P.kwargs) -> None:
        """A streaming call by the current producer. Raises StreamCancelled if that has to stop."""
        self._as_caller(call, *args, **kwargs)
        self._pump.touch()

    def _as_caller(self, call: Callable[Concatenate[Producer, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call with the current producer: the one place that turns a fence into a cancellation."""
        producer = self.check_caller()
        try:
            return call(producer, *args, **kwargs)
        except Fenced:
            raise StreamCancelled from None

    def check_caller(self) -> Producer:
        """The current producer. Raises RuntimeError if it is not one of this session."""
        producer = current_producer()
        if producer.session is not self.program:
            raise RuntimeError(_FOREIGN.format(self._name))
        return producer

    async def room(self, name: str) -> None:
        """Wait while the stream is full (FLW-7)."""
        self.check_caller()  # nobody waits for another session
        await self._pump.room(name)

    async def room_for_view(self) -> None:
        """Wait while too many bytes of views are pending."""
        self.check_caller()
        await self._pump.room_for_view()

    def render_target(self, name: str, target: str) -> str:
        """The inner html of a target of the stream, as the template renders it now. Raises LookupError."""
        self._as_caller(self.program.open_to, name, NEEDS["replace"])
        return inner_html(self._render(), target_of(target), self._root_tag)

    def push_view(self) -> None:
        """Send the view as it is now. Does nothing during the mount, whose end sends the first view."""
        self._as_caller(self.program.check_alive)
        if self._session.is_mounted:
            self._push(self._render())

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` as a task that belongs to the current producer. Raises TypeError for anything else."""
        if not asyncio.iscoroutine(work):
            raise TypeError(
                f"start_task runs a coroutine, and not {work!r:.80};"
                " call the function: self.start_task(self.work())"
            )
        with catching() as checking:
            self.check_caller()
        if checking.error is not None:
            work.close()  # or Python would complain that nobody awaited it
            raise checking.error
        return self._tasks.start(work)

    # -- messages --------------------------------------------------------------------------

    async def publish(self, topic: str, message: Any, *, to_self: bool) -> None:
        """Publish a message to a topic; anybody may."""
        await self._topics.publish(topic, message, None if to_self else self.inbox)

    def listen_to(self, topic: str) -> Messages:
        """What is published to a topic, for the current producer."""
        self.check_caller()
        return Messages(self._topics, topic, self._session.limits.max_inbox, self._fell_behind)

    def _run_message(self, topic: str, message: Any) -> asyncio.Task[Any]:
        producer = Producer(session=self.program)
        work = self._run_owner(self._handle_message(topic, message), producer, "handle_message of")
        return self._tasks.spawn(work, producer, self._context.copy())

    async def _handle_message(self, topic: str, message: Any) -> None:
        await self.view.handle_message(topic, message)  # called here, so that what it raises is caught

    def _fell_behind(self) -> None:
        most = self._session.limits.max_inbox
        logger.warning(
            "%s of session %s has %d messages of topics waiting", self._name, short(self._session.id), most
        )
        text = f"More than {most} messages wait for this view"
        # not `slow_consumer`, after which the session would be resumed without the message
        self._session.fail("overflow", text, close="internal", retryable=True)
        self._pump.schedule()

    # -- the mount -------------------------------------------------------------------------

    async def mount(self, request: Request, params: dict[str, Any]) -> None:
        """Run the view's mount, send the first view, and start the events that waited.

        If either raises, the session fails (CON-9).
        """
        producer = Producer(session=self.program)
        CURRENT.set(producer)
        with self._code("The mount of") as mounting:
            _check_params(self.view, params)
            result = self.view.mount(request, **params)
            if inspect.isawaitable(result):
                await result
        outcome, error = mounting.outcome, mounting.error
        if outcome == "owner_cancelled" and self.program.closed:
            self.program.end(producer, outcome)
            return
        if outcome != "owner_raises":  # if cancelled, a run of the mount was stopped or superseded
            with self._code("Rendering the first view of") as rendering:
                self._first_view()
            if rendering.error is not None:
                outcome, error = "owner_raises", rendering.error
        with self._code("Ending the runs of the mount of") as ending:
            self.program.end(producer, outcome)
        if ending.error is not None:
            outcome, error = "owner_raises", ending.error
        if error is not None and outcome == "owner_raises":
            self._session.fail(*explain(error), close="internal", retryable=False)
        else:
            for event in self._session.mounted():
                self.handle(event)
            self.inbox.open()
        self._pump.schedule()

    # -- events ----------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Start the event's handler; handlers run concurrently (EVT-4), and start in ref order (EVT-5)."""
        with self._code(f"Beginning the event {event.event[:100]!r} of") as beginning:
            work = self._work_of(event)
        if beginning.error is not None:
            self._session.reply(event.ref, *explain(beginning.error))
        if beginning.error is not None or work is None:
            return
        producer = Producer(session=self.program)
        task = self._tasks.spawn(self._run_handler(work, event.ref, producer), producer)
        task.add_done_callback(lambda _: work.close())  # needed if it was cancelled before its first step

    def _work_of(self, event: Event) -> Coroutine[Any, Any, Any] | None:
        """The handler's coroutine, which has not begun; None if the event was refused."""
        view = self.view
        if not view.allows(event.event, self.program.caps):
            self._session.reply(event.ref, "unknown_event", f"There is no event {event.event[:100]!r}")
            return None
        handler: Callable[..., Coroutine[Any, Any, Any]]
        handler = getattr(view, type(view)._streamops_events[event.event])
        try:
            return handler(**event.params)  # an async def: this binds the params and runs nothing
        except TypeError as error:
            self._session.reply(event.ref, BadParams.code, f"These params do not fit: {error}")
            return None

    async def _run_handler(self, work: Coroutine[Any, Any, Any], ref: int, producer: Producer) -> None:
        failure = await self._run_owner(work, producer, "A handler of")
        # Rule 1: no await between the end of `_run_owner` and the reply.
        self._session.reply(ref, *(failure or ()))
        self._pump.schedule()

    async def _run_owner(
        self, work: Coroutine[Any, Any, Any], producer: Producer, what: str
    ) -> tuple[str, str] | None:
        """Run a handler, end its runs, and send its final view; returns the code and text of its failure."""
        CURRENT.set(producer)
        with self._code(what) as code:
            await work
        failure: tuple[str, str] | None = None
        if code.outcome == "owner_cancelled" or producer.is_stopped:  # FLW-12: however it ended
            failure = _CANCELLED
        elif code.error is not None:
            failure = explain(code.error)
        # Rule 1: no await from here on.
        with self._code("Ending the runs of a handler of") as ending:
            self.program.end(producer, code.outcome)
        self._tasks.release_calls()
        if failure is None and ending.error is not None:
            failure = explain(ending.error)
        with self._code("Rendering the final view of") as rendering:
            self._final_view()
        error = rendering.error
        if failure is None and error is not None and not isinstance(error, Overflow):
            failure = explain(error)  # EVT-8: only if the handler itself did not raise
        self._pump.schedule()
        return failure

    # -- views -----------------------------------------------------------------------------

    def fresh_view(self) -> Collection[str] | None:
        """Accept a view of the current state, for a client that missed some.

        Returns the streams of its map; None if there is no view to send.
        """
        if "view" in self.program.caps and self._session.is_mounted:
            with self._code("Rendering a fresh view of"):
                return self._push(self._render())
        return None

    def _first_view(self) -> None:
        if "view" in self.program.caps:
            html = self._render()
            self._session.views.first(html, *stream_names(html, self._root_tag))

    def _final_view(self) -> None:
        if "view" not in self.program.caps or self.program.closed:
            return
        html = self._render()
        if not self._session.views.changes_nothing(html):
            self._push(html)

    def _push(self, html: str) -> Collection[str]:
        marked = stream_names(html, self._root_tag)
        names = self._session.views.push(html, *marked, renders=type(self.view).template_renders)
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
