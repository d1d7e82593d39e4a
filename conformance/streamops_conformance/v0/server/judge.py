"""A case of v0: scripts in fresh views, and each stream compared with the prefix law."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from streamops_spec import load_shapes

from streamops_conformance.model.case import CaseSpec
from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.model.registry import Registry
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.oracle.script import Script
from streamops_conformance.v0.oracle.blame import Diagnosis, blame
from streamops_conformance.v0.oracle.calls import FAR, REQUIREMENT, Call, Expected, expected, inside
from streamops_conformance.v0.oracle.prefix import Reading, read
from streamops_conformance.v0.server.described import Described


@dataclass(slots=True)
class Run:
    """One script in a fresh view: its entries in the transcript, from the event to quiet."""

    script: Script
    begin: int
    end: int
    ok: bool | None
    """Whether the handler ended without an error; None if no reply came."""
    alone: str = ""
    """The stream, if this run is a witness with the calls on this stream only."""
    again: bool = False
    """It is a witness that runs the same script once more."""


@dataclass(slots=True)
class Case:
    """A stimulus with its transcript, cut into runs."""

    spec: CaseSpec
    transcript: Transcript = field(default_factory=Transcript)
    silent: str = ""
    """Why the exchange was given up; empty if it finished."""
    duration: float = 0.0

    described: Described | None = None
    runs: list[Run] = field(default_factory=list)

    def expected(self, run: Run) -> Expected:
        """What a run must send, by the oracle."""
        return expected(run.script, dict(self.spec.variables), self._nested())

    def readings(self, run: Run) -> dict[str, Reading]:
        """What became of each stream of a run, by its well-formed frames."""
        frames = list(self._frames(run))
        return {
            name: read(
                calls, [(i, f["ops"]) for i, f in frames if f["stream"] == name], name, self._inside(name)
            )
            for name, calls in self.expected(run).streams.items()
        }

    def whole(self, run: Run) -> bool:
        """Whether every stream of the run is right."""
        return all(reading.right for reading in self.readings(run).values())

    def _frames(self, run: Run) -> Iterator[tuple[int, dict[str, Any]]]:
        assert self.described is not None
        shapes = load_shapes("v0:stream")
        for index in range(run.begin, run.end):
            entry = self.transcript.entries[index]
            if entry.direction != "recv" or entry.frame is None:
                continue
            if self.described.is_stream(entry.frame) and shapes.is_valid(entry.frame):
                yield index, entry.frame

    def _inside(self, name: str) -> str:
        return inside(name, dict(self.spec.variables), self._nested())

    def _nested(self) -> tuple[str, str] | None:
        return self.described.nested if self.described is not None else None


class Account:
    """The state that the rules judge: the first fault of a case, and what its right runs show."""

    def __init__(self, transcript: Transcript, case: Case | None = None) -> None:
        self.transcript = transcript
        self.fault = _shapes(transcript, case.described if case is not None else None)
        self.runs: list[list[list[Call]]] = []
        """The calls by stream, of each script that arrived intact."""
        if case is not None and self.fault is None:
            self.fault = self._law(case)

    def says(self, requirement: str, *, seen: bool) -> Outcome:
        """The outcome of a rule; `seen` says whether the case shows what the requirement is about."""
        if self.fault is not None and self.fault.broken == requirement:
            return Wrong(self.fault.expected, self.fault.observed)
        return KEPT if seen else NOT_SEEN

    def streams(self) -> Iterator[list[Call]]:
        """The calls of each stream of each run, in order."""
        for run in self.runs:
            yield from run

    def pairs(self) -> Iterator[tuple[Call, Call]]:
        """Calls on one stream with the next one."""
        for calls in self.streams():
            yield from pairwise(calls)

    def alone(self) -> set[str]:
        """The kinds of calls that came right with no other call near them."""
        return {
            call.kind
            for run in self.runs
            if len(run) == 1
            for index, call in enumerate(run[0])
            if call.pause >= FAR and (index + 1 == len(run[0]) or run[0][index + 1].pause >= FAR)
        }

    def _law(self, case: Case) -> Diagnosis | None:
        for run in case.runs:
            due = case.expected(run)
            if run.alone or run.again or due.undetermined or due.raises:
                continue
            readings = case.readings(run)
            if run.ok is None:
                return _no_reply(case, run, due)
            if not run.ok:
                return _raised(case, run, readings)
            for name, reading in readings.items():
                if not reading.right:
                    return _beside(case, run, name, reading) or blame(reading)
            self.runs.append(list(due.streams.values()))
        return None


def judge_v0(registry: Registry, transcript: Transcript, case: Case | None = None) -> Judgement:
    """Ask every rule of a case; at most one finds something wrong."""
    account = Account(transcript, case)
    found = Judgement()
    rules = [rule for rule in registry.rules if case is not None or not rule.needs_program]
    if found.ask(rules, account) and account.fault is not None:
        found.entry = account.fault.entry
    return found


def _shapes(transcript: Transcript, described: Described | None) -> Diagnosis | None:
    shapes = load_shapes("v0:stream")
    for index, entry in enumerate(transcript.entries):
        if entry.direction != "recv":
            continue
        if entry.frame is None or not isinstance(entry.frame.get("type"), str):
            why = entry.fault or "a message without a string type"
            wanted = "a text message with one JSON object that has a string type"
            return Diagnosis("FRM-101", wanted, f"{why}: {entry.raw[:200]!r}", index)
        if described is not None and described.is_stream(entry.frame) and not shapes.is_valid(entry.frame):
            why = shapes.explain(entry.frame)
            return Diagnosis("FRM-102", "a frame that fits the schema v0:stream", why, index)
    return None


def _no_reply(case: Case, run: Run, due: Expected) -> Diagnosis | None:
    """A script of one call shows which call gets no reply; None for longer scripts."""
    calls = [call for each in due.streams.values() for call in each]
    if len(calls) != 1:
        return None
    wanted = f"{calls[0].said()} on stream {calls[0].stream}, and a reply"
    return Diagnosis(REQUIREMENT[calls[0].kind], wanted, case.silent, run.end - 1)


def _raised(case: Case, run: Run, readings: dict[str, Reading]) -> Diagnosis:
    """The handler failed, and the first missing call is blamed."""
    missing = [
        reading.calls[reading.reached]
        for reading in readings.values()
        if reading.at is None and reading.reached < len(reading.calls)
    ]
    calls = [call for reading in readings.values() for call in reading.calls]
    culprit = min(missing or calls[-1:], key=lambda call: call.order)
    assert case.described is not None
    answers = [
        index
        for index in range(run.begin, run.end)
        if case.transcript.entries[index].direction == "recv"
        and case.described.answer(case.transcript.entries[index].frame or {}, -1) == "failed"
    ]
    entry = answers[0] if answers else run.begin
    said = case.transcript.entries[entry].raw[:200]
    return Diagnosis(
        REQUIREMENT[culprit.kind],
        f"{culprit.said()} on stream {culprit.stream}",
        f"the handler failed, and nothing of the call arrived: {said!r}",
        entry,
    )


def _beside(case: Case, run: Run, name: str, reading: Reading) -> Diagnosis | None:
    """ORD-104, if the stream always arrives intact alone, and fails again beside the others."""
    witnesses = [each for each in case.runs if each.alone == name and each.begin > run.begin]
    again = [each for each in case.runs if each.again and each.begin > run.begin]
    if not witnesses or not again or not all(case.whole(each) for each in witnesses):
        return None
    if any(case.readings(each)[name].right for each in again):
        return None
    alone = case.readings(witnesses[0])[name]
    broken = blame(reading)
    return Diagnosis(
        "ORD-104",
        f"stream {name} as in the {len(witnesses)} runs without the other streams: {alone.shown}",
        f"with them, in {1 + len(again)} of {1 + len(again)} runs: {broken.observed}",
        broken.entry,
    )
