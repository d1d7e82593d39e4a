"""What a correct client does with frames: the prefix law on the screen (chapters 3 to 5, 12, 13, 15).

It takes frames in order, and has the shown content, the states and the fired events after each frame. Like a
client, it knows only the frames, not the program.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from streamops_spec import default_target

from streamops_conformance.oracle import tree
from streamops_conformance.oracle.document import Document
from streamops_conformance.oracle.tree import Tree
from streamops_conformance.v1.vocabulary import LIFECYCLE, PROTOCOL

Frame = Mapping[str, Any]
Change = Callable[[Document, Mapping[str, Any]], None]
"""How an op changes a document. A wrong way to do it is a hypothesis about a client."""

FIRES = {
    "text": "stream:text",
    "replace": "stream:update",
    "append": "stream:update",
    "prepend": "stream:update",
    "delete": "stream:remove",
    "prune": "stream:prune",
}
LIFECYCLE_EVENTS = tuple(f"stream:{op}" for op in LIFECYCLE)
_OP_MEMBERS = {
    "start": {"run"},
    "text": {"text", "mode"},
    "replace": {"html"},
    "append": {"html"},
    "prepend": {"html"},
    "delete": set(),
    "prune": {"limit", "edge"},
    "error": {"error", "code", "retryable"},
    "done": {"reason", "text_len", "text_sha256"},
}
_FRAME_MEMBERS = {
    "stream": {"type", "stream", "seq", "n", "ops"},
    "view": {"type", "html", "version", "streams"},
    "reply": {"type", "ref", "ok", "error"},
    "error": {"type", "code", "error", "fatal", "retryable", "retry_after_ms"},
    "ping": {"type", "t"},
    "pong": {"type", "t"},
}
_TARGET = re.compile(f"(?:{PROTOCOL.patterns.target_default})|(?:{PROTOCOL.patterns.target_id})")


@dataclass(frozen=True, slots=True)
class Shown:
    """The state of a stream in a client."""

    state: str = "idle"
    cursor: int = 0
    run: int = 0
    """The open or errored run; 0 without one."""
    error: str | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Fired:
    """An event that a client fires on the page."""

    event: str
    stream: str
    reason: str | None = None
    """The reason of a `stream:done`; None if the reason is not compared."""


@dataclass(slots=True)
class Effect:
    """The effect of a frame on a correct client, and the events that it fires."""

    kinds: set[str] = field(default_factory=set)
    """`next`, `duplicate`, `view`, `old view`, `violation` or `malformed`. For its contents also
    `missing` (the target does not exist), `refused` (not a target), `unknown`."""
    fired: list[Fired] = field(default_factory=list)
    failed: int = 0
    """The number of ops that cannot be applied; a client reports each."""
    unknown: int = 0
    """The number of unknown members, types, ops and values; a client counts each."""

    @property
    def closes(self) -> bool:
        """Whether a client must close after the frame."""
        return bool(self.kinds & {"violation", "malformed"})


class Reader:
    """A correct client, as data. `html` is the content of the view root before the client connects."""

    def __init__(self, html: str, change: Change | None = None) -> None:
        self.document = Document(html)
        self.streams: dict[str, Shown] = {}
        self.version = 0
        self._change = change or Document.apply

    def tree(self) -> Tree:
        """The document that the client shows."""
        return tree.of_html(self.document.root)

    def texts(self) -> dict[str, str]:
        """The text of each used stream, for clients without a document."""
        found = {}
        for name in self.streams:
            element = self.document.find(default_target(name))
            found[name] = element.text if element is not None else ""
        return found

    def receive(self, frame: Frame | None) -> Effect:
        """Take a frame; None is a message that is not a frame."""
        kind = frame.get("type") if frame is not None else None
        if frame is None or not isinstance(kind, str):
            return Effect({"malformed"})
        if kind == "stream":
            return self._stream(frame)
        if kind == "view":
            return self._view(frame)
        unknown = len(frame.keys() - _FRAME_MEMBERS[kind]) if kind in _FRAME_MEMBERS else 1
        return Effect({"unknown"} if unknown else set(), unknown=unknown)

    # Stream frames

    def _stream(self, frame: Frame) -> Effect:
        name, seq, n = frame["stream"], frame["seq"], frame["n"]
        before = self.streams.get(name, Shown())
        end = seq + n - 1
        if end <= before.cursor:
            return Effect({"duplicate"})
        if seq != before.cursor + 1 or not self._allowed(before.state, frame["ops"]):
            return Effect({"violation"})
        effect = Effect({"next"}, unknown=len(frame.keys() - _FRAME_MEMBERS["stream"]))
        for op in frame["ops"]:
            known = _with_known_values(op)
            effect.unknown += known is not op
            self._op(name, known, effect)
        self.streams[name] = replace(self.streams.get(name, Shown()), cursor=end)
        if effect.unknown:
            effect.kinds.add("unknown")
        return effect

    @staticmethod
    def _allowed(state: str, ops: list[Frame]) -> bool:
        """Whether the wire table allows all of them; an unknown op changes no state."""
        wire = PROTOCOL.lifecycle.wire
        at: str | None = state
        for op in ops:
            if op["op"] in PROTOCOL.ops and at is not None:
                kind = op["op"] if PROTOCOL.ops[op["op"]].kind == "lifecycle" else "content"
                at = wire[at][kind]  # type: ignore[index]  # reason: str, not Literal
        return at is not None

    def _op(self, name: str, op: Frame, effect: Effect) -> None:
        kind = op["op"]
        if kind not in _OP_MEMBERS:
            effect.unknown += 1
            effect.failed += 1
            return
        effect.unknown += len(op.keys() - _OP_MEMBERS[kind] - {"op", "target"})
        stream = self.streams.get(name, Shown())
        if kind == "start":
            self.streams[name] = Shown("open", stream.cursor, op["run"])
            effect.fired.append(Fired("stream:start", name))
        elif kind == "error":
            self.streams[name] = replace(stream, state="errored", error=op["error"], code=op["code"])
            effect.fired.append(Fired("stream:error", name))
        elif kind == "done":
            known = op["reason"] in PROTOCOL.done_reasons
            effect.unknown += not known
            self.streams[name] = replace(stream, state="idle", run=0)
            effect.fired.append(Fired("stream:done", name, op["reason"] if known else None))
        else:
            self.streams[name] = replace(stream, state="open", error=None, code="")
            self._content(name, op, effect)
        if kind in LIFECYCLE or self._is_target(name, op["target"]):
            self._change_by(op)

    def _is_target(self, name: str, target: str) -> bool:
        """Whether content may go there: to the stream's own element, or to an id (CLI-13)."""
        return target == default_target(name) or (target[:1] == "#" and _TARGET.fullmatch(target) is not None)

    def _content(self, name: str, op: Frame, effect: Effect) -> None:
        if not self._is_target(name, op["target"]):
            effect.kinds.add("refused")
            effect.failed += 1
        elif self.document.find(op["target"]) is None:
            effect.kinds.add("missing")
            effect.failed += 1
        else:
            effect.fired.append(Fired(FIRES[op["op"]], name))

    def _change_by(self, op: Frame) -> None:
        self._change(self.document, op)

    # Views

    def _view(self, frame: Frame) -> Effect:
        if frame["version"] <= self.version:
            return Effect({"old view"})
        self.version = frame["version"]
        effect = Effect({"view"}, unknown=len(frame.keys() - _FRAME_MEMBERS["view"]))
        listed: Mapping[str, Frame] = frame["streams"]
        live = [name for name, shown in self.streams.items() if shown.cursor > 0 and name not in listed]
        self.document.show_view(frame["html"], [*live, *_ignored(frame["html"], live)])
        for name, entry in listed.items():
            known = _with_known_values(entry)
            effect.unknown += known is not entry
            self._listed(name, known, effect)
        if effect.unknown:
            effect.kinds.add("unknown")
        return effect

    def _listed(self, name: str, entry: Frame, effect: Effect) -> None:
        before = self.streams.get(name, Shown())
        run = entry.get("run", 0) if entry["state"] != "idle" else 0
        if before.run and before.run != run:
            effect.fired.append(Fired("stream:done", name, "expired"))
        if run and before.run != run:
            effect.fired.append(Fired("stream:start", name))
        error = entry.get("error")
        is_new = (run and before.run != run) or (error, entry.get("code", "")) != (before.error, before.code)
        if error is not None and is_new:
            effect.fired.append(Fired("stream:error", name))
        self.streams[name] = Shown(entry["state"], entry["seq"], run, error, entry.get("code", ""))


