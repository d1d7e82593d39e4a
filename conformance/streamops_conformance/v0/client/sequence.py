"""A sequence of v0: what the suite sends to a client under test, and what the client showed."""

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from streamops_conformance.model.messages import Dump, Message, messages_from_json, messages_to_json
from streamops_conformance.model.transcript import Transcript

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FrameSequence:
    """The stimulus: a page fragment, and `stream` frames by hand."""

    html: str
    messages: tuple[Message, ...]
    paced: bool = True
    """A dump after each message; otherwise one at the end, with everything sent at full speed."""

    def to_json(self) -> dict[str, Any]:
        """What replays it; the shape is `urn:streamops:v1:sequence`."""
        made = {"caps": [], "html": self.html, "messages": messages_to_json(self.messages)}
        return made | ({} if self.paced else {"paced": False})

    @classmethod
    def from_json(cls, value: Any) -> "FrameSequence":
        """The sequence of a replay.

        Raises ValueError without messages or for one that is not a `stream` frame, KeyError or TypeError for
        other errors.
        """
        if isinstance(value, dict) and "messages" not in value:
            raise ValueError("a sequence of v0 is a list of `stream` frames")
        made = cls(value["html"], messages_from_json(value["messages"]), value.get("paced", True))
        frames_of(made)
        return made

    def steps(self) -> int:
        """The number of messages."""
        return len(self.messages)


class Cause(StrEnum):
    """What must be removed from a wrong sequence for the client to show it right, in the order of trying."""

    OTHERS = "each of its streams alone is shown right"
    MANY = "with one op to a frame, each waited for, it is shown right"
    SILENCE = "with an explicit `mode` it is shown right"
    ERRORS = "without its errors it is shown right"

    def without(self, spec: FrameSequence) -> list[FrameSequence]:
        """The sequences without the cause; empty if the sequence does not have it."""
        frames = frames_of(spec)
        if self is Cause.OTHERS:
            names = dict.fromkeys(frame["stream"] for frame in frames)
            made = [[frame for frame in frames if frame["stream"] == name] for name in names]
            return [of_frames(spec, each) for each in made] if len(names) > 1 else []
        if self is Cause.MANY:
            ones = [{**frame, "ops": [op]} for frame in frames for op in frame["ops"]]
            return [replace(of_frames(spec, ones), paced=True)] if ones != frames or not spec.paced else []
        said = [{**frame, "ops": list(map(_said, frame["ops"]))} for frame in frames]
        if self is Cause.ERRORS:
            said = [{**frame, "ops": list(filter(_no_error, frame["ops"]))} for frame in frames]
        return [of_frames(spec, [frame for frame in said if frame["ops"]])] if said != frames else []


def _said(op: Frame) -> Frame:
    return {**op, "mode": op.get("mode", "append")} if op["op"] == "text" else op


def _no_error(op: Frame) -> bool:
    return bool(op["op"] != "error")


def frames_of(spec: FrameSequence) -> list[Frame]:
    """The stream frames of a sequence. Raises ValueError if it has other messages."""
    frames = [message.frame for message in spec.messages]
    if not all(frame is not None and frame.get("type") == "stream" for frame in frames):
        raise ValueError("a sequence of v0 is a list of `stream` frames")
    return [frame for frame in frames if frame is not None]


def of_frames(spec: FrameSequence, frames: list[Frame]) -> FrameSequence:
    """A sequence with the same page and these frames."""
    return replace(spec, messages=tuple(Message(json.dumps(each, ensure_ascii=False)) for each in frames))


@dataclass
class PlayedSequence:
    """A sequence, and what the client under test showed."""

    spec: FrameSequence
    transcript: Transcript = field(default_factory=Transcript)
    dumps: list[Dump] = field(default_factory=list)
    """The first dump is of the page before any stream frame."""
    silent: str = ""
    duration: float = 0.0
    cause: Cause | None = None
    """Why it is wrong, if a variant without this cause is right."""
