"""The frames of chapter 2 as structs: a client's are decoded and validated, the server's are encoded."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from streamops_spec import load_protocol

from streamops_server.core.errors import PeerViolation

_LIMITS = load_protocol().limits
_Positive = Annotated[int, Meta(ge=1, le=_LIMITS.max_safe_integer)]
_Natural = Annotated[int, Meta(ge=0, le=_LIMITS.max_safe_integer)]
_Name = Annotated[str, Meta(pattern=rf"{load_protocol().patterns.stream[:-1]}\Z")]
_HTML_CAPS = {"html", "view"}


class ClientLimits(msgspec.Struct):
    """What the client can take: bytes of a frame, frames a second, unacknowledged frames."""

    max_frame_bytes: (
        Annotated[int, Meta(ge=_LIMITS.min_frame_bytes, le=_LIMITS.max_safe_integer)] | UnsetType
    ) = UNSET
    max_fps: _Positive = _LIMITS.default_max_fps
    window: _Positive | UnsetType = UNSET


class ViewName(msgspec.Struct):
    """The view that a client mounts, and the params of its mount."""

    name: str
    params: dict[str, Any]  # reason: params are the application's JSON


class ResumeFrom(msgspec.Struct):
    """The session that a client comes back to, and what it has of it (chapter 11)."""

    session: Annotated[str, Meta(min_length=1)]
    cursors: dict[_Name, _Natural]
    view: _Natural | UnsetType = UNSET
    attempt: _Positive | UnsetType = UNSET


class Hello(msgspec.Struct, tag_field="type", tag="hello"):
    """The client's first frame (chapter 1)."""

    caps: list[str]
    limits: ClientLimits
    view: ViewName | UnsetType = UNSET
    resume: ResumeFrom | UnsetType = UNSET

    @property
    def max_frame_bytes(self) -> int:
        """The largest frame that this client takes, in bytes."""
        if self.limits.max_frame_bytes is not UNSET:
            return self.limits.max_frame_bytes
        return _LIMITS.min_frame_bytes_html if _HTML_CAPS & set(self.caps) else _LIMITS.min_frame_bytes


class Event(msgspec.Struct, tag_field="type", tag="event"):
    """A request to run a handler (chapter 8)."""

    ref: _Positive
    event: str
    params: dict[str, Any]  # reason: params are the application's JSON


class Cancel(msgspec.Struct, tag_field="type", tag="cancel"):
    """A request to stop the owner of a run (chapter 10)."""

    stream: _Name
    run: _Positive


class Ack(msgspec.Struct, tag_field="type", tag="ack"):
    """What the client has received (chapter 9)."""

    cursors: dict[_Name, _Natural]
    view: _Natural | UnsetType = UNSET


class Ping(msgspec.Struct, tag_field="type", tag="ping", omit_defaults=True):
    """Asks the peer for a `pong` with the same `t`."""

    t: str | UnsetType = UNSET


class Pong(msgspec.Struct, tag_field="type", tag="pong", omit_defaults=True):
    """The answer to a `ping`."""

    t: str | UnsetType = UNSET


class Unknown(msgspec.Struct):
    """A frame whose type this server does not know. It is ignored and counted (FWD-2)."""

    type: str


ClientFrame = Hello | Event | Cancel | Ack | Ping | Pong
_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_type_of = msgspec.json.Decoder(Unknown)
_KNOWN = frozenset(load_protocol().frames_from("client"))


def decode(data: str | bytes) -> ClientFrame | Unknown:
    """One inbound text frame.

    Raises PeerViolation("bad_frame") for data that is not a JSON object (FRM-13) and for a known
    frame with a missing or mistyped member (FRM-15). Unknown members are ignored (FWD-1).
    """
    try:
        frame = _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        unknown = _unknown(data)
        if unknown is None:
            raise PeerViolation("bad_frame", f"This frame is malformed: {str(error)[:200]}") from None
        return unknown
    if (
        isinstance(frame, Ping | Pong)
        and frame.t is not UNSET
        and len(frame.t.encode()) > _LIMITS.ping_t_bytes
    ):
        raise PeerViolation("bad_frame", f"t has more than {_LIMITS.ping_t_bytes} bytes")
    if (
        isinstance(frame, Hello)
        and _HTML_CAPS & set(frame.caps)
        and frame.max_frame_bytes < _LIMITS.min_frame_bytes_html
    ):
        raise PeerViolation(
            "bad_frame",
            f"A client that offers html or view takes frames of {_LIMITS.min_frame_bytes_html} bytes",
        )
    return frame


def _unknown(data: str | bytes) -> Unknown | None:
    try:
        frame = _type_of.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    return None if frame.type in _KNOWN else frame


class ServerLimits(msgspec.Struct):
    """The server's bounds, as `welcome` announces them."""

    max_frame_bytes: int
    max_streams: int
    max_text_bytes: int
    max_fps: int
    max_events: int
    cancel_ms: int
    replay_bytes: int | UnsetType = UNSET


class Resumed(msgspec.Struct):
    """How a stream goes on: `replay`, `view` or `gone`. `seq` is the number of its last operation."""

    how: str
    seq: int


class Welcome(msgspec.Struct, tag_field="type", tag="welcome"):
    """The answer to `hello`. The optional members need the capability `resume`."""

    session: str
    caps: list[str]
    limits: ServerLimits
    heartbeat_ms: int
    resume_ttl_ms: int | UnsetType = UNSET
    resumed: dict[str, Resumed] | UnsetType = UNSET


class StreamState(msgspec.Struct, omit_defaults=True):
    """One entry of a view's map.

    It has `run` while the stream is open or errored, `error` and `code` while an error is shown.
    """

    seq: int
    state: str
    run: int | UnsetType = UNSET
    error: str | UnsetType = UNSET
    code: str | UnsetType = UNSET


class ViewFrame(msgspec.Struct, tag_field="type", tag="view"):
    """A full re-render of the view root (chapter 12)."""

    html: str
    version: int
    streams: dict[str, StreamState]


class ReplyError(msgspec.Struct):
    """Why an event failed."""

    code: str
    error: str


class Reply(msgspec.Struct, tag_field="type", tag="reply", omit_defaults=True):
    """The answer to an event."""

    ref: int
    ok: bool
    error: ReplyError | UnsetType = UNSET


class SessionError(msgspec.Struct, tag_field="type", tag="error", omit_defaults=True):
    """An error of the whole session; a `fatal` one comes before a close (ERR-8)."""

    code: str
    error: str
    fatal: bool
    retryable: bool | UnsetType = UNSET
    retry_after_ms: int | UnsetType = UNSET


ServerFrame = Welcome | ViewFrame | Reply | SessionError | Ping | Pong
_encoder = msgspec.json.Encoder()


def encode(frame: ServerFrame) -> bytes:
    """The frame as JSON. Raises UnicodeEncodeError for a lone surrogate."""
    return _encoder.encode(frame)
