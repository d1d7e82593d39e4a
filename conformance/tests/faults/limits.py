"""Faults in limits and in security: chapter 14."""

from collections.abc import Callable
from typing import Any

import msgspec
from streamops_server import websocket_server
from streamops_server.core import session
from streamops_server.core.errors import Overflow, PeerViolation
from streamops_server.core.program import Program
from streamops_server.core.stream import Stream
from streamops_server.websocket_server import StreamServer
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("LIM-1", examples=FEW)
def a_frame_is_not_cut_to_size() -> None:
    @instead(Stream, "frame")
    def frame(real: Real, self: Stream, ops: object, max_text_bytes: int, _: int, **options: Any) -> object:
        return real(self, ops, max_text_bytes, 1 << 30, **options)


@fault("LIM-2", examples=FEW)
def a_message_over_the_limit_is_called_malformed() -> None:
    @instead(session.Session, "_check_length")
    def check(real: Real, self: session.Session, data: str) -> None:
        try:
            real(self, data)
        except PeerViolation as violation:
            raise PeerViolation("bad_frame", violation.message) from None


@fault("LIM-3", examples=FEW)
def html_that_cannot_fit_is_an_application_error() -> None:
    @instead(Program, "_check_size")
    def check(real: Real, self: Program, *args: object) -> None:
        try:
            real(self, *args)
        except Overflow as overflow:
            raise ValueError(str(overflow)) from None


@fault("LIM-4", examples=FEW)
def there_are_always_more_streams() -> None:
    @instead(Program, "__init__")
    def init(real: Real, self: Program, limits: Any, outbox: object) -> None:
        real(self, msgspec.structs.replace(limits, max_streams=1 << 30), outbox)


@fault("LIM-5", examples=FEW)
def every_origin_may_come() -> None:
    @instead(StreamServer, "_may_come_from")
    def may_come(real: Real, self: StreamServer, origin: str, host: str) -> bool:
        return True


def _compressing(**options: bool) -> None:
    @instead(websocket_server, "serve")
    def serve(real: Real, *args: Any, **settings: Any) -> object:
        return real(*args, **settings, extensions=[ServerPerMessageDeflateFactory(**options)])


@fault("LIM-6", examples=FEW)
def compression_is_on() -> None:
    _compressing(server_no_context_takeover=True, client_no_context_takeover=True)


@fault("LIM-7", warns=("LIM-6",), examples=FEW)
def compression_keeps_its_context() -> None:
    _compressing()


@fault("LIM-8", examples=FEW)
def a_name_is_trimmed_first() -> None:
    @instead(Program, "_stream")
    def queue(real: Real, self: Program, name: str) -> object:
        return real(self, name.strip())