class TextReader(Reader):
    """A correct client without a document, such as a terminal: each stream is a separate text."""

    def __init__(self, html: str, change: Change | None = None) -> None:
        super().__init__(html, change)
        self._texts: dict[str, str] = {}

    def texts(self) -> dict[str, str]:
        """The text of each used stream."""
        return {name: self._texts.get(name, "") for name in self.streams}

    def _content(self, name: str, op: Frame, effect: Effect) -> None:
        if op["target"] != default_target(name):
            effect.kinds.add("refused")
            effect.failed += 1
            return
        effect.fired.append(Fired(FIRES[op["op"]], name))
        if op["op"] == "text":
            before = self._texts.get(name, "")
            joined = {"append": before + op["text"], "prepend": op["text"] + before, "replace": op["text"]}
            self._texts[name] = joined[op["mode"]]


def _with_known_values(part: Frame) -> Frame:
    """An op or an entry of a map as a client reads it; the same object if it knows all values (FWD-4)."""
    unknown = {
        member: value
        for member, value in PROTOCOL.unknown_values.items()
        if value is not None and member in part and part[member] not in _KNOWN_VALUES[member]
    }
    return {**part, **unknown} if unknown else part


_KNOWN_VALUES = {
    "mode": PROTOCOL.text_modes,
    "edge": PROTOCOL.prune_edges,
    "state": PROTOCOL.states,
    "how": (),  # in a welcome, which a reader does not take
}


def _ignored(html: str, live: list[str]) -> list[str]:
    """More streams whose elements stay: those with `dj-update="ignore"` in the new HTML."""
    found = Document(html).root.find_all(attrs={"dj-update": "ignore"})
    names = [str(element.attrs["dj-stream"]) for element in found if "dj-stream" in element.attrs]
    return [name for name in names if name not in live]
