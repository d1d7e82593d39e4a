"""The table of faults: a name, the requirement that it breaks, and what it does to the server."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    breaks: str
    apply: Callable[[], None]
    warns: frozenset[str] = frozenset()
    """Recommendations that it cannot help but break too."""


FAULTS: dict[str, Fault] = {}


def all_faults() -> dict[str, Fault]:
    """Every fault by name: imports each module beside this one, which registers its own."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in ("__init__", "table"):
            importlib.import_module(f"faults.{path.stem}")
    return FAULTS


def fault(breaks: str, *, warns: tuple[str, ...] = ()) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a function that patches the server, under its own name."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        name = function.__name__
        assert name not in FAULTS, name
        FAULTS[name] = Fault(name, breaks, function, frozenset(warns))
        return function

    return register
