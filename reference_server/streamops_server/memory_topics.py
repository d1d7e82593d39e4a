"""Messages between the views of this process."""

from __future__ import annotations

import asyncio
from typing import Any

from streamops_server.interfaces.topics import Subscriber

TURNS = 4
"""Turns of the event loop that a speaker leaves after each message. A member needs two for a message that it
handles without waiting, so a speaker who never waits does not make every member fall behind."""


class MemoryTopics:
    """`Topics` of one process. Every subscriber gets the same object."""

    def __init__(self) -> None:
        self._subscribers: dict[str, dict[Subscriber, None]] = {}

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """From now on the subscriber gets what is published."""
        self._subscribers.setdefault(topic, {})[subscriber] = None

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """From now on it gets nothing of that topic."""
        members = self._subscribers.get(topic, {})
        members.pop(subscriber, None)
        if not members:
            self._subscribers.pop(topic, None)  # or the names of all rooms that ever were would stay

    async def publish(self, topic: str, message: Any, without: Subscriber | None = None) -> None:
        """Deliver to every subscriber but `without`, in the order of their subscriptions."""
        for subscriber in list(self._subscribers.get(topic, ())):
            if subscriber is not without:
                subscriber.deliver(topic, message)
        for _ in range(TURNS):
            await asyncio.sleep(0)
