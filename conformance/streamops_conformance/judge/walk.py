"""Goes through a transcript once, frame by frame, asking every rule; stops at the first wrong frame.

What follows a wrong frame is a consequence as often as a fault, so a transcript blames one
requirement: the one of the first rule, at the first frame, that says no.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from streamops_conformance.judge.case import Case
from streamops_conformance.judge.diagnosis import Diagnosis, diagnose
from streamops_conformance.judge.registry import SEEN, Registry, Rule, Wrong
from streamops_conformance.oracle.blame import Following
from streamops_conformance.oracle.document import Document
from streamops_conformance.oracle.log import ExpectedView, LoggedOp
from streamops_conformance.oracle.program import Program
from streamops_conformance.wire.transcript import Entry, Transcript

Frame = dict[str, Any]


@dataclass(slots=True)
class Judgement:
    """What a transcript shows: how often each requirement was seen kept, and the first one broken."""

    seen: Counter[str] = field(default_factory=Counter)
    broken: str = ""
    fact: str = ""
    wrong: Wrong | None = None
    entry: int | None = None
    """Index of the first wrong entry of the transcript."""


class Walk:
    """Where the judge stands in a transcript, and what has been seen up to there.

    With a case it knows the program (rules marked `law`); without one it judges the wire alone.
    """

    def __init__(self, transcript: Transcript, case: Case | None = None) -> None:
        self.transcript = transcript
        self.case = case
        self.index = 0
        self.cursors: dict[str, int] = {}
        self.last_frame: dict[str, Frame] = {}
        """The last `stream` frame of each stream."""
        self.replies: list[Frame] = []
        self.asked: Counter[int] = Counter()
        """How often an event of that ref was sent."""
        self.hello: Frame = {}
        self.welcomes = 0
        self.agreed: frozenset[str] = frozenset()
        self.views: list[Frame] = []
        self.fatal: Frame | None = None
        self.states: dict[str, str] = {}
        self.pings: list[Frame] = []
        self.sent_since_event: Counter[str] = Counter()
        self.program: Program | None = None
        self.next_view = 0
        """Index of the first expected view that has not come."""
        self.matched_view: ExpectedView | None = None
        """The program's view that the last view frame is, and the one before it."""
        self.view_before: ExpectedView | None = None
        self._diagnosis: Diagnosis | None = None
        if case is not None:
            self.program = case.program()
            self.expected = Document(case.first_document())
            self.shown = Document(case.first_document())

    # What rules ask

    @property
    def entry(self) -> Entry:
        return self.transcript.entries[self.index]

    @property
    def frame(self) -> Frame:
        return self.entry.frame or {}

    @property
    def name(self) -> str:
        return str(self.frame.get("stream"))

    @property
    def ops(self) -> list[Frame]:
        ops: list[Frame] = self.frame["ops"]
        return ops

    @property
    def log(self) -> list[LoggedOp]:
        """The program's operations of this frame's stream."""
        assert self.program is not None
        stream = self.program.streams.get(self.name)
        return stream.ops if stream is not None else []

    @property
    def covered(self) -> list[LoggedOp]:
        """The program's operations that this frame says it covers."""
        begin = self.frame["seq"] - 1
        return self.log[begin : begin + self.frame["n"]]

    def later(self, kind: str) -> list[Frame]:
        """Frames of that type after this one."""
        return [
            entry.frame
            for entry in self.transcript.entries[self.index + 1 :]
            if entry.direction == "recv" and entry.type == kind and entry.frame is not None
        ]

    def diagnosis(self) -> Diagnosis:
        """What this stream frame's ops are, against the operations that it covers; made once."""
        if self._diagnosis is None:
            later = (frame for frame in self.later("stream") if frame.get("stream") == self.name)
            following = next((Following(frame["seq"] - 1, frame["ops"]) for frame in later), Following())
            assert self.case is not None
            self._diagnosis = diagnose(
                self.log,
                self.frame["seq"] - 1,
                self.frame["n"],
                self.ops,
                following,
                limit=self.case.limits.max_text_bytes,
                state=self.states.get(self.name, "idle"),
            )
        return self._diagnosis

    # Going on

    def apply(self) -> None:
        """Feed both documents: one with the frame, one with what the program did."""
        for op in self.ops:
            self.shown.apply(op)
        for logged in self.covered:
            self.expected.apply(logged.wire)

    def show_view(self) -> None:
        """Put the view in place in both documents."""
        frame, expected = self.frame, self.matched_view
        assert expected is not None
        self.shown.show_view(frame["html"], self._live(frame["streams"]))
        self.expected.show_view(expected.html, self._live(expected.map))

    def _live(self, listed: dict[str, Any]) -> list[str]:
        return [name for name, cursor in self.cursors.items() if cursor > 0 and name not in listed]

    def advance(self) -> None:
        """Take over what this entry changes, once no rule objected."""
        entry, frame = self.entry, self.frame
        self._diagnosis = None
        if entry.direction == "send":
            self._sent(frame)
        elif entry.type == "welcome":
            self.welcomes += 1
            self.agreed = frozenset(frame["caps"])
        elif entry.type == "stream":
            self.cursors[self.name] = frame["seq"] + frame["n"] - 1
            self.last_frame[self.name] = frame
            for op in self.ops:
                self.states[self.name] = _STATES.get(op["op"], "open")
            self.sent_since_event[self.name] += 1
        elif entry.type == "view":
            self.views.append(frame)
        elif entry.type == "reply":
            self.replies.append(frame)
            if self.program is not None and len(self.replies) <= len(self.program.events):
                # Views that the event left out have had their say (VIEW-8).
                self.next_view = max(self.next_view, self.program.events[len(self.replies) - 1].views)
        elif entry.type == "error" and frame.get("fatal"):
            self.fatal = frame

    def _sent(self, frame: Frame) -> None:
        if frame.get("type") == "event" and isinstance(frame.get("ref"), int):
            self.asked[frame["ref"]] += 1
            self.sent_since_event.clear()
        elif frame.get("type") == "hello":
            self.hello = self.hello or frame
        elif frame.get("type") == "ping":
            self.pings.append(frame)


_STATES = {"start": "open", "error": "errored", "done": "idle"}


def judge(registry: Registry, transcript: Transcript, case: Case | None = None) -> Judgement:
    """Ask every rule at every frame, up to the first that says no."""
    walk = Walk(transcript, case)
    found = Judgement()
    by_type: dict[str, list[Rule]] = {}
    for index, entry in enumerate(transcript.entries):
        walk.index = index
        if entry.direction != "send":
            kind = "close" if entry.direction == "close" else entry.type
            rules = by_type.get(kind)
            if rules is None:
                rules = by_type[kind] = _rules(registry, kind, law=case is not None)
            if _ask(rules, walk, found):
                found.entry = index
                return found
        walk.advance()
    _ask(_rules(registry, "end", law=case is not None), walk, found)
    return found


def _rules(registry: Registry, kind: str, *, law: bool) -> list[Rule]:
    every = ("*",) if kind not in ("end", "close") else ()
    return [rule for rule in registry.rules if (law or not rule.law) and {kind, *every} & set(rule.on)]


def _ask(rules: list[Rule], walk: Walk, found: Judgement) -> bool:
    for rule in rules:
        outcome = rule.check(walk)
        if isinstance(outcome, Wrong):
            found.broken, found.fact, found.wrong = rule.id, rule.fact, outcome
            return True
        if outcome is SEEN:
            found.seen[rule.id] += 1
    return False
