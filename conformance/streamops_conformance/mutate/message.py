"""A message on its way through the mutations."""

import json
from dataclasses import dataclass

from streamops_conformance.mutate.language import Way
from streamops_conformance.mutate.values import Frame


@dataclass(slots=True)
class Message:
    """A message on its way; `frame` is None for what is not a JSON object."""

    way: Way
    data: str | bytes
    frame: Frame | None

    @classmethod
    def of(cls, way: Way, frame: Frame) -> "Message":
        """The message that this frame makes."""
        return cls(way, encode(frame), frame)

    def shape(self) -> str:
        """Which `Where.shape` it has."""
        return "object" if self.frame is not None else "binary" if isinstance(self.data, bytes) else "other"


def split(message: Message) -> list[Message]:
    """One `stream` frame for each operation; the message itself where operations were merged."""
    frame = message.frame or {}
    ops, seq = frame.get("ops"), frame.get("seq")
    if not isinstance(ops, list) or not isinstance(seq, int) or frame.get("n") != len(ops):
        return [message]
    return [
        Message.of(message.way, {**frame, "seq": seq + index, "n": 1, "ops": [op]})
        for index, op in enumerate(ops)
    ]


def encode(frame: Frame) -> str:
    """The JSON text of a frame, without white space."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def decode(data: str | bytes) -> Frame | None:
    """The frame of a message; None for what is not the JSON of an object."""
    if isinstance(data, bytes):
        return None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
