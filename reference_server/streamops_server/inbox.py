"""The messages of topics for one view: they wait here, and run one after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from streamops_server.interfaces.topics import Topics


class Inbox:
    """The `Subscriber` of one mounted view.

    `run` starts the handling of one message as a task. `overflow` is called when more than `most`
    messages wait: the view has fallen behind, and to drop one of them would show a wrong page.
    """

    def __init__(
        self,
        topics: Topics,
        most: int,
        run: Callable[[str, Any], asyncio.Task[Any]],
        overflow: Callable[[], None],
    ) -> None:
        self._topics = topics
        self._most = most
        self._run = run
        self._overflow = overflow
        self._names: set[str] = set()
        self._waiting: deque[tuple[str, Any]] = deque()
        self._is_open = False
        self._is_busy = False
        self._is_closed = False

    def subscribe(self, topic: str) -> None:
        """Take what is published from now on; after the session's end, nothing."""
        if not self._is_closed:
            self._names.add(topic)
            self._topics.subscribe(topic, self)

    def unsubscribe(self, topic: str) -> None:
        """Take no more of that topic, nor what waits of it."""
        self._names.discard(topic)
        self._topics.unsubscribe(topic, self)
        self._waiting = deque(each for each in self._waiting if each[0] != topic)

    def open(self) -> None:
        """The mount has ended: handle what has come, and what comes."""
        self._is_open = True
        self._next()

    def close(self) -> None:
        """The session has ended: leave every topic."""
        self._is_closed = True
        for topic in list(self._names):
            self.unsubscribe(topic)

    def deliver(self, topic: str, message: Any) -> None:
        """Accept a message."""
        if topic not in self._names:
            return  # it left while the message was on its way
        if len(self._waiting) >= self._most:
            self.close()
            self._overflow()
            return
        self._waiting.append((topic, message))
        self._next()

    def _next(self) -> None:
        if self._is_open and not self._is_busy and self._waiting:
            self._is_busy = True
            self._run(*self._waiting.popleft()).add_done_callback(self._ended)

    def _ended(self, _task: asyncio.Task[Any]) -> None:
        self._is_busy = False
        self._next()


class Messages:
    """`async for message in …`: what is published to one topic, from the moment that this was made.

    A `Subscriber` that belongs to the task that made it: its subscription ends with the task, and with
    `aclose`. More than `most` waiting messages end the session, by `overflow`.
    """

    def __init__(self, topics: Topics, topic: str, most: int, overflow: Callable[[], None]) -> None:
        self._topics = topics
        self._topic = topic
        self._most = most
        self._overflow = overflow
        self._items: deque[Any] = deque()
        self._is_closed = False
        self._wake: asyncio.Future[None] | None = None
        topics.subscribe(topic, self)
        task = asyncio.current_task()
        if task is not None:
            task.add_done_callback(self._close)

    def __aiter__(self) -> Messages:
        return self

    async def __anext__(self) -> Any:
        while not self._items:
            if self._is_closed:
                raise StopAsyncIteration
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        return self._items.popleft()

    async def aclose(self) -> None:
        """Leave the topic; what waits is dropped."""
        self._close()

    def deliver(self, _topic: str, message: Any, /) -> None:
        """Accept a message."""
        if self._is_closed:
            return  # it left while the message was on its way
        if len(self._items) >= self._most:
            self._close()
            self._overflow()
            return
        self._items.append(message)
        self._arrived()

    def _arrived(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _close(self, _task: object = None) -> None:
        self._is_closed = True
        self._items.clear()
        self._topics.unsubscribe(self._topic, self)
        self._arrived()
