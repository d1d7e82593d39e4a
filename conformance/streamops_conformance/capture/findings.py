"""What a capture shows about each requirement."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Literal

from streamops_spec import Requirement, load_requirements

from streamops_conformance.model.outcome import Wrong
from streamops_conformance.model.transcript import Entry

Side = Literal["server", "client"]
Verdict = Literal["broken", "holds", "not shown", "cannot be told"]
VERDICTS: tuple[Verdict, ...] = ("broken", "holds", "not shown", "cannot be told")


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement that was seen broken, with its evidence."""

    id: str
    side: Side
    expected: str
    observed: str
    connection: int
    entries: list[Entry]
    wrong: int | None
    """Index of the entry that shows it."""


@dataclass(slots=True)
class Line:
    """A requirement, and what the capture shows about it."""

    requirement: Requirement
    side: Side
    verdict: Verdict
    frames: int = 0
    """How many frames kept it."""
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class CaptureFindings:
    """Everything that was found."""

    spec: str
    sessions: int = 0
    seen: dict[Side, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """Sentences about the capture, for its reader."""
    told: dict[Side, frozenset[str]] = field(default_factory=dict)
    """The requirements that can be seen broken in a capture, by side."""

    def blame(
        self, side: Side, key: str, wrong: Wrong, connection: int, entries: list[Entry], at: int | None
    ) -> None:
        """Add a finding; `at` is the index of the wrong entry in `entries`, None for the end."""
        self.findings.append(Finding(key, side, wrong.expected, wrong.observed, connection, entries, at))

    def lines(self) -> list[Line]:
        """One for each requirement and each side that it applies to, in the order of the chapters."""
        made: list[Line] = []
        for key, requirement in load_requirements(self.spec).items():
            for side in ("server", "client"):
                if requirement.speaks_of(side) and (side == "server" or self.told.get("client")):
                    made.append(self._line(key, requirement, side))
        return made

    def _line(self, key: str, requirement: Requirement, side: Side) -> Line:
        findings = [each for each in self.findings if (each.id, each.side) == (key, side)]
        count = self.seen[side][key]
        verdict: Verdict = "not shown"
        if findings:
            verdict = "broken"
        elif count:
            verdict = "holds"
        elif key not in self.told.get(side, frozenset()):
            verdict = "cannot be told"
        return Line(requirement, side, verdict, count, findings)

    @property
    def clean(self) -> bool:
        """No MUST was seen broken."""
        known = load_requirements(self.spec)
        return not any(known[each.id].keyword == "MUST" for each in self.findings)
