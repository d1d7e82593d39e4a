"""A sequence: the messages that the suite sends to a client under test, and the answers.

Its frames follow from scripts and drawn decisions (any batching that a correct server may choose), or are
listed one by one. Extras make it harder without changing the expected result: repeats and unknown parts.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from streamops_spec import default_target

from streamops_conformance.model.messages import Dump, Message, messages_from_json, messages_to_json
from streamops_conformance.model.transcript import Closed, Transcript
from streamops_conformance.oracle.script import Script, from_json, streams_of, to_json
from streamops_conformance.oracle.tree import Tree
from streamops_conformance.v1.oracle.client import Effect, Reader, Shown, TextReader
from streamops_conformance.v1.oracle.player import played
from streamops_conformance.v1.oracle.program import Program, root_html
from streamops_conformance.v1.vocabulary import PROTOCOL

Frame = dict[str, Any]
LIMIT = 8192
"""The `max_text_bytes` of the welcome."""
HARMLESS = ("again", "below", "type", "old view")
"""Extras that add a message; `member`, `op` and `reason` change one of the frames."""
TRAPS = ("constructor", "__proto__", "prototype", "toString", "hasOwnProperty", "valueOf")
"""Names of members that every object has in some languages."""
WIDE = ("A" + "b" * 63, "a.b:c_d-e", "Z-", "z9.")
"""Names at the edge of what chapter 2 allows."""
MOST = PROTOCOL.limits.max_safe_integer
"""The largest number."""
EXTRAS = (*HARMLESS, "member", "op", "reason")


@dataclass(frozen=True, slots=True)
class SequenceSpec:
    """The stimulus: either `scripts` with the decisions of a server, or `messages` written by hand."""

    caps: tuple[str, ...]
    scripts: tuple[Script, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    holds: tuple[int, ...] = ()
    merges: tuple[int, ...] = ()
    extras: tuple[tuple[int, str], ...] = ()
    paced: bool = True
    """Ask for a dump after each message; otherwise send at full speed and ask once at the end."""
    html: str = ""
    """The page fragment for `messages`."""
    messages: tuple[Message, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The JSON that replays the sequence; its schema is `urn:streamops:v1:sequence`."""
        made: dict[str, Any] = {"caps": list(self.caps)}
        if self.messages:
            made["html"] = self.html
            made["messages"] = messages_to_json(self.messages)
            return made | ({} if self.paced else {"paced": False})
        made["scripts"] = [to_json(script) for script in self.scripts]
        if self.variables:
            made["vars"] = dict(self.variables)
        for name in ("holds", "merges"):
            if getattr(self, name):
                made[name] = list(getattr(self, name))
        if self.extras:
            made["extras"] = [list(extra) for extra in self.extras]
        return made | ({} if self.paced else {"paced": False})

    @classmethod
    def from_json(cls, value: Any) -> "SequenceSpec":
        """The sequence for that JSON.

        Raises msgspec.ValidationError for an unknown step, and KeyError or TypeError for other errors.
        """
        if "messages" in value:
            messages = messages_from_json(value["messages"])
            return cls(
                tuple(value["caps"]), paced=value.get("paced", True), html=value["html"], messages=messages
            )
        return cls(
            tuple(value["caps"]),
            tuple(from_json(script) for script in value["scripts"]),
            tuple(sorted(value.get("vars", {}).items())),
            tuple(value.get("holds", ())),
            tuple(value.get("merges", ())),
            tuple((number, kind) for number, kind in value.get("extras", ())),
            value.get("paced", True),
        )

    def steps(self) -> int:
        """The number of messages and script steps."""
        return len(self.messages) + sum(map(len, self.scripts))

    def simpler(self) -> "list[SequenceSpec]":
        """Variants without odd names and numbers, without extras, without full speed; the plainest first.

        If a variant fails too, then the part that it leaves out is not the cause.
        """
        if self.messages:
            plain = json.dumps([self.html, *(message.raw for message in self.messages)])
            for trap in TRAPS:
                plain = plain.replace(trap, f"plain-{trap.strip('_')}")
            for index in range(len(WIDE)):
                plain = plain.replace(WIDE[index], f"plain-{index}")
            for less in range(6):
                plain = plain.replace(str(MOST - less), str(9 - less))
            html, *messages = json.loads(plain)
            messages = [
                Message(raw, message.malformed) for raw, message in zip(messages, self.messages, strict=True)
            ]
            found = [replace(self, html=html, messages=tuple(messages))]
        else:
            found = [replace(self, extras=(), paced=True), replace(self, paced=True)]
        return [each for each in dict.fromkeys(found) if each != self]


def program_of(spec: SequenceSpec) -> Program:
    """What the scripts do, by the oracle."""
    program = Program(frozenset(spec.caps), dict(spec.variables), max_text_bytes=LIMIT)
    for script in spec.scripts:
        program.run(script)
    return program


