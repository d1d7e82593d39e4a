"""The state that the rules for servers judge: one entry of a transcript, and all before it."""

from collections import Counter
from typing import Any

from streamops_conformance.model.transcript import Entry, Transcript
from streamops_conformance.oracle.document import Document
from streamops_conformance.v1.oracle.blame import Following
from streamops_conformance.v1.oracle.log import ExpectedView, LoggedOp
from streamops_conformance.v1.oracle.program import Program
from streamops_conformance.v1.server.case import Case
from streamops_conformance.v1.server.connection_state import Connection
from streamops_conformance.v1.server.diagnosis import Diagnosis, diagnose

Frame = dict[str, Any]


class TranscriptState:
    """The position of the judge in a transcript, and what it has seen before.

    With a case it knows the program, which rules with `needs_program` ask for; without one it judges the
    wire alone.
    """

    def __init__(self, transcript: Transcript, case: Case | None = None) -> None:
        self.transcript = transcript
        """All connections of one session, in order."""
        self.case = case
        self.index = 0
        self.cursors: dict[str, int] = {}
        self.last_frame: dict[str, Frame] = {}
        """The last `stream` frame of each stream."""
        self.replies: list[Frame] = []
        self.asked: Counter[int] = Counter()
        """The number of events with each ref on this connection."""
        self.here = Connection()
        self.hello: Frame = {}
        self.welcomes = 0
        self.agreed: frozenset[str] = frozenset()
        self.views: list[Frame] = []
        self.version: int | None = None
        """The version of the last view of the session; 0 after a resume that named none."""
        self.fatal: Frame | None = None
        self.states: dict[str, str] = {}
        self.pings: list[Frame] = []
        self.sent_since_event: Counter[str] = Counter()
        self.program: Program | None = None
        self.next_view = 0
        """Index of the first expected view that has not arrived."""
        self.matched_view: ExpectedView | None = None
        """The view of the program that the last view frame shows."""
        self.view_before: ExpectedView | None = None
        """The one that the view frame before it shows."""
        self._diagnosis: Diagnosis | None = None
        self.session = ""
        """The session id; empty before the first welcome."""
        self.given: dict[str, set[int]] = {}
        """For each stream the cursors that a client may resume with (RES-4)."""
        self._history: dict[str, dict[int, tuple[str, int]]] = {}
        """For each cursor that a frame of a stream gave: the state, and the index of its entry."""
        if case is not None:
            self.program = case.program()
            self.expected = Document(case.first_document())
            self.shown = Document(case.first_document())

    # What rules ask for

    @property
    def entry(self) -> Entry:
        """The current entry."""
        return self.transcript.entries[self.index]

    @property
    def frame(self) -> Frame:
        """The frame of the current entry; empty if it has none."""
        return self.entry.frame or {}

    @property
    def name(self) -> str:
        """The stream of this frame."""
        return str(self.frame.get("stream"))

    @property
    def ops(self) -> list[Frame]:
        """The ops of this `stream` frame."""
        ops: list[Frame] = self.frame["ops"]
        return ops

    @property
    def log(self) -> list[LoggedOp]:
        """The operations of the program on the stream of this frame."""
        assert self.program is not None
        stream = self.program.streams.get(self.name)
        return stream.ops if stream is not None else []

    @property
    def covered(self) -> list[LoggedOp]:
        """The operations of the program that this frame covers by its `seq` and `n`."""
        begin = self.frame["seq"] - 1
        return self.log[begin : begin + self.frame["n"]]

    def later(self, kind: str) -> list[Frame]:
        """Frames of that type from the server after this one."""
        return [
            entry.frame
            for entry in self.transcript.entries[self.index + 1 :]
            if entry.direction == "recv" and entry.type == kind and entry.frame is not None
        ]

    def diagnosis(self) -> Diagnosis:
        """The ops of this frame compared with the operations that it covers; computed once per frame."""
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

    # Moving on

    def apply(self) -> None:
        """Apply the frame to the shown document, and the covered operations to the expected one."""
        for op in self.ops:
            self.shown.apply(op)
        for logged in self.covered:
            self.expected.apply(logged.wire)

    def show_view(self) -> None:
        """Show the view in both documents."""
        frame, expected = self.frame, self.matched_view
        assert expected is not None
        self.shown.show_view(frame["html"], self._live(frame["streams"]))
        self.expected.show_view(expected.html, self._live(expected.map))

    def _live(self, listed: dict[str, Any]) -> list[str]:
        return [name for name, cursor in self.cursors.items() if cursor > 0 and name not in listed]

    def advance(self) -> None:
        """Take over the changes of this entry, after all rules have been asked."""
        entry, frame = self.entry, self.frame
        self._diagnosis = None
        if entry.direction == "send":
            self._sent(frame)
        elif entry.direction in ("close", "cut"):
            self.here.over = True
        elif entry.type == "welcome":
            self.welcomes += 1
            self.agreed = frozenset(frame["caps"])
            self._begin(frame)
        elif entry.type == "stream":
            self._advance(frame)
        elif entry.type == "view":
            self.views.append(frame)
            self.version = frame["version"]
            for name in (self.here.awaited | self.here.gone) & frame["streams"].keys():
                at = frame["streams"][name]
                self.cursors[name], self.states[name] = at["seq"], at.get("state", "idle")
                self.here.begun.add(name)
            self.here.awaited -= frame["streams"].keys()
            self.here.sent(None, frame["version"])
            for name, entry in frame["streams"].items():
                self.given.setdefault(name, set()).add(entry["seq"])
        elif entry.type == "reply":
            self.replies.append(frame)
            self.here.answered[frame["ref"]] += 1
            known = self.program is not None and len(self.replies) <= len(self.program.events)
            if known and not (
                "ack" in self.agreed and self.here.has_waited
            ):  # FLW-4 says what a reply under a full window waits for.
                assert self.program is not None
                # VIEW-8 has judged the views that the event left out.
                self.next_view = max(self.next_view, self.program.events[len(self.replies) - 1].views)
        elif entry.type == "error" and frame.get("fatal"):
            self.fatal = frame

    def _sent(self, frame: Frame) -> None:
        if frame.get("type") == "event" and isinstance(frame.get("ref"), int):
            self.asked[frame["ref"]] += 1
            self.sent_since_event.clear()
        elif frame.get("type") == "hello":
            if self.here.over:
                self.here = Connection()
                self.hello, self.welcomes, self.fatal = {}, 0, None
                self.asked.clear()
                self.pings.clear()
            self.hello = self.hello or frame
        elif frame.get("type") == "ping":
            self.pings.append(frame)
        elif frame.get("type") == "ack":
            self.here.acknowledge(frame, self.cursors, self.version or 0)

    def _advance(self, frame: Frame) -> None:
        name = self.name
        self.cursors[name] = frame["seq"] + frame["n"] - 1
        self.last_frame[name] = frame
        for op in self.ops:
            self.states[name] = _STATES.get(op["op"], "open")
        self._history.setdefault(name, {})[self.cursors[name]] = (self.states[name], self.index)
        self.given.setdefault(name, set()).add(self.cursors[name])
        self.sent_since_event[name] += 1
        self.here.begun.add(name)
        self.here.sent(name, self.cursors[name])

    def _begin(self, welcome: Frame) -> None:
        """Begin a new session, or continue a session from the cursors of the hello."""
        limits, resume = self.hello.get("limits"), self.hello.get("resume")
        self.here.window = limits.get("window", 1) if isinstance(limits, dict) else 1
        self.last_frame.clear()
        if welcome["session"] != self.session:
            self.session, self.given = welcome["session"], {}
        if not isinstance(resume, dict) or welcome["session"] != resume.get("session"):
            self.cursors, self.states, self._history = {}, {}, {}
            self.views, self.version = [], None
            return
        resumed = welcome.get("resumed", {})
        self.here.resumed = resumed
        self.here.from_cursors = dict(resume["cursors"])
        self.here.missed_bytes = self._missed(resume["cursors"], welcome)
        self.here.replay_bytes = welcome["limits"]["replay_bytes"]
        self.cursors = dict(resume["cursors"])
        self.version = resume.get("view", 0)
        for name, at in self.cursors.items():
            self.states[name] = self._history.get(name, {}).get(at, ("idle", 0))[0]
        for name, entry in resumed.items():
            self.given.setdefault(name, set()).add(entry["seq"])
            if entry["how"] == "gone":
                self.cursors[name], self.states[name] = entry["seq"], "idle"
        self.here.awaited = {name for name, entry in resumed.items() if entry["how"] == "view"}

    def _missed(self, cursors: dict[str, int], welcome: Frame) -> int:
        """The size in bytes of the seen frames that a replay must send again."""
        seen = {
            index
            for name in welcome.get("resumed", {})
            for at, (_, index) in self._history.get(name, {}).items()
            if at > cursors.get(name, 0)
        }
        return sum(self.transcript.entries[index].size() for index in seen)


_STATES = {"start": "open", "error": "errored", "done": "idle"}
