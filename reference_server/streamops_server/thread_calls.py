"""Calls from threads: each runs on the event loop, as a task of its owner, and its thread waits."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import inspect
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from streamops_server.core.errors import OwnerEnded
from streamops_server.core.producers import Producer
from streamops_server.errors import StreamCancelled
from streamops_server.producer_tasks import ProducerTasks
from streamops_server.program_code import catching, for_a_future

Result = concurrent.futures.Future[Any]


class ThreadCalls:
    """Made on the thread of the event loop. `check` returns the producer in whose context it runs."""

    def __init__(self, tasks: ProducerTasks, check: Callable[[], Producer]) -> None:
        self._tasks = tasks
        self._check = check
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def call(
        self, context: contextvars.Context, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Run `function` on the event loop in `context`, and wait for its result in this thread.

        Raises what it raises, StreamCancelled if its owner is or was cancelled, OwnerEnded if that has
        ended, and RuntimeError on the event loop's own thread and for a context without a producer.
        """
        if threading.get_ident() == self._thread:
            raise RuntimeError(
                "This is the thread of the event loop, which may not wait: await the call itself"
            )
        producer = context.run(self._check)
        result: Result = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(
            self._begin, context, producer, result, partial(function, *args, **kwargs)
        )
        return result.result()

    def _begin(
        self, context: contextvars.Context, producer: Producer, result: Result, function: Callable[[], Any]
    ) -> None:
        def refuse() -> None:
            too_late = producer.finished and not producer.cancelled
            result.set_exception(OwnerEnded() if too_late else StreamCancelled())

        if producer.finished:
            refuse()
            return
        work = _answer(result, function)

        def ended(_task: asyncio.Task[None]) -> None:
            work.close()  # needed if it was cancelled before its first step
            if not result.done():
                refuse()

        self._tasks.call(work, producer, context).add_done_callback(ended)


async def _answer(result: Result, function: Callable[[], Any]) -> None:
    with catching() as code:
        value = function()
        if inspect.isawaitable(value):
            value = await value
    if code.error is None:
        result.set_result(value)
    elif code.outcome != "owner_cancelled":
        result.set_exception(for_a_future(code.error))
