"""Faults in the shape of messages and in what is refused of them: chapter 2."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
from streamops_server.core import frames, framing, outbox, session, views
from streamops_server.core.errors import PeerViolation
from streamops_server.session_runner import SessionRunner
from streamops_server.websocket_server import WebSocketConnection

from .table import FEW, fault, instead

Real = Callable[..., Any]


def _encoded(module: Any, change: Callable[[bytes], bytes]) -> None:
    """Change what that module encodes."""

    @instead(module, "encode")
    def encode(real: Real, frame: object) -> bytes:
        return change(real(frame))


@fault("FRM-1")
def frames_of_several_streams_come_as_an_array() -> None:
    @instead(WebSocketConnection, "write_frames")
    def write(real: Real, self: WebSocketConnection, found: list[bytes]) -> None:
        streams = [frame for frame in found if frame.startswith(b'{"type":"stream"')]
        if len(streams) > 1:
            others = [frame for frame in found if frame not in streams]
            found = [b"[" + b",".join(streams) + b"]", *others]
        real(self, found)


@fault("FRM-2", examples=FEW)
def a_pong_has_its_t_twice() -> None:
    def twice(data: bytes) -> bytes:
        head, t, rest = data.partition(b',"t":')
        return head + t + rest[:-1] + t + rest if data.startswith(b'{"type":"pong"') and t else data

    _encoded(frames, twice)


@fault("FRM-3", examples=FEW)
def no_capabilities_are_null() -> None:
    _encoded(frames, lambda data: data.replace(b'"caps":[]', b'"caps":null'))


@fault("FRM-4")
def a_limit_of_zero_is_left_out() -> None:
    _encoded(framing, lambda data: data.replace(b'"limit":0,', b""))


@fault("FRM-5")
def an_empty_map_is_a_list() -> None:
    _encoded(views, lambda data: data.replace(b'"streams":{}', b'"streams":[]'))


@fault("FRM-6", examples=FEW)
def an_unknown_event_is_answered_without_a_text() -> None:
    _encoded(
        outbox,
        lambda data: data.split(b',"error":"There is no event')[0] + b"}}" if b"no event" in data else data,
    )


@fault("FRM-7", examples=FEW)
def an_error_about_size_has_no_text() -> None:
    def textless(data: bytes) -> bytes:
        return msgspec.json.encode({k: v for k, v in json.loads(data).items() if k != "error"})

    _encoded(frames, lambda data: textless(data) if b'"code":"frame_too_large"' in data else data)


@fault("FRM-8", examples=FEW)
def a_pong_without_t_has_null() -> None:
    _encoded(frames, lambda data: b'{"type":"pong","t":null}' if data == b'{"type":"pong"}' else data)


def _refused_otherwise(malformed: Callable[[Any], bool]) -> None:
    """What is malformed so ends the session as the server's own failure."""

    @instead(session.frames, "decode")
    def decode(real: Real, data: str) -> Any:
        try:
            return real(data)
        except PeerViolation:
            try:
                value = json.loads(data)
            except (ValueError, RecursionError):
                value = None
            if malformed(value):
                raise PeerViolation("internal", "The server failed") from None
            raise


@fault("FRM-13", examples=FEW)
def a_message_that_is_no_object_is_an_internal_error() -> None:
    _refused_otherwise(lambda value: not isinstance(value, dict))


@fault("FRM-14", examples=FEW)
def a_binary_message_gets_1003_and_no_error() -> None:
    @instead(SessionRunner, "received")
    def received(real: Real, self: SessionRunner, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.pump._close(1003, "")
        else:
            real(self, message)


@fault("FRM-15", examples=FEW)
def a_mistyped_member_is_an_internal_error() -> None:
    _refused_otherwise(lambda value: isinstance(value, dict) and isinstance(value.get("ref", ""), str))
