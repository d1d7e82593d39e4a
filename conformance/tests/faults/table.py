"""The table of faults: a name, the requirement that it breaks, and what it does to the server."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamops_conformance.mutate.language import Mutations

Change = Callable[..., Any]
"""What stands in for a function of the server: takes the real one, then its arguments."""


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    breaks: str
    apply: Callable[[], None] | None
    """What patches the server; None where the fault is a mutation of the wire."""
    warns: frozenset[str]
    """Recommendations that it cannot help but break too."""
    examples: int
    """How many scripts to run against it: few where a probe shows it."""
    mutations: tuple[Mutations, ...] = ()


FAULTS: dict[str, Fault] = {}
FEW = 40
"""Enough scripts to see that nothing but the probe objects."""


def all_faults() -> dict[str, Fault]:
    """Every fault by name: imports each module beside this one, which registers its own."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in ("__init__", "table"):
            importlib.import_module(f"faults.{path.stem}")
    return FAULTS


def fault(
    breaks: str, *, warns: tuple[str, ...] = (), examples: int = 150
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a function that patches the server, under its own name."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        name = function.__name__
        assert name not in FAULTS, name
        FAULTS[name] = Fault(name, breaks, function, frozenset(warns), examples)
        return function

    return register


def wire(
    breaks: str, name: str, *mutations: Mutations, warns: tuple[str, ...] = (), examples: int = 150
) -> None:
    """Register a fault that only changes what goes over the wire."""
    assert name not in FAULTS, name
    FAULTS[name] = Fault(name, breaks, None, frozenset(warns), examples, mutations)


def instead(owner: Any, name: str) -> Callable[[Change], None]:
    """Put a function in the place of `owner.name`; it gets the real one as its first argument."""

    def put(change: Change) -> None:
        real = getattr(owner, name)
        setattr(owner, name, lambda *args, **kwargs: change(real, *args, **kwargs))

    return put
