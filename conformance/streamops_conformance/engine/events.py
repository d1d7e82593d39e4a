"""What the engine reports, while it runs and at its end; terminal and JSON only consume it."""

from dataclasses import dataclass, field
from typing import Any

from streamops_spec import Requirement

from streamops_conformance.model.transcript import Entry

VERDICTS = ("pass", "fail", "warn", "not applicable", "not checked", "inconclusive")


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of a phase are over."""

    phase: str
    done: int
    total: int


@dataclass(slots=True)
class Failure:
    """One way in which a requirement is broken, with its evidence."""

    expected: str
    observed: str
    script: dict[str, Any] | None
    """The shortest case found that shows it; None for a probe."""
    replay: str
    entries: list[Entry]
    wrong: int | None
    """Index of the first wrong entry."""


@dataclass(slots=True)
class Result:
    """The verdict on one requirement."""

    requirement: Requirement
    check: str | None
    verdict: str = "not checked"
    examples: int = 0
    duration_ms: float = 0.0
    reason: str = ""
    failures: list[Failure] = field(default_factory=list)
    known: bool = False
    """It stands in the baseline."""


@dataclass(slots=True)
class Report:
    """Everything that a run found."""

    spec: str
    role: str
    target: str
    url: str
    command: str
    seed: int
    started: str
    examples: int = 0
    duration: float = 0.0
    generated_per_second: float = 0.0
    results: list[Result] = field(default_factory=list)
    timing: dict[str, list[float]] = field(default_factory=dict)

    def count(self, verdict: str) -> int:
        """The number of requirements with that verdict."""
        return sum(result.verdict == verdict for result in self.results)

    def conformant(self) -> bool:
        """No MUST is broken, and nothing that should have been seen stayed unseen."""
        return not any(self.count(verdict) for verdict in ("fail", "inconclusive"))
