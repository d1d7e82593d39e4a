"""Checks by requirement: rules judge transcripts, probes go and provoke an answer.

A check is one function, named as the fact that it establishes, tied to the id of one
requirement, which must exist. It returns `SEEN` where it saw the fact, `Wrong` where it saw
the opposite, and `None` where what it speaks of did not come up: that is never a pass.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from streamops_spec import load_requirements

SEEN: Final = True


@dataclass(slots=True)
class Wrong:
    """A requirement that is broken: what it expects and what was observed."""

    expected: str
    observed: str


Outcome = bool | Wrong | None
RuleFunction = Callable[[Any], Outcome]
"""Takes what its dialect's judge goes through: a `Walk`, an `Account` of v0, a client's `Said` or `Look`."""
ProbeFunction = Callable[[Any], Awaitable[Outcome]]
"""Takes its dialect's place of work: a `Lab` for servers, a `ClientLab` for clients."""


@dataclass(slots=True, frozen=True)
class Rule:
    id: str
    fact: str
    on: tuple[str, ...]
    """Frame types after which it is asked; `*` is every frame, `end` the end of the exchange."""
    law: bool
    """Needs the oracle: asked only for exchanges that ran scripts known in advance."""
    check: RuleFunction


@dataclass(slots=True, frozen=True)
class Probe:
    id: str
    fact: str
    caps: frozenset[str]
    check: ProbeFunction


class Registry:
    """The checks of one version of the specification, in the order in which they are asked."""

    def __init__(self, spec: str, role: str = "server") -> None:
        self.spec = spec
        self.role = role
        self.observed: dict[str, set[str]] = {}
        """What a testee has to show for the checks of a requirement; empty: any."""
        self.rules: list[Rule] = []
        self.probes: list[Probe] = []

    def rule(
        self, requirement: str, *on: str, law: bool = False, ahead: bool = False, observed: str = ""
    ) -> Callable[[RuleFunction], RuleFunction]:
        """Tie a rule to its requirement; one that goes `ahead` is asked before those registered so far.

        `observed` is what a testee must show for it, `document` or `scroll`.
        Raises KeyError for an id that the chapters do not have.
        """
        self._known(requirement)
        self.observed.setdefault(requirement, set()).add(observed)

        def register(function: RuleFunction) -> RuleFunction:
            made = Rule(requirement, _fact(function), on, law, function)
            self.rules.insert(0 if ahead else len(self.rules), made)
            return function

        return register

    def probe(
        self, requirement: str, *, caps: tuple[str, ...] = (), observed: str = ""
    ) -> Callable[[ProbeFunction], ProbeFunction]:
        """Tie a probe to its requirement; `caps` are those it needs beyond the requirement's own."""
        known = self._known(requirement)
        self.observed.setdefault(requirement, set()).add(observed)

        def register(function: ProbeFunction) -> ProbeFunction:
            self.probes.append(Probe(requirement, _fact(function), known | frozenset(caps), function))
            return function

        return register

    def facts(self) -> dict[str, str]:
        """The name of each requirement's check."""
        named: dict[str, str] = {}
        for rule in self.rules:
            named.setdefault(rule.id, rule.fact)
        for probe in self.probes:
            named.setdefault(probe.id, probe.fact)
        return named

    def _known(self, requirement: str) -> frozenset[str]:
        return frozenset(load_requirements(self.spec)[requirement].needs)


def _fact(function: Callable[..., object]) -> str:
    return function.__name__


async def in_turn(*looks: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Several looks at one fact, up to the first that is wrong; seen only if all saw it."""
    seen: Outcome = SEEN
    for look in looks:
        outcome = await look()
        if isinstance(outcome, Wrong):
            return outcome
        seen = seen and outcome
    return seen
