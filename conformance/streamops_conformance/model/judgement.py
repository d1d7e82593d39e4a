"""The judgement of one exchange, and the one loop that asks rules."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from streamops_conformance.model.outcome import Kept, Wrong
from streamops_conformance.model.registry import Rule


@dataclass(slots=True)
class Judgement:
    """How often each requirement was seen kept, and the first one that was broken."""

    kept: Counter[str] = field(default_factory=Counter)
    broken: str = ""
    """The id of the broken requirement; empty if none is."""
    fact: str = ""
    wrong: Wrong | None = None
    entry: int | None = None
    """Index of the first wrong entry of the transcript."""

    def ask(self, rules: Iterable[Rule], state: object) -> bool:
        """Ask each rule up to the first that finds something wrong, and return whether one did.

        `state` is what these rules judge. What an exchange shows after its first wrong frame may be a
        consequence of it, so nothing else is asked after that.
        """
        for rule in rules:
            outcome = rule.check(state)
            if isinstance(outcome, Wrong):
                self.broken, self.fact, self.wrong = rule.id, rule.fact, outcome
                return True
            if isinstance(outcome, Kept):
                self.kept[rule.id] += 1
        return False
