"""Faults in cancelling: chapter 10.

Patches, because these are not on the wire: whose producer is stopped, and what it may still write.
"""

from collections.abc import Callable
from typing import Any

from streamops_server.core.frames import Cancel
from streamops_server.core.producers import Producer
from streamops_server.core.program import _ERROR_ROW, Program
from streamops_server.core.session import Session
from streamops_server.core.stream import Stream
from streamops_server.session_runner import SessionRunner

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("FLW-9", examples=FEW)
def a_cancelled_owner_has_all_the_time() -> None:
    @instead(Program, "end_cancelled")
    def end_cancelled(real: Real, self: Program, name: str, run: int) -> None:
        pass


@fault("FLW-9", examples=FEW)
def a_done_after_a_cancel_is_complete() -> None:
    @instead(Program, "done")
    def done(real: Real, self: Program, caller: Producer, name: str) -> None:
        self.check_alive(caller)
        queue = self._stream(name)
        if not caller.is_fenced(name):
            self._run_row("done", queue, caller)


@fault("FLW-9", examples=FEW)
def an_owner_that_has_tasks_goes_on() -> None:
    """Only the run that was named ends, after `cancel_ms`."""

    @instead(SessionRunner, "_cancel")
    def cancel(real: Real, self: SessionRunner, asked: Cancel) -> None:
        queue = self.program.streams.get(asked.stream)
        parents = [each.parent for each in self._tasks._producers.values() if each is not None]
        if queue is not None and queue.owner is not None and queue.owner in parents:
            self.session.cancel(asked, self._loop.time())
        else:
            real(self, asked)


@fault("FLW-9", examples=FEW)
def what_a_cancelled_owner_raises_is_shown() -> None:
    @instead(Program, "end")
    def end(real: Real, self: Program, producer: Producer, outcome: str) -> None:
        if outcome == "owner_raises" and producer.is_stopped:
            for owner in producer.line():
                for name in owner.runs:
                    self._run_row("owner_raises", self.streams[name], owner, row=_ERROR_ROW)
        real(self, producer, outcome)


@fault("FLW-9", examples=FEW)
def a_second_cancel_ends_the_clean_up() -> None:
    @instead(Session, "cancel")
    def cancel(real: Real, self: Session, asked: Cancel, now: float) -> object:
        owner = self.program.owner_of(asked.stream, asked.run)
        return real(self, asked, now) or owner


def as_if_not_stopped(caller: Producer, real: Real, *args: Any) -> Any:
    """Call `real` with a cancelled producer that is taken for one that is not."""
    stopped = [each for each in caller.line() if each.stopped]
    for each in stopped:
        each.stopped = False
    try:
        return real(*args)
    finally:
        for each in stopped:
            each.stopped = True


@fault("FLW-11", examples=FEW)
def a_cancelled_producer_writes_on() -> None:
    ended: dict[int, Stream] = {}

    @instead(Program, "_end_stopped")
    def end_stopped(real: Real, self: Program, queue: Stream, owner: Producer) -> None:
        self._run_row("owner_cancelled", queue, owner)
        ended[id(queue)] = queue

    @instead(Program, "open_to")
    def open_to(real: Real, self: Program, caller: Producer, name: str, *args: str) -> Any:
        if id(self.streams.get(name)) in ended:
            return as_if_not_stopped(caller, real, self, caller, name, *args)
        return real(self, caller, name, *args)


@fault("FLW-11", examples=FEW)
def a_start_lifts_the_fence_of_a_cancelled_producer() -> None:
    @instead(Program, "start")
    def start(real: Real, self: Program, caller: Producer, name: str) -> None:
        if caller.is_fenced(name):
            as_if_not_stopped(caller, real, self, caller, name)
        else:
            real(self, caller, name)


@fault("FLW-14", examples=FEW)
def a_cancelled_owner_writes_elsewhere() -> None:
    @instead(Program, "open_to")
    def open_to(real: Real, self: Program, caller: Producer, *args: str) -> Any:
        return as_if_not_stopped(caller, real, self, caller, *args)


@fault("FLW-14", examples=FEW)
def a_cancelled_owner_starts_elsewhere() -> None:
    @instead(Program, "start")
    def start(real: Real, self: Program, caller: Producer, name: str) -> None:
        if caller.is_fenced(name):
            real(self, caller, name)
        else:
            as_if_not_stopped(caller, real, self, caller, name)
