"""The lifecycle operations: how each is made, and what it does to its stream once it is accepted."""

from collections.abc import Callable

from streamops_spec import OpTemplate

from streamops_server.core.ops import Done, Error, Op, Start
from streamops_server.core.producers import Producer
from streamops_server.core.stream import Stream

APP_ERROR_TEXT = "The application failed"
"""All that a client learns of an exception: never its text, never a traceback (ERR-4)."""


def _make_start(stream: Stream, _template: OpTemplate, _error: Error | None) -> Op:
    return Start(stream.target, stream.accepted + 1)  # LIF-2


def _make_error(stream: Stream, template: OpTemplate, error: Error | None) -> Op:
    return error or Error(stream.target, APP_ERROR_TEXT, template.code)


def _make_done(stream: Stream, template: OpTemplate, _error: Error | None) -> Op:
    return Done(stream.target, template.reason, *(stream.text_proof() or ()))


def _started(stream: Stream, _op: Op, owner: Producer) -> None:
    stream.open_run(owner)


def _failed(stream: Stream, op: Op, _owner: Producer) -> None:
    assert isinstance(op, Error)
    stream.show_error(op)


def _ended(stream: Stream, _op: Op, _owner: Producer) -> None:
    stream.close_run()


MAKE: dict[str, Callable[[Stream, OpTemplate, Error | None], Op]] = {
    "start": _make_start,
    "error": _make_error,
    "done": _make_done,
}
"""Operation → a function that makes it, from a row of the call table or from the call's own error."""
EFFECT: dict[str, Callable[[Stream, Op, Producer], None]] = {
    "start": _started,
    "error": _failed,
    "done": _ended,
}
"""Operation → what it does to the stream; the producer is the owner of a run that it starts."""
