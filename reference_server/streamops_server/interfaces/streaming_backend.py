"""The seam between a view's streaming calls and the session that carries them out."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from streamops_server.core.producers import Producer
from streamops_server.core.program import Program
from streamops_server.core.turn import Turn

P = ParamSpec("P")
T = TypeVar("T")


class Inbox(Protocol):
    """The topics that one view subscribed to."""

    def subscribe(self, topic: str) -> None:
        """Take what is published from now on."""

    def unsubscribe(self, topic: str) -> None:
        """Take no more of that topic."""


class StreamingBackend(Protocol):
    """What a mounted view asks of its session. Calls are made by the producer that runs now.

    Each raises RuntimeError outside of handlers, mounts and their tasks, and StreamCancelled for a
    producer that has to stop.
    """

    program: Program
    turn: Turn
    """When the current producer has to let others run."""

    def call(self, call: Callable[Concatenate[Producer, P], None], *args: P.args, **kwargs: P.kwargs) -> None:
        """`call`, a method of `program`, made by the current producer; what it accepts is sent in time."""

    async def room(self, name: str) -> None:
        """Wait while the stream is full (FLW-7)."""

    async def room_for_view(self) -> None:
        """Wait while too many bytes of views are pending."""

    def render_target(self, name: str, target: str) -> str:
        """The inner html of a target of the stream, as the template renders it now.

        Raises what `Program.replace` raises, and LookupError if the template does not render the target.
        """

    def push_view(self) -> None:
        """Send the view as it is now."""

    @property
    def inbox(self) -> Inbox:
        """The view's subscriptions."""

    def listen_to(self, topic: str) -> AsyncIterator[Any]:
        """What is published to a topic, for the current producer."""

    async def publish(self, topic: str, message: Any, *, to_self: bool) -> None:
        """Publish a message to a topic."""

    def check_caller(self) -> Producer:
        """The current producer. Raises RuntimeError outside of this session's producers."""

    def call_from_thread(
        self, context: contextvars.Context, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Run `function` on the event loop in `context`, and wait for its result in this thread."""

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` as a task that belongs to the current producer."""
