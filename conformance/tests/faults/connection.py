"""Faults in the handshake, the heartbeat and the end: chapter 1."""

import asyncio
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from streamops_server.core import frames
from streamops_server.core.frames import Hello, Ping, Pong, Unknown
from streamops_server.core.heartbeat import Heartbeat
from streamops_server.core.outbox import Outbox
from streamops_server.core.session import Session
from streamops_server.session_runner import SessionRunner
from streamops_server.websocket_server import StreamServer, _json_response
from streamops_spec import load_protocol
from websockets.server import ServerProtocol

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("CON-1", examples=FEW)
def the_first_subprotocol_is_echoed() -> None:
    @instead(ServerProtocol, "select_subprotocol")
    def select(real: Real, self: ServerProtocol, offered: list[str]) -> str:
        return offered[0]


@fault("CON-2", examples=FEW)
def an_unknown_subprotocol_gets_426() -> None:
    @instead(StreamServer, "_refuse")
    def refuse(real: Real, self: StreamServer, connection: object, request: object) -> object:
        answer = real(self, connection, request)
        return _json_response(426, {"error": "Upgrade"}) if answer and answer.status_code == 400 else answer


@fault("CON-3")
def a_second_welcome_comes_once_the_view_is_mounted() -> None:
    @instead(Session, "mounted")
    def mounted(real: Real, self: Session) -> list[frames.Event]:
        if self.hello is not None and self.hello.caps == ["html", "view", "x-conformance"]:
            self.welcome(self.program.caps)
        found: list[frames.Event] = real(self)
        return found


@fault("CON-4", examples=FEW)
def a_view_brings_html_unasked() -> None:
    @instead(Session, "welcome")
    def welcome(real: Real, self: Session, offered: frozenset[str]) -> None:
        assert self.hello is not None
        if "view" in self.hello.caps:
            self.hello.caps.append("html")
        real(self, offered)


@fault("CON-4", examples=FEW)
def the_offered_capabilities_are_echoed() -> None:
    @instead(Session, "welcome")
    def welcome(real: Real, self: Session, offered: frozenset[str]) -> None:
        assert self.hello is not None
        real(self, offered | (set(self.hello.caps) - load_protocol().capabilities.keys()))


def _taken(kind: type, answer: Callable[[Session, Any], bool]) -> None:
    """What `answer` says yes to of these frames goes no further."""

    @instead(Session, "_take")
    def take(real: Real, self: Session, frame: Any) -> list[Any]:
        found: list[Any] = [] if isinstance(frame, kind) and answer(self, frame) else real(self, frame)
        return found


@fault("CON-5", examples=FEW)
def anything_before_hello_counts_as_none() -> None:
    def early(self: Session, frame: object) -> bool:
        if self.hello is None and not isinstance(frame, Unknown | Hello):
            self.fail("hello_timeout", "hello comes first")
        return self.closing is not None

    _taken(object, early)


@fault("CON-6", examples=FEW)
def a_second_hello_is_an_internal_error() -> None:
    def again(self: Session, _: Hello) -> bool:
        if self.hello is not None:
            self.fail("internal", "The session was there before")
        return self.closing is not None

    _taken(Hello, again)


@fault("CON-7", examples=FEW)
def a_silent_connection_has_five_seconds() -> None:
    @instead(Heartbeat, "__init__")
    def init(real: Real, self: Heartbeat, limits: object, now: float) -> None:
        real(self, limits, now)
        self.deadline -= 5


@fault("CON-8")
def the_first_operations_overtake_the_first_view() -> None:
    """The view is held until something else goes, and goes behind it if that is of a stream."""
    held: WeakKeyDictionary[Outbox, bytes] = WeakKeyDictionary()
    seen: WeakKeyDictionary[Outbox, bool] = WeakKeyDictionary()

    @instead(Outbox, "flush")
    def flush(real: Real, self: Outbox, now: float) -> list[bytes]:
        out: list[bytes] = real(self, now)
        first = next((frame for frame in out if frame.startswith(b'{"type":"view"')), None)
        if first is not None and self not in seen:
            seen[self] = True
            held[self] = first
            out.remove(first)
        if self in held:
            place = next((i for i, frame in enumerate(out) if _is_ordered(frame)), None)
            if place is not None:
                out.insert(place + out[place].startswith(b'{"type":"stream"'), held.pop(self))
        return out


def _is_ordered(frame: bytes) -> bool:
    return frame.startswith((b'{"type":"stream"', b'{"type":"view"', b'{"type":"reply"'))


def _failing(change: Callable[[str, dict[str, Any]], str]) -> None:
    """`change` takes the code and the options of a failure, may change these, and gives the code."""

    @instead(Session, "fail")
    def fail(real: Real, self: Session, code: str, text: str, **options: Any) -> None:
        real(self, change(code, options), text, **options)


@fault("CON-9", examples=FEW)
def a_mount_that_raises_may_be_tried_again() -> None:
    def change(code: str, options: dict[str, Any]) -> str:
        if code == "app_error":
            options["retryable"] = True
        return code

    _failing(change)


@fault("CON-10", examples=FEW)
def an_unknown_program_is_an_application_error() -> None:
    _failing(lambda code, _: "app_error" if code == "bad_params" else code)


@fault("CON-11", examples=FEW)
def a_silent_client_is_not_pinged() -> None:
    @instead(Heartbeat, "_set_deadline")
    def ends(real: Real, self: Heartbeat) -> None:
        self.deadline = float("inf") if self.greeted else self.deadline


@fault("CON-12", examples=FEW)
def a_pong_has_no_t() -> None:
    def bare(self: Session, _: Ping) -> bool:
        if self.hello is not None:
            self._control(Pong())
        return self.hello is not None

    _taken(Ping, bare)


@fault("CON-13", examples=FEW)
def a_pong_waits_for_the_handlers() -> None:
    @instead(SessionRunner, "received")
    def received(real: Real, self: SessionRunner, message: str | bytes) -> None:
        if '"ping"' in str(message) and self._tasks and not self.program.closed:
            asyncio.get_running_loop().call_later(0.02, received, real, self, message)
        else:
            real(self, message)


@fault("CON-14", examples=FEW)
def a_server_that_ends_just_closes() -> None:
    @instead(SessionRunner, "shut_down")
    def shut_down(real: Real, self: SessionRunner) -> None:
        if self._connection is not None:
            self._connection.end(1001, "")
