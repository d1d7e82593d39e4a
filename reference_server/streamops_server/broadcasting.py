"""Messages from one view to others: topics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from streamops_server.mounted import Mounted


class BroadcastMixin(Mounted):
    """Topics. A view that subscribes to one gets each message in its own session.

    `handle_message` owns the streams that it opens there, as an event handler does. It runs for one
    message after another, in the order in which they were published, and its end sends the view.
    A view that has fallen behind by `Limits.max_inbox` messages ends its session with `overflow`; its
    client comes back, and mounts the view again. What `handle_message` raises is logged, and no more.
    """

    def subscribe(self, topic: str) -> None:
        """Get what is published to `topic` from now on; after the mount at the earliest.

        The subscription ends with the session. Raises TypeError for a view without `handle_message`,
        and RuntimeError before the mount.
        """
        backend, topic = self._streamops_mounted(), _checked(topic)
        if type(self).handle_message is BroadcastMixin.handle_message:
            name = type(self).__name__
            raise TypeError(
                f"{name} subscribes to {topic!r} and does not handle its messages;"
                f" give {name} a method: async def handle_message(self, topic, message)"
            )
        backend.inbox.subscribe(topic)

    def unsubscribe(self, topic: str) -> None:
        """Get nothing more of `topic`, nor what waits of it."""
        self._streamops_mounted().inbox.unsubscribe(_checked(topic))

    def listen_to(self, topic: str) -> AsyncIterator[Any]:
        """`async for message in self.listen_to(topic)`: the same for one handler or task.

        It owns what it shows, so one run may show many messages, such as the tokens of an answer.
        The subscription begins with this call and ends with the task that made it. Raises RuntimeError
        outside of a handler, a mount or a task of this view.
        """
        return self._streamops_mounted().listen_to(_checked(topic))

    async def broadcast(self, topic: str, message: Any, *, to_self: bool = True) -> None:
        """Publish `message` to every view that subscribed to `topic`, this one included if `to_self`.

        Waits for no view that gets it. All of them get the same object, so do not change it afterwards.
        May be called at any time from the mount on, by any code on the event loop.
        """
        topic = _checked(topic)
        await self._streamops_mounted().publish(topic, message, to_self=to_self)

    async def handle_message(self, topic: str, message: Any) -> None:
        """Override it: a message was published to a topic that this view subscribed to."""


def _checked(topic: str) -> str:
    if not isinstance(topic, str):
        raise TypeError(f"A topic is a str, not {type(topic).__name__}: {topic!r:.80}")
    return topic
