"""Faults in errors, in what they say and do: chapter 7."""

from collections.abc import Callable
from typing import Any

import msgspec
from streamops_server import view_runner
from streamops_server.core import program
from streamops_server.core.closing import Close
from streamops_server.core.ops import Op
from streamops_server.core.program import Program
from streamops_server.core.session import Session
from streamops_server.core.stream import Stream

from .order import every_frame
from .table import FEW, fault, instead

Real = Callable[..., Any]
Slots = list[tuple[Op, int]]


@fault("ERR-1")
def an_error_clears_the_content() -> None:
    def change(_: Stream, frame: dict[str, Any]) -> None:
        cleared = {"op": "text", "text": "", "mode": "replace"}
        frame["ops"] = [
            each
            for op in frame["ops"]
            for each in ([op, {**cleared, "target": op["target"]}] if op["op"] == "error" else [op])
        ]

    every_frame(change)


@fault("ERR-2")
def every_error_has_the_same_code() -> None:
    make = program.MAKE["error"]

    def error(*args: Any) -> Op:
        return msgspec.structs.replace(make(*args), code="app_error")

    program.MAKE["error"] = error


def _recoded(before: str, after: str) -> None:
    """Replies with one code say another."""

    @instead(Session, "reply")
    def reply(real: Real, self: Session, ref: int, code: str | None = None, text: str = "") -> None:
        real(self, ref, after if code == before else code, text)


@fault("ERR-3")
def a_raise_is_answered_internal() -> None:
    _recoded("app_error", "internal")


@fault("ERR-4", examples=FEW)
def the_text_of_an_exception_goes_out() -> None:
    @instead(view_runner, "explain")
    def explain(real: Real, error: Exception) -> tuple[str, str]:
        return real(error)[0], str(error)


@fault("ERR-5", examples=FEW)
def an_unknown_event_is_answered_bad_params() -> None:
    _recoded("unknown_event", "bad_params")


@fault("ERR-6", examples=FEW)
def bad_params_are_answered_app_error() -> None:
    _recoded("bad_params", "app_error")


@fault("ERR-7", examples=FEW)
def a_code_is_invented() -> None:
    _recoded("bad_params", "invalid_params")


@fault("ERR-8", examples=FEW)
def a_close_has_no_reason() -> None:
    @instead(Session, "fail")
    def fail(real: Real, self: Session, *args: Any, **options: Any) -> None:
        real(self, *args, **options)
        assert self.closing is not None
        self.closing = Close(self.closing.code, "")


@fault("ERR-8", examples=FEW)
def a_pong_follows_the_fatal_error() -> None:
    @instead(Session, "fail")
    def fail(real: Real, self: Session, *args: Any, **options: Any) -> None:
        ended = self.closing is not None
        real(self, *args, **options)
        if not ended and self.hello is not None:
            self.outbox.add_control(b'{"type":"pong"}')


@fault("ERR-9", examples=FEW)
def an_unknown_code_becomes_app_error() -> None:
    @instead(Program, "error")
    def error(
        real: Real, self: Program, caller: object, name: str, message: str, code: str, *rest: Any
    ) -> None:
        try:
            real(self, caller, name, message, code, *rest)
        except ValueError:
            real(self, caller, name, message, "app_error", *rest)
