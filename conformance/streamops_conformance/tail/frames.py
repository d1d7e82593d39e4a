"""What the client reads in a frame: its members and their types, and how much of it is unknown.

A receiver counts members, ops and values that it does not know, and does not refuse the frame (FWD-4). So
enumerations are plain strings here. Known members must be right (CLI-20); a test compares these types with
the schemas.
"""

import re
from typing import Annotated, Any, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from streamops_spec import load_protocol

Json = Any  # reason: a recursive union of JSON values gains nothing here

PROTOCOL = load_protocol()
Natural = Annotated[int, Meta(ge=0, le=PROTOCOL.limits.max_safe_integer)]
Positive = Annotated[int, Meta(ge=1, le=PROTOCOL.limits.max_safe_integer)]
Session = Annotated[str, Meta(min_length=1)]
Heartbeat = Annotated[str, Meta(max_length=PROTOCOL.limits.ping_t_bytes)]
FrameBytes = Annotated[int, Meta(ge=PROTOCOL.limits.min_frame_bytes, le=PROTOCOL.limits.max_safe_integer)]


class Broken(Exception):
    """The peer broke the protocol; the text says how. `kind` tells violations apart (RES-19)."""

    def __init__(self, text: str, kind: str = "malformed") -> None:
        super().__init__(text)
        self.kind = kind


class StreamState(Struct):
    """The state of a stream in the map of a view (FRM-5)."""

    seq: Natural
    state: str
    run: Positive | UnsetType = UNSET
    error: str | UnsetType = UNSET
    code: str | UnsetType = UNSET


class Resumed(Struct):
    """How a stream goes on after a resume; `how` is replay, view or gone."""

    how: str
    seq: Natural


class Limits(Struct):
    """The `limits` of a welcome."""

    max_frame_bytes: FrameBytes
    max_streams: Positive
    max_text_bytes: Positive
    max_fps: Positive
    max_events: Positive
    cancel_ms: Natural
    replay_bytes: Natural | UnsetType = UNSET


class Welcome(Struct):
    """The first frame of a session (CON-3)."""

    session: Session
    caps: list[str]
    limits: Limits
    heartbeat_ms: Positive
    resume_ttl_ms: Natural | UnsetType = UNSET
    resumed: dict[str, Resumed] | UnsetType = UNSET


class Stream(Struct):
    """Operations `seq` to `seq + n - 1` of a stream (FRM-4)."""

    stream: str
    seq: Positive
    n: Positive
    ops: Annotated[list[dict[str, Json]], Meta(min_length=1)]

    def __post_init__(self) -> None:
        if not re.fullmatch(PROTOCOL.patterns.stream, self.stream):
            raise ValueError(f"{self.stream!r} is not the name of a stream")
        if self.n < len(self.ops):
            raise ValueError(f"{len(self.ops)} ops and n is {self.n}")


class View(Struct):
    """A full render of the page, with the state of each listed stream (FRM-5)."""

    html: str
    version: Positive
    streams: dict[str, StreamState]


class Refusal(Struct):
    """Why an event failed."""

    code: str
    error: str


class Reply(Struct):
    """The answer to the event `ref`."""

    ref: Positive
    ok: bool
    error: Refusal | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.ok is isinstance(self.error, Refusal):
            raise ValueError("error must be present exactly if ok is false")


class Error(Struct):
    """An error of the session; with `fatal`, the server closes after it."""

    code: str
    error: str
    fatal: bool
    retryable: bool | UnsetType = UNSET
    retry_after_ms: Natural | UnsetType = UNSET


class Ping(Struct):
    """The server asks for a pong."""

    t: Heartbeat | UnsetType = UNSET


class Pong(Struct):
    """The answer to a ping."""

    t: Heartbeat | UnsetType = UNSET


class StartOp(Struct):
    """A run begins."""

    target: str
    run: Positive


class TextOp(Struct):
    """Text is appended, prepended, or replaces the content."""

    target: str
    text: str
    mode: str


class HtmlOp(Struct):
    """HTML is appended, prepended, or replaces the content."""

    target: str
    html: str


class DeleteOp(Struct):
    """The target is removed."""

    target: str


class PruneOp(Struct):
    """Element children beyond `limit` are removed."""

    target: str
    limit: Natural
    edge: str


class ErrorOp(Struct):
    """An error is shown on the stream."""

    target: str
    error: str
    code: str
    retryable: bool | UnsetType = UNSET


class DoneOp(Struct):
    """The run ends."""

    target: str
    reason: str
    text_len: Natural | UnsetType = UNSET
    text_sha256: str | UnsetType = UNSET


Frame = Welcome | Stream | View | Reply | Error | Ping | Pong
Op = StartOp | TextOp | HtmlOp | DeleteOp | PruneOp | ErrorOp | DoneOp

FRAMES: dict[str, type[Struct]] = {
    "welcome": Welcome,
    "stream": Stream,
    "view": View,
    "reply": Reply,
    "error": Error,
    "ping": Ping,
    "pong": Pong,
}
OPS: dict[str, type[Struct]] = {
    "start": StartOp,
    "text": TextOp,
    "replace": HtmlOp,
    "append": HtmlOp,
    "prepend": HtmlOp,
    "delete": DeleteOp,
    "prune": PruneOp,
    "error": ErrorOp,
    "done": DoneOp,
}


def read_frame(message: str | bytes) -> tuple[Frame | None, int]:
    """The frame, and how many unknown things it holds; None for an unknown type.

    Raises Broken for something that is not a frame, and for a wrong frame of a known type.
    """
    if isinstance(message, bytes):
        raise Broken("a binary message")  # FRM-1
    try:
        value = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise Broken(f"a message that is not JSON: {error}") from None
    return _read(value, "type", FRAMES, "a frame")


def read_op(value: Json) -> tuple[Op | None, int]:
    """The op and how many unknown things it holds; None for an unknown op. Raises Broken."""
    return _read(value, "op", OPS, "an op")


def _read(value: Json, tag: str, kinds: dict[str, type[Struct]], what: str) -> tuple[Any, int]:
    if not isinstance(value, dict):
        raise Broken(f"{what} that is not a JSON object")
    name = value.get(tag)
    if not isinstance(name, str):
        raise Broken(f"{what} without a {tag}")
    kind = kinds.get(name)
    if kind is None:
        return None, 1
    try:
        found = msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        raise Broken(f"{name}: {error}") from None
    return found, _unknown(value, kind, tag)


def _unknown(value: dict[str, Json], kind: type[Struct], *known: str) -> int:
    """How many members of `value`, and of the objects in it, `kind` has no field for."""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    count = len(value.keys() - fields.keys() - set(known))
    for name, type_ in fields.items():
        for part in (type_, *get_args(type_)):
            if isinstance(part, type) and issubclass(part, Struct) and isinstance(value.get(name), dict):
                count += _unknown(value[name], part)
    return count
