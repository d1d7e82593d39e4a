"""Every requirement with its check: what `streamops list` and the documentation show."""

import importlib
from dataclasses import dataclass

from streamops_spec import Requirement, load_requirements

from streamops_conformance.model.registry import Registry

ROLES = ("server", "client")


@dataclass(frozen=True, slots=True)
class Entry:
    requirement: Requirement
    checks: dict[str, str]
    """Role → the name of the check; a role of whom it speaks is missing where there is none yet."""

    @property
    def check(self) -> str | None:
        """The checks in words, each with its role where there are two; None where there is none."""
        if not self.checks:
            return None
        said = {role: name.replace("_", " ") for role, name in self.checks.items()}
        return (
            next(iter(said.values())) if len(said) == 1 else "; ".join(f"{r}: {n}" for r, n in said.items())
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """The roles that it speaks of and that have no check of it."""
        return tuple(role for role in ROLES if self.requirement.speaks_of(role) and role not in self.checks)


def registry(spec: str, role: str = "server") -> Registry:
    """The checks of `v1` or `v0` for servers or clients. Raises ValueError for another version."""
    if spec not in ("v1", "v0"):
        raise ValueError(f"there is no specification {spec!r}; known are v1 and v0")
    if role == "client":
        module = importlib.import_module(f"streamops_conformance.checks.{spec}_client")
        client: Registry = module.CLIENT
        return client
    found: Registry = getattr(importlib.import_module(f"streamops_conformance.checks.{spec}"), spec.upper())
    return found


def catalog(spec: str) -> list[Entry]:
    """The requirements of that version in the order of the chapters."""
    facts = {role: registry(spec, role).facts() for role in ROLES}
    return [
        Entry(requirement, {role: facts[role][key] for role in ROLES if key in facts[role]})
        for key, requirement in load_requirements(spec).items()
    ]


def select(spec: str, only: str) -> frozenset[str]:
    """The ids that a comma-separated list of ids and areas names; all where it is empty.

    Raises ValueError where a part of it matches nothing: nothing goes green by accident.
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
                f"{part!r} names no requirement of {spec}; give ids like {next(iter(known))} or areas out of"
                f" {', '.join(areas)}"
            )
        chosen |= matched
    return frozenset(chosen)
