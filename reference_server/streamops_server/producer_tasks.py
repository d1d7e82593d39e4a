"""The tasks of a session, and the producer that each of them runs."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from streamops_server.core.producers import Producer
from streamops_server.core.program import Outcome, Program
from streamops_server.current_producer import CURRENT, current_producer
from streamops_server.program_code import ProgramCode, was_logged

T = TypeVar("T")


class ProducerTasks:
    """`changed` is called after a task has ended its runs, since there is something to send.

    `session` is the id of the session, for the log.
    """

    def __init__(self, program: Program, changed: Callable[[], None], session: str) -> None:
        self.view = ""
        """The name of the view, for the log."""
        self._program = program
        self._changed = changed
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._producers: dict[asyncio.Task[Any], Producer | None] = {}
        self._calls: dict[asyncio.Task[None], Producer] = {}
        """Calls from threads, which wait for a client perhaps when their producer has ended."""

    def __len__(self) -> int:
        """How many tasks have not ended."""
        return len(self._producers)

    def spawn(
        self,
        work: Coroutine[Any, Any, T],
        producer: Producer | None = None,
        context: contextvars.Context | None = None,
    ) -> asyncio.Task[T]:
        """Run `work` as a task. `cancel` of its `producer`, or of one above it, cancels the task."""
        task = self._loop.create_task(work, context=context)
        self._producers[task] = producer
        task.add_done_callback(self._forget)
        return task

    def call(
        self, work: Coroutine[Any, Any, None], producer: Producer, context: contextvars.Context
    ) -> asyncio.Task[None]:
        """Run `work`, a call of a thread, as a task that ends with its producer."""
        task = self.spawn(work, producer, context)
        self._calls[task] = producer
        task.add_done_callback(self._calls.pop)
        return task

    def release_calls(self) -> None:
        """A producer has ended: its calls have nothing to wait for."""
        for task, producer in list(self._calls.items()):
            if producer.finished:
                task.cancel()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` as a producer below the current one.

        Raises CancelledError after the session's end, RuntimeError outside of a producer.
        """
        if self._program.closed:
            work.close()
            raise asyncio.CancelledError
        producer = Producer(current_producer())
        begun: list[Producer] = []
        task = self.spawn(self._run(work, producer, begun), producer)

        def ended(_task: asyncio.Task[T]) -> None:
            work.close()
            if not begun:  # cancelled before its first step: `_run` did not end it
                self._end(producer, "owner_cancelled")

        task.add_done_callback(ended)
        return task

    async def _run(self, work: Coroutine[Any, Any, T], producer: Producer, begun: list[Producer]) -> T:
        begun.append(producer)
        CURRENT.set(producer)
        name = getattr(work, "__qualname__", work)
        with ProgramCode(f"The task {name} of {self.view}", self._session) as code:
            result = await work
        self._end(producer, code.outcome)
        if isinstance(code.error, SystemExit):  # raised by a task, it would end the loop
            raise was_logged(RuntimeError(f"The task raised {code.error!r}")) from code.error
        if code.error is not None:
            raise was_logged(code.error)
        return result

    def cancel(self, owner: Producer) -> None:
        """Cancel the tasks of `owner` and of the producers below it."""
        for task, producer in list(self._producers.items()):
            if producer is not None and owner in producer.line():
                task.cancel()

    def cancel_all(self) -> None:
        """Cancel every task."""
        for task in list(self._producers):
            task.cancel()

    async def wait(self, seconds: float) -> None:
        """Wait for all tasks to end, at most `seconds`."""
        if self._producers:
            await asyncio.wait(self._producers, timeout=seconds)

    def _end(self, producer: Producer, outcome: Outcome) -> None:
        with ProgramCode(f"Ending the runs of a task of {self.view}", self._session):
            self._program.end(producer, outcome)
        self.release_calls()
        self._changed()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        del self._producers[task]
        if not task.cancelled():
            task.exception()  # it was logged where it was raised
