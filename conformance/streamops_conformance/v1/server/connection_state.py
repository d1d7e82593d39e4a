"""What the judge knows of one connection of a session: replies, resumed streams, the window."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Frame = dict[str, Any]


@dataclass(slots=True)
class Connection:
    """The state of one connection of a session. The next connection begins with a new one."""

    over: bool = False
    answered: Counter[int] = field(default_factory=Counter)
    """The number of replies to each ref."""
    begun: set[str] = field(default_factory=set)
    """Streams with a frame on this connection, or with the view that gives their new cursor."""
    resumed: dict[str, Frame] | None = None
    """The member `resumed` of the welcome; None for a new session."""
    from_cursors: dict[str, int] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    """Streams resumed by `view` whose view has not arrived."""
    missed_bytes: int = 0
    replay_bytes: int = 0
    window: int = 1
    pending: list[tuple[str | None, int]] = field(default_factory=list)
    """Unacknowledged frames: the name of a stream and its cursor, or None and the version of a view."""
    frames: int = 0
    """The number of `stream` and `view` frames on this connection."""
    odd_acks: bool = False
    """The client acknowledged a number that was not sent."""

    @property
    def gone(self) -> set[str]:
        """Streams resumed by `gone` without a frame so far."""
        return {name for name, each in (self.resumed or {}).items() if each["how"] == "gone"} - self.begun

    @property
    def has_waited(self) -> bool:
        """Whether enough frames were sent that some may have waited for acks."""
        return self.frames >= self.window

    def sent(self, name: str | None, at: int) -> None:
        """The server sent a frame of stream `name` up to number `at`, or view version `at` without a name."""
        self.pending.append((name, at))
        self.frames += 1

    def acknowledge(self, ack: Frame, cursors: dict[str, int], version: int) -> None:
        """Take over an ack; numbers that have not arrived have no effect (FLW-3)."""
        found, seen = ack.get("cursors"), ack.get("view", 0)
        named = found if isinstance(found, dict) else {}
        valid = {name: at for name, at in named.items() if at <= cursors.get(name, 0)}
        self.odd_acks |= len(valid) < len(named) or seen > version
        seen = seen if seen <= version else 0
        self.pending = [
            (name, at)
            for name, at in self.pending
            if (at > seen if name is None else at > valid.get(name, 0))
        ]
