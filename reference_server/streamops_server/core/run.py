"""A run: the time between a `start` and its `done` (chapter 4)."""

from streamops_server.core.integrity import Integrity
from streamops_server.core.producers import Producer


class Run:
    """One open run: its number, its owner, and the digest of its text so far."""

    __slots__ = ("integrity", "number", "owner")

    def __init__(self, number: int, owner: Producer) -> None:
        self.number = number
        self.owner = owner
        self.integrity = Integrity()
