"""What a probe leaves behind for the engine: transcripts, measures, and why it saw nothing."""

from collections import defaultdict

from streamops_conformance.model.transcript import Transcript


class Inapplicable(Exception):
    """The requirement does not apply to this implementation; the text says why."""


class ProbeNotes:
    """The base of every probe context."""

    def __init__(self) -> None:
        self.transcripts: list[Transcript] = []
        """Of the sessions that the probe opened; the rules of the wire judge them too."""
        self.reason = ""
        """Why a probe that returned `NotSeen` saw nothing."""
        self.measures: dict[str, list[float]] = defaultdict(list)
        self.bounds: dict[str, float] = {}

    def inconclusive(self, reason: str) -> None:
        """Note why the probe cannot see what its requirement is about."""
        self.reason = reason

    def not_applicable(self, reason: str) -> None:
        """End the probe, because its requirement does not apply here. Raises Inapplicable."""
        raise Inapplicable(reason)

    def measure(self, name: str, value: float, unit: str, *, bound: float | None = None) -> None:
        """Add a time or ratio to the report; its bound decides only with `--strict-timing`."""
        title = f"{name} ({unit})" if unit else name
        self.measures[title].append(value)
        if bound is not None:
            self.bounds[title] = bound
