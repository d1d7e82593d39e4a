"""Messages by hand for clients, and what a client shows after them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One message to send, as text; `malformed` means that a correct client must refuse it."""

    raw: str
    malformed: bool = False

    @property
    def frame(self) -> Frame | None:
        """The JSON object of the message, None for anything else. It is shared: do not change it."""
        return _parsed(self.raw)


@lru_cache(maxsize=2048)
def _parsed(raw: str) -> Frame | None:
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@dataclass(slots=True)
class Dump:
    """One answer to `dump`."""

    after: int
    """The number of messages that had been sent."""
    entry: int
    """The index of the last of these messages in the transcript."""
    answer: Frame


def messages_to_json(messages: Sequence[Message]) -> list[Frame]:
    """The messages as JSON for a replay: frames, or the raw text of those that are not frames."""
    return [
        {"raw": message.raw, "malformed": True}
        if message.malformed
        else message.frame or {"raw": message.raw}
        for message in messages
    ]


def messages_from_json(value: Sequence[Any]) -> tuple[Message, ...]:
    """The messages of a replay. Raises KeyError or TypeError for another shape."""
    return tuple(map(_message, value))


def _message(said: Any) -> Message:
    if "raw" in said:
        return Message(said["raw"], bool(said.get("malformed")))
    return Message(json.dumps(said, ensure_ascii=False))
