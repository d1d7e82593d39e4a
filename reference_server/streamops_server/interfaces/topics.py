"""The seam of messages between views: who subscribes to a topic, and how a message gets there.

`memory_topics` is the default: one process. An implementation over several nodes keeps the subscribers of its
own node here as well, and delivers to them what other nodes publish.
"""

from __future__ import annotations

from typing import Any, Protocol


class Subscriber(Protocol):
    """One mounted view. Topics call this on the thread of the event loop."""

    def deliver(self, topic: str, message: Any, /) -> None:
        """Accept a message. Never waits, and never raises."""


class Topics(Protocol):
    """The subscriptions of one server. All methods are called on the thread of the event loop."""

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """From now on the subscriber gets what is published. Does nothing if it already does."""

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """From now on it gets nothing of that topic. Does nothing if it did not subscribe."""

    async def publish(self, topic: str, message: Any, without: Subscriber | None = None) -> None:
        """Deliver to every subscriber but `without`, to each in the order in which it was published.

        May wait for a store or a network, and never for a subscriber.
        """
