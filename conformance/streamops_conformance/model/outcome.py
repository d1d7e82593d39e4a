"""What a check finds: the requirement was kept, it was broken, or it did not come up.

`NotSeen` is never a pass: a requirement that no check saw kept is reported as inconclusive.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kept:
    """The check saw the requirement kept."""


@dataclass(slots=True)
class Wrong:
    """The check saw the requirement broken: what it expects, and what was observed."""

    expected: str
    observed: str


@dataclass(frozen=True, slots=True)
class NotSeen:
    """What the requirement is about did not come up."""


Outcome = Kept | Wrong | NotSeen
KEPT: Final = Kept()
NOT_SEEN: Final = NotSeen()
