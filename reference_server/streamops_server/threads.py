"""Code that blocks: it runs in threads of its own, and reaches the view from there.

Rule 1: a thread is a daemon, so that a source that never returns holds up no shutdown. A pool has
few threads, which sources that wait for a network would take from one another.
Rule 2: a thread runs in the context of the handler that started it, so that its calls have an owner.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

from streamops_server.mounted import Mounted
from streamops_server.program_code import catching, for_a_future

P = ParamSpec("P")
T = TypeVar("T")
AHEAD = 8
"""How many items a source may be ahead of what the handler has taken."""


class ThreadsMixin(Mounted):
    """Blocking sources, and calls from threads."""

    def from_thread(
        self, source: Iterable[T] | Callable[[], Iterable[T]], *, ahead: int = AHEAD
    ) -> ThreadSource[T]:
        """`async for item in self.from_thread(source)`: iterate a blocking source in a thread of its own.

        `source` may be a function that returns the iterable; it is called in the thread. The thread waits
        while it is `ahead` items ahead, so a slow client holds the source. It stops at the next
        item, and closes the source, when the iteration is left by `aclose()` or `async with`, and at the
        latest when the task ends that called this, also if it was cancelled. What the source
        raises is raised by the iteration.
        """
        return ThreadSource(source, ahead)

    async def run_blocking(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` in a thread of its own; returns or raises what it does.

        A cancellation does not wait for it. The function learns of it by its next
        `call_from_thread`, which raises StreamCancelled.
        """
        return await asyncio.wrap_future(_Work(partial(function, *args, **kwargs)).result)

    def call_from_thread(self, function: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> Any:
        """In a thread: run `function` on the event loop and wait; returns or raises what it does.

        `await` is not needed: `self.call_from_thread(self.stream_text, "answer", token)`. It waits as
        long as the call waits for a slow client. Raises StreamCancelled if the owner was cancelled or
        the session has ended, and RuntimeError if the owner has ended otherwise, on the event loop
        itself, and in a thread without the context of a handler.
        """
        backend = self._streamops_mounted()
        return backend.call_from_thread(contextvars.copy_context(), function, *args, **kwargs)

    def thread_callback(self, function: Callable[..., Any], /, *args: Any) -> Callable[..., Any]:
        """A function that may be called in any thread, for a library that calls back in one of its own.

        It is `call_from_thread(function, *args, …)` for the handler or task that made it. Raises
        RuntimeError outside of these.
        """
        backend = self._streamops_mounted()
        backend.check_caller()
        context = contextvars.copy_context()

        def callback(*more: Any, **kwargs: Any) -> Any:
            return backend.call_from_thread(context, function, *args, *more, **kwargs)

        return callback


class ThreadSource(Generic[T]):
    """The asynchronous iterator over a blocking source. `aclose` stops it; so does `async with`."""

    def __init__(self, source: Iterable[T] | Callable[[], Iterable[T]], ahead: int) -> None:
        if ahead < 1:
            raise ValueError(f"ahead is {ahead}; give a number of items, 1 or more")
        if not callable(source) and not isinstance(source, Iterable):
            raise TypeError(
                f"{source!r:.80} cannot be iterated; give an iterable, or a function that returns one."
                " An asynchronous iterable needs no thread: use `async for` itself"
            )
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(ahead)
        self._stopped = False
        self._items: deque[T] = deque()
        self._ended: asyncio.Future[None] | None = None
        self._wake: asyncio.Future[None] | None = None
        self._task = asyncio.current_task()
        if self._task is not None:
            self._task.add_done_callback(self._stop)

    def __aiter__(self) -> ThreadSource[T]:
        return self

    async def __anext__(self) -> T:
        if self._ended is None:
            if self._stopped:
                raise StopAsyncIteration
            self._ended = asyncio.wrap_future(_Work(self._iterate).result)
            self._ended.add_done_callback(self._has_ended)
        while not self._items:
            if self._ended.done():
                await self._ended  # raises what the source raised
                raise StopAsyncIteration
            self._wake = self._loop.create_future()
            await self._wake
        self._room.release()
        return self._items.popleft()

    async def __aenter__(self) -> ThreadSource[T]:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop the source at its next item. Does not wait for it."""
        self._stop()

    def _stop(self, _task: object = None) -> None:
        self._stopped = True
        self._items.clear()
        self._room.release()

    def _has_ended(self, ended: asyncio.Future[None]) -> None:
        ended.exception()  # marks it as seen: the iteration may have been left
        if self._task is not None:
            self._task.remove_done_callback(self._stop)
        self._arrived()

    def _arrived(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _take(self, item: T) -> None:
        if not self._stopped:
            self._items.append(item)
            self._arrived()

    def _iterate(self) -> None:
        """In the thread."""
        source = self._source
        iterator = iter(source if isinstance(source, Iterable) else source())
        try:
            while self._room.acquire() and not self._stopped:
                try:
                    item = next(iterator)
                except StopIteration:
                    return
                with contextlib.suppress(RuntimeError):  # the loop has been closed, so nobody waits
                    self._loop.call_soon_threadsafe(self._take, item)
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()


class _Work(Generic[T]):
    """A function that runs in a thread of its own. `result` cannot be cancelled: nothing stops a thread."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self.result: concurrent.futures.Future[T] = concurrent.futures.Future()
        self.result.set_running_or_notify_cancel()
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run,), name="streamops", daemon=True).start()

    def _run(self) -> None:
        with catching() as code:
            value = self._function()
        if code.error is None:
            self.result.set_result(value)
        else:
            self.result.set_exception(for_a_future(code.error))
