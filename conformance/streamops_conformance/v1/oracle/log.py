"""What the oracle writes down: numbered operations, views and replies that must come."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class LoggedOp:
    """One operation of the program, as it stands on the wire before any merge."""

    stream: str
    seq: int
    wire: dict[str, Any]
    cause: str
    """The requirement because of which it is there: what is broken where it is missing."""
    order: int
    """Its place among the operations and views of all streams."""
    after: int
    """Everything up to this `order` was accepted before it; inside `parallel` that is less than all
    that stands before it here."""
    rerendered: bool = False
    """Its html comes from the template: compared as a tree, not as bytes."""
    generic: bool = False
    """Its error text is the server's own choice (ERR-4)."""

    @property
    def kind(self) -> str:
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
    """No operation was accepted between it and the next one (VIEW-6)."""


@dataclass(slots=True)
class ExpectedEvent:
    """What one event must have brought when its reply arrives."""

    counts: dict[str, int]
    """Operations of each stream until the handler ended."""
    views: int
    """Number of views until the handler ended."""
    replies: bool
    """False where the handler hangs."""
    ok: bool = True
    code: str = ""
    """The code of the reply; empty where the specification leaves it open."""


@dataclass(slots=True)
class StreamState:
    """A stream as the program sees it."""

    ops: list[LoggedOp] = field(default_factory=list)
    state: str = "idle"
    run: int = 0
    owner: object = None
    shown: tuple[str | None, str] | None = None
    """The error that is shown and its code; the text is None where it is generic."""
    foreign: bool = False
    """Its content did not all come from the template: no view lists it (VIEW-3)."""
    pure_text: bool = True
    """The run had nothing but text on its default target (CNT-7)."""
    built: str = ""
    """The text that the run built."""
