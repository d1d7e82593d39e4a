"""Checks by requirement: a rule judges what was exchanged, a probe provokes an answer.

A check is one function, named after the fact that it establishes and tied to the id of one
requirement. `model.outcome` holds what it may return.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from streamops_spec import load_requirements

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Kept, Outcome, Wrong

RuleFunction = Callable[[Any], Outcome]
"""Takes the state that its dialect's judge keeps while it reads an exchange."""
ProbeFunction = Callable[[Any], Awaitable[Outcome]]
"""Takes its dialect's probe context: how to open sessions, and what is known of the implementation."""
R = TypeVar("R", bound=RuleFunction)
P = TypeVar("P", bound=ProbeFunction)


@dataclass(slots=True, frozen=True)
class Rule:
    """A check that reads an exchange."""

    id: str
    fact: str
    on: tuple[str, ...]
    """Frame types after which it is asked; `*` is every frame, `end` the end of the exchange."""
    needs_program: bool
    """It needs the oracle, so it is asked only for exchanges that ran scripts known in advance."""
    check: RuleFunction


@dataclass(slots=True, frozen=True)
class Probe:
    """A check that opens its own sessions."""

    id: str
    fact: str
    caps: frozenset[str]
    check: ProbeFunction


class Registry:
    """The checks of one role of one wire, in the order in which they are asked."""

    def __init__(self, spec: str, role: str = "server") -> None:
        self.spec = spec
        self.role = role
        self.observed: dict[str, set[str]] = {}
        """What a testee must show for the checks of a requirement; empty: anything."""
        self.rules: list[Rule] = []
        self.probes: list[Probe] = []

    def rule(
        self, requirement: str, *on: str, needs_program: bool = False, ahead: bool = False, observed: str = ""
    ) -> Callable[[R], R]:
        """Tie a rule to its requirement; one that goes `ahead` is asked before those registered so far.

        `observed` is what a testee must show for it, `document` or `scroll`.
        Raises KeyError for an id that the chapters do not have.
        """
        self._needs(requirement)
        self.observed.setdefault(requirement, set()).add(observed)

        def register(function: R) -> R:
            made = Rule(requirement, _fact(function), on, needs_program, function)
            self.rules.insert(0 if ahead else len(self.rules), made)
            return function

        return register

    def probe(self, requirement: str, *, caps: tuple[str, ...] = (), observed: str = "") -> Callable[[P], P]:
        """Tie a probe to its requirement; `caps` are those it needs beyond the requirement's own."""
        needs = self._needs(requirement)
        self.observed.setdefault(requirement, set()).add(observed)

        def register(function: P) -> P:
            self.probes.append(Probe(requirement, _fact(function), needs | frozenset(caps), function))
            return function

        return register

    def rules_on(self, *kinds: str, program: bool = True) -> list[Rule]:
        """The rules asked after these kinds of frames; without a `program`, those that need none."""
        wanted = set(kinds)
        return [rule for rule in self.rules if wanted & set(rule.on) and (program or not rule.needs_program)]

    def facts(self) -> dict[str, str]:
        """Requirement id → the name of its first check."""
        named: dict[str, str] = {}
        for rule in self.rules:
            named.setdefault(rule.id, rule.fact)
        for probe in self.probes:
            named.setdefault(probe.id, probe.fact)
        return named

    def _needs(self, requirement: str) -> frozenset[str]:
        return frozenset(load_requirements(self.spec)[requirement].needs)


def _fact(function: Callable[..., object]) -> str:
    return function.__name__


async def in_turn(*checks: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Run several checks of one fact up to the first that is wrong; kept only if all saw it kept."""
    kept = True
    for check in checks:
        outcome = await check()
        if isinstance(outcome, Wrong):
            return outcome
        kept = kept and isinstance(outcome, Kept)
    return KEPT if kept else NOT_SEEN
