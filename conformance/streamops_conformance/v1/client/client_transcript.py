"""The state that the wire rules for clients judge: one message of a connection, and all before it."""

from math import inf
from typing import Any

from streamops_conformance.model.transcript import Entry, Transcript

Frame = dict[str, Any]


class ClientTranscript:
    """The position of the judge in the messages of one connection, and what it has seen before."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.index = 0
        self.first = True
        self.hellos = 0
        self.refs: list[int] = []
        self.agreed: frozenset[str] = frozenset()
        self.resumed = False
        """Whether the session was resumed."""
        self.sent: dict[str, int] = {}
        """The highest number that the suite sent for each stream, in frames and views."""
        self.version: float = 0
        """The highest version of a view that the suite sent; infinite if it cannot be known."""

    @property
    def entry(self) -> Entry:
        """The current entry."""
        return self.transcript.entries[self.index]

    @property
    def frame(self) -> Frame:
        """The frame of the current entry; empty if it has none."""
        return self.entry.frame or {}

    def advance(self) -> None:
        """Take over the changes of this entry, after all rules have been asked."""
        if self.entry.direction == "send":
            self._sent(self.frame)
        elif self.entry.direction == "recv":
            self.first = False
            self.hellos += self.entry.type == "hello"
            if self.entry.type == "event":
                self.refs.append(self.frame["ref"])
                self.refs.sort()
            elif self.entry.type == "hello":
                resume = self.frame.get("resume", {"cursors": {}})
                # RES-15 judges a resume that leaves out the version of the last view.
                self.version = resume.get("view", inf if "resume" in self.frame else 0)
                for name, cursor in resume["cursors"].items():
                    self._given(name, cursor)

    def _sent(self, frame: Frame) -> None:
        """Take over the numbers of a frame, unless it is wrong on purpose."""
        kind = frame.get("type")
        if kind == "welcome":
            self.agreed = frozenset(frame["caps"])
            self.resumed = "resumed" in frame
        elif kind == "view" and isinstance(frame.get("version"), int):
            self.version = max(self.version, frame["version"])
        seq, n = frame.get("seq"), frame.get("n")
        if kind == "stream" and isinstance(seq, int) and isinstance(n, int):
            self._given(frame.get("stream"), seq + n - 1)
        for member in ("streams", "resumed"):
            entries = frame.get(member)
            for name, entry in entries.items() if isinstance(entries, dict) else ():
                self._given(name, entry.get("seq", 0))

    def _given(self, name: Any, number: int) -> None:
        self.sent[str(name)] = max(self.sent.get(str(name), 0), number)
