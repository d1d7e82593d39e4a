"""What a run knows of each requirement, and the verdict that follows from it."""

from dataclasses import dataclass, field
from typing import Generic

from streamops_spec import Requirement

from streamops_conformance.engine.dialect import Example
from streamops_conformance.engine.events import Failure, Result
from streamops_conformance.engine.shrink import Failing


@dataclass(slots=True)
class Tally(Generic[Example]):
    """Everything that the checks of one requirement have found."""

    kept: int = 0
    """How many times a rule saw it kept."""
    failing: list[Failing[Example]] = field(default_factory=list)
    """Cases that broke it."""
    shrunk: Failure | None = None
    """The smallest of them."""
    probe_failures: list[Failure] = field(default_factory=list)
    probed: bool | None = None
    """Whether its probe saw it kept; None if it has no probe, or the probe did not run."""
    reason: str = ""
    """Why its probe saw nothing."""
    inapplicable: str = ""
    duration_ms: int = 0

    def examples(self) -> int:
        """How many cases, frames and probes it was judged by."""
        return self.kept + len(self.failing) + (self.probed is not None)

    def failures(self) -> list[Failure]:
        """The failure to report: the smallest case, or else the first of a probe."""
        return [self.shrunk] if self.shrunk is not None else self.probe_failures[:1]

    def was_kept(self) -> bool:
        """Whether it was seen kept, by its probe too where one ran."""
        return self.probed is True or (self.probed is None and self.kept > 0)


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds for a whole run, and decides beside the tally."""

    agreed: frozenset[str]
    """The capabilities that the implementation has."""
    declared: frozenset[str]
    """Those that its target file promises."""
    replays_one_case: bool


def verdict(
    requirement: Requirement, check: str | None, tally: Tally[Example], facts: Facts, slow: list[Failure]
) -> Result:
    """The verdict on one requirement; `check` names its check, `slow` are the times above their bound."""
    result = Result(requirement, check)
    result.failures = [*tally.failures(), *slow]
    result.examples = tally.examples()
    result.duration_ms = float(tally.duration_ms)
    result.verdict, result.reason = _decide(requirement, check, tally, facts, bool(result.failures))
    return result


def _decide(
    requirement: Requirement, check: str | None, tally: Tally[Example], facts: Facts, has_failed: bool
) -> tuple[str, str]:
    """The verdict and its reason: the first line that applies."""
    if check is None:
        return "not checked", "no check yet"
    if has_failed:
        return "fail" if requirement.keyword == "MUST" else "warn", ""
    if missing := set(requirement.needs) - facts.agreed:
        if promised := missing & facts.declared:
            return (
                "inconclusive",
                f"the target declares {', '.join(sorted(promised))} and does not agree on it",
            )
        return "not applicable", f"the target does not declare {', '.join(sorted(missing))}"
    if tally.inapplicable:
        return "not applicable", tally.inapplicable
    if facts.replays_one_case and not tally.kept:
        return "not checked", "the given script does not show it"
    if tally.was_kept():
        return "pass", ""
    return "inconclusive", tally.reason or "no script exercised this requirement"
