"""Follows a v1 session in a capture as the judge of the suite does, without knowing the program."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from streamops_spec import default_target

from streamops_conformance.model.transcript import Transcript
from streamops_conformance.v1.server.transcript_state import TranscriptState
from streamops_conformance.v1.vocabulary import LIFECYCLE

Frame = dict[str, Any]


@dataclass(slots=True)
class Run:
    """The text of an open run on its default target, as far as the capture shows it."""

    text: str = ""
    whole: bool = False
    """Whether the capture has the run from its `start` on, with only text on the default target."""

    def apply(self, op: Frame, stream: str) -> None:
        """Apply a content op of the run."""
        if op.get("target") != default_target(stream):
            return
        if op["op"] != "text":
            self.whole = False
            return
        match op.get("mode", "append"):
            case "append":
                self.text += op["text"]
            case "prepend":
                self.text = op["text"] + self.text
            case _:
                self.text = op["text"]

    def sha256(self) -> str:
        """The hash of the text, as `text_sha256` has it."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class At:
    """The state of a stream after a frame."""

    state: str = "idle"
    run: int | None = None
    built: Run = field(default_factory=Run)

    def copy(self) -> "At":
        """An independent copy."""
        return At(self.state, self.run, replace(self.built))

    def take(self, op: Frame, stream: str) -> None:
        """Apply an op that is allowed in this state."""
        kind = op["op"] if op["op"] in LIFECYCLE else "content"
        if kind == "start":
            self.run, self.built = op["run"], Run(whole=True)
        elif kind == "content":
            self.built.apply(op, stream)
        elif kind == "done":
            self.run = None
        self.state = AFTER[kind]


AFTER = {"start": "open", "content": "open", "error": "errored", "done": "idle"}


class Watch(TranscriptState):
    """A transcript state without a case that also follows numbers, states and runs of each stream.

    Its transcript has all connections of one session, in order.
    """

    def __init__(self, transcript: Transcript, known: frozenset[str] = frozenset()) -> None:
        super().__init__(transcript)
        self.known = known
        """The ids of earlier sessions in the capture."""
        self.welcome: Frame = {}
        self.coming: dict[str, str] = {}
        """The `how` of each resumed stream without a frame or view since the resume."""
        self.ends: dict[str, dict[int, At]] = defaultdict(dict)
        """For each stream its state after each number that ended a frame, or was in a view."""
        self.due_pongs: list[Frame] = []
        self.windows: list[tuple[float, Counter[str]]] = []
        """Times before which the current frame cannot have been sent, with the frames of each stream since.

        The key '' counts views.
        """
        self.starts = 0
        self._places: dict[str, At] = {}
        self._asked_at: dict[tuple[str, Any], float] = {}

    def at(self, name: str) -> At:
        """The state of a stream; `state` is empty if the capture does not show it."""
        return self._places.setdefault(name, At())

    def reached(self) -> dict[str, int]:
        """The last number of each stream in the capture."""
        return {name: max(ends) for name, ends in self.ends.items() if ends}

    def advance(self) -> None:
        """Take over the changes of this entry, after all rules have been asked."""
        entry, frame, begins = self.entry, self.frame, self.here.over
        super().advance()
        if entry.direction == "send":
            if frame.get("type") == "hello" and begins:
                self.due_pongs, self.windows, self._asked_at, self.starts = [], [], {}, 0
            self._hears(frame)
            return
        match entry.type:
            case "welcome":
                self._welcomed()
            case "stream":
                self._streamed()
            case "view":
                self._viewed()
            case "reply":
                self._answered("event", frame.get("ref"))
            case "pong":
                self._answered("ping", frame.get("t"))
                if pong_of(frame) in self.due_pongs:
                    self.due_pongs.remove(pong_of(frame))

    def _hears(self, frame: Frame) -> None:
        kind = frame.get("type")
        if kind == "ping":
            self.due_pongs.append(pong_of(frame))
        member = {"ping": "t", "event": "ref", "hello": ""}.get(str(kind))
        if member is not None:
            key = frame.get(member)
            if not isinstance(key, dict | list):
                self._asked_at.setdefault((str(kind), key), self.entry.ms)

    def _answered(self, kind: str, key: Any) -> None:
        """An answer arrived: the server sends later frames after it read the question, so after its time."""
        asked = self._asked_at.pop((kind, key), None)
        if asked is not None:
            self.windows = [*self.windows[:1], *self.windows[1:][-7:], (asked, Counter())]

    def _welcomed(self) -> None:
        self.welcome = self.frame
        self._answered("hello", None)
        resumed = self.here.resumed
        self.coming, self._places = {}, {}
        if resumed is None:
            self.ends.clear()
            return
        for name, cursor in self.cursors.items():
            found = self.ends[name].get(cursor)
            unknown = At("idle" if cursor == 0 else "", None, Run())
            self._places[name] = found.copy() if found is not None else unknown
        for name, entry in resumed.items():
            if entry["how"] == "gone":
                self._places[name] = At()
            if entry["how"] != "replay" or entry["seq"] > self.cursors.get(name, 0):
                self.coming[name] = entry["how"]

    def _streamed(self) -> None:
        name = self.name
        at = self.at(name)
        for op in self.ops:
            at.take(op, name)
            self.starts += op["op"] == "start"
        self.coming.pop(name, None)
        self.ends[name][self.cursors[name]] = at.copy()
        for _, counts in self.windows:
            counts[name] += 1

    def _viewed(self) -> None:
        for name, entry in self.frame["streams"].items():
            if self.coming.pop(name, "") in ("view", "gone"):
                self.cursors[name] = entry["seq"]
                self.states[name] = entry["state"]
                self._places[name] = At(entry["state"], entry.get("run"), Run())
                self.ends[name][entry["seq"]] = self._places[name].copy()
        for _, counts in self.windows:
            counts[""] += 1


def pong_of(frame: Frame) -> Frame:
    """The pong that answers a ping, or a pong without its unknown members."""
    return {**{key: value for key, value in frame.items() if key == "t"}, "type": "pong"}
