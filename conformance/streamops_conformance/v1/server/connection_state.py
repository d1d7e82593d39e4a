"""What is so on one connection of a session, and not on the next: what was asked, what fills the window."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Frame = dict[str, Any]


@dataclass(slots=True)
class Connection:
    """What is so on one connection of a session."""

    over: bool = False
    answered: Counter[int] = field(default_factory=Counter)
    """How often a reply to that ref came."""
    begun: set[str] = field(default_factory=set)
    """Streams of which a frame came, or the view that tells where they go on."""
    resumed: dict[str, Frame] | None = None
    """The welcome's; None where the session is new."""
    from_cursors: dict[str, int] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    """Streams resumed by `view` whose view has not come."""
    missed_bytes: int = 0
    replay_bytes: int = 0
    window: int = 1
    pending: list[tuple[str | None, int]] = field(default_factory=list)
    """Frames that are not acknowledged: a stream and its cursor, or None and a version."""
    frames: int = 0
    """How many of these came in all."""
    odd_acks: bool = False
    """Something was acknowledged that was not sent."""

    @property
    def gone(self) -> set[str]:
        """Streams resumed by `gone` of which nothing came yet."""
        return {name for name, each in (self.resumed or {}).items() if each["how"] == "gone"} - self.begun

    @property
    def has_waited(self) -> bool:
        """Whether there were so many frames that some may have waited for acks."""
        return self.frames >= self.window

    def sent(self, name: str | None, at: int) -> None:
        self.pending.append((name, at))
        self.frames += 1

    def acknowledge(self, ack: Frame, cursors: dict[str, int], version: int) -> None:
        """Acks of what has not arrived count for nothing, as FLW-3 has it."""
        found, seen = ack.get("cursors"), ack.get("view", 0)
        named = found if isinstance(found, dict) else {}
        said = {name: at for name, at in named.items() if at <= cursors.get(name, 0)}
        self.odd_acks |= len(said) < len(named) or seen > version
        seen = seen if seen <= version else 0
        self.pending = [
            (name, at) for name, at in self.pending if (at > seen if name is None else at > said.get(name, 0))
        ]
