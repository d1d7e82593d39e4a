"""Every requirement with its check: what `streamops list` and the documentation show."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from streamops_spec import Requirement, load_requirements

from streamops_conformance.model.registry import Probe, Registry, Rule
from streamops_conformance.wires.table import load_wire

ROLES = ("server", "client")
PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Entry:
    """A requirement, and the checks of it by role."""

    requirement: Requirement
    checks: dict[str, str]
    """Role → the name of the check. A role without a check is missing."""
    places: dict[str, str] = field(default_factory=dict)
    """Role → file and line of the check."""

    @property
    def check(self) -> str | None:
        """The checks in words, each with its role where there are two; None if there is none."""
        if not self.checks:
            return None
        names = {role: name.replace("_", " ") for role, name in self.checks.items()}
        if len(names) == 1:
            return next(iter(names.values()))
        return "; ".join(f"{role}: {name}" for role, name in names.items())

    @property
    def missing(self) -> tuple[str, ...]:
        """The roles that it speaks of and that have no check of it."""
        return tuple(role for role in ROLES if self.requirement.speaks_of(role) and role not in self.checks)


def registry(spec: str, role: str = "server") -> Registry:
    """The checks of a wire for servers or clients. Raises ValueError for an unknown wire or side."""
    found = load_wire(spec).registry(role)
    if found is None:
        raise ValueError(f"the suite has no checks for {role}s of {spec}")
    return found


def catalog(spec: str) -> list[Entry]:
    """The requirements of that wire in the order of the chapters."""
    wire = load_wire(spec)
    registries = {role: found for role in ROLES if (found := wire.registry(role)) is not None}
    facts = {role: each.facts() for role, each in registries.items()}
    places = {role: _places(each) for role, each in registries.items()}
    return [
        Entry(
            requirement,
            {role: facts[role][key] for role in registries if key in facts[role]},
            {role: places[role][key] for role in registries if key in places[role]},
        )
        for key, requirement in load_requirements(spec).items()
    ]


def _places(checks: Registry) -> dict[str, str]:
    """Requirement id → the file and line of its first check."""
    found: dict[str, str] = {}
    every: list[Rule | Probe] = [*checks.rules, *checks.probes]
    for check in every:
        function: Callable[..., object] = check.check
        path = Path(inspect.getsourcefile(function) or "")
        place = path.relative_to(PACKAGE.parent) if path.is_relative_to(PACKAGE) else path
        found.setdefault(check.id, f"{place}:{inspect.getsourcelines(function)[1]}")
    return found


def select(spec: str, only: str) -> frozenset[str]:
    """The ids that a comma-separated list of ids and areas names; all if it is empty.

    Raises ValueError if a part of it matches nothing: nothing goes green by accident.
    """
    known = load_requirements(spec)
    parts = [part.strip().upper() for part in only.split(",") if part.strip()]
    if not parts:
        return frozenset(known)
    chosen: set[str] = set()
    for part in parts:
        matched = {key for key, each in known.items() if part in (key, each.area)}
        if not matched:
            areas = sorted({each.area for each in known.values()})
            raise ValueError(
                f"{part!r} names no requirement of {spec}; give ids like {next(iter(known))} or areas such as"
                f" {', '.join(areas)}"
            )
        chosen |= matched
    return frozenset(chosen)
