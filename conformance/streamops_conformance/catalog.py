"""Every requirement with its check: what `streamops list` and the documentation show."""

import importlib
from dataclasses import dataclass

from streamops_spec import Requirement, load_requirements

from streamops_conformance.judge.registry import Registry


@dataclass(frozen=True, slots=True)
class Entry:
    requirement: Requirement
    check: str | None
    """The name of the check; None where there is none yet."""


def registry(spec: str) -> Registry:
    """The checks of `v1` or `v0`. Raises ValueError for another version."""
    if spec not in ("v1", "v0"):
        raise ValueError(f"there is no specification {spec!r}; known are v1 and v0")
    found: Registry = getattr(importlib.import_module(f"streamops_conformance.checks.{spec}"), spec.upper())
    return found


def catalog(spec: str) -> list[Entry]:
    """The requirements of that version in the order of the chapters."""
    facts = registry(spec).facts()
    return [Entry(requirement, facts.get(key)) for key, requirement in load_requirements(spec).items()]


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
