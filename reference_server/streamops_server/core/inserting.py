"""The lifecycle operations that calls insert: how each is made, and what it does to its stream."""

from streamops_spec import OpTemplate

from streamops_server.core.integrity import Integrity
from streamops_server.core.ops import Done, Error, Op, Start
from streamops_server.core.owners import Producer
from streamops_server.core.queue import Queue

APP_ERROR_TEXT = "The application failed"
"""What a client learns of an exception: never its text, never a traceback (ERR-4)."""


def _make_start(queue: Queue, _step: OpTemplate, _error: Error | None) -> Op:
    return Start(queue.target, queue.accepted + 1)  # LIF-2


def _make_error(queue: Queue, step: OpTemplate, error: Error | None) -> Op:
    return error or Error(queue.target, APP_ERROR_TEXT, step.code)


def _make_done(queue: Queue, step: OpTemplate, _error: Error | None) -> Op:
    queue.seal()
    assert queue.integrity is not None
    proof = queue.integrity.result()
    return Done(queue.target, step.reason, *(proof or ()))


def _started(queue: Queue, _op: Op, owner: Producer) -> None:
    queue.run = queue.accepted
    queue.owner = owner
    queue.integrity = Integrity()
    queue.shown = None
    owner.runs[queue.name] = None


def _erred(queue: Queue, op: Op, _owner: Producer) -> None:
    assert isinstance(op, Error)
    queue.shown = op


def _ended(queue: Queue, _op: Op, _owner: Producer) -> None:
    assert queue.owner is not None
    del queue.owner.runs[queue.name]
    queue.owner = queue.integrity = None


MAKE = {"start": _make_start, "error": _make_error, "done": _make_done}
EFFECT = {"start": _started, "error": _erred, "done": _ended}
