"""The log of the oracle: the numbered operations, views and replies that must come."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class LoggedOp:
    """One operation of the program, in its wire form before any merge."""

    stream: str
    seq: int
    wire: dict[str, Any]
    cause: str
    """The requirement that demands it, and that a missing operation breaks."""
    order: int
    """Its place among the operations and views of all streams."""
    after: int
    """Everything up to this `order` was accepted before it. Inside `parallel`, other operations that precede
    it in this log may have been accepted later."""
    rerendered: bool = False
    """Its HTML comes from the template, and is compared as a tree, not as bytes."""
    generic: bool = False
    """The server chooses its error text (ERR-4)."""

    @property
    def kind(self) -> str:
        """The name of the op."""
        return str(self.wire["op"])


@dataclass(slots=True)
class ExpectedView:
    """A view that the program made, with the number of each stream's last operation before it."""

    html: str
    counts: dict[str, int]
    map: dict[str, dict[str, Any]]
    order: int
    final: bool = False
    replaceable: bool = False
    """No operation was accepted between it and the next view (VIEW-6)."""


@dataclass(slots=True)
class ExpectedEvent:
    """What must have arrived before the reply to one event."""

    counts: dict[str, int]
    """The number of operations of each stream until the handler ended."""
    views: int
    """Number of views until the handler ended."""
    replies: bool
    """False where the handler hangs."""
    ok: bool = True
    code: str = ""
    """The code of the reply; empty if the specification leaves it open."""


@dataclass(slots=True)
class StreamState:
    """The state of a stream in the program."""

    ops: list[LoggedOp] = field(default_factory=list)
    state: str = "idle"
    run: int = 0
    owner: object = None
    shown: tuple[str | None, str] | None = None
    """The error that is shown, and its code; the text is None if it is generic."""
    foreign: bool = False
    """Not all of its content came from the template, so no view lists it (VIEW-3)."""
    pure_text: bool = True
    """The run had only text on its default target (CNT-7)."""
    built: str = ""
    """The text that the run built."""