def page_of(spec: SequenceSpec) -> str:
    """The fragment on the page before the client connects."""
    if spec.messages:
        return spec.html
    if "view" in spec.caps:
        return root_html(dict(spec.variables))
    names = dict.fromkeys(name for script in spec.scripts for name in streams_of(script))
    return "".join(
        f'<div dj-stream="{name}" data-loading-class="is-busy loads" class="mine"></div>'
        for name in names
        if "'" not in name and '"' not in name
    )


@dataclass(slots=True)
class Step:
    """A message, its effect on a correct client, and what that client shows after it."""

    message: Message
    effect: Effect
    tree: Tree
    texts: dict[str, str]
    streams: dict[str, Shown]


@dataclass
class PlayedSequence:
    """A stimulus with the answers of the client under test."""

    spec: SequenceSpec
    transcript: Transcript = field(default_factory=Transcript)
    dumps: list[Dump] = field(default_factory=list)
    shows: str = "document"
    closed: Closed | None = None
    """How the client closed by itself; None if it did not."""
    silent: str = ""
    duration: float = 0.0

    @cached_property
    def steps(self) -> list[Step]:
        """The effects of all messages on a correct client that shows the same as this one, in order."""
        return steps_of(self.spec, Reader if self.shows == "document" else TextReader)


@lru_cache(maxsize=512)  # Equal sequences come again in each run of one process.
def steps_of(spec: SequenceSpec, reader: Callable[[str], Reader] = Reader) -> list[Step]:
    """The effects of a sequence on a client that reads like `reader`, up to the one that closes it.

    The steps are shared between equal sequences: do not change them.
    """
    right = reader(page_of(spec))
    steps: list[Step] = []
    for message in messages_of(spec):
        effect = right.receive(None if message.malformed else message.frame)
        steps.append(Step(message, effect, right.tree(), right.texts(), dict(right.streams)))
        if effect.closes:
            break
    return steps


def messages_of(spec: SequenceSpec) -> list[Message]:
    """The messages of a sequence, extras included."""
    if spec.messages:
        return list(spec.messages)
    frames = played(program_of(spec), spec.holds, spec.merges, limit=LIMIT)
    extras: dict[int, list[str]] = {}
    for number, kind in spec.extras:
        if frames:
            extras.setdefault(number % len(frames), []).append(kind)
    made = _Numbered(frames, extras).messages()
    return [Message(json.dumps(frame, ensure_ascii=False, separators=(",", ":"))) for frame in made]


class _Numbered:
    """Frames with extras: an unknown op has a number, and moves all later numbers."""

    def __init__(self, frames: list[Frame], extras: dict[int, list[str]]) -> None:
        self._frames = frames
        self._extras = extras
        self._shift: dict[str, int] = {}
        self._runs: dict[tuple[str, int], int] = {}
        self._states: dict[str, str] = {}

    def messages(self) -> Iterator[Frame]:
        """The frames in order, with their extras."""
        for index, frame in enumerate(self._frames):
            extras = self._extras.get(index, ())
            if "type" in extras:
                yield {"type": "later", "stream": "a", "seq": 1}
            moved = self._stream(frame, extras) if frame["type"] == "stream" else self._view(frame)
            yield moved
            if "again" in extras:
                yield moved
            if "below" in extras and frame["type"] == "stream":
                twice = {"op": "text", "target": default_target(frame["stream"])}
                end = moved["seq"] + moved["n"] - 1
                ops = [{**twice, "text": "TWICE", "mode": "append"}]
                yield {"type": "stream", "stream": frame["stream"], "seq": 1, "n": end, "ops": ops}
            if "old view" in extras and frame["type"] == "view":
                yield {"type": "view", "html": "<p>OLD</p>", "version": moved["version"], "streams": {}}

    def _stream(self, frame: Frame, extras: Any) -> Frame:
        name = frame["stream"]
        shift = self._shift.get(name, 0)
        ops = []
        for op in frame["ops"]:
            made = dict(op)
            if op["op"] == "start":
                made["run"] = self._runs[name, op["run"]] = op["run"] + shift
            self._states[name] = "idle" if op["op"] == "done" else "open"
            if "reason" in extras and op["op"] == "done":
                made["reason"] = "evaporated"
            if "member" in extras:
                made["later"] = {"x": [1]}
            ops.append(made)
        n = frame["n"]
        if "op" in extras and self._states[name] == "open":
            ops.append({"op": "morph", "target": default_target(name), "html": "<p>LATER</p>"})
            self._shift[name] = shift + 1
            n += 1
        later = {"later": None} if "member" in extras else {}
        return {**frame, "seq": frame["seq"] + shift, "n": n, "ops": ops, **later}

    def _view(self, frame: Frame) -> Frame:
        streams = {
            name: entry
            | {"seq": entry["seq"] + self._shift.get(name, 0) if entry["seq"] else 0}
            | ({"run": self._runs.get((name, entry["run"]), entry["run"])} if "run" in entry else {})
            for name, entry in frame["streams"].items()
        }
        return {**frame, "streams": streams}
