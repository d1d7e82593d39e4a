"""Faults in the lifecycle and in who owns a run: chapter 4.

Patches, because these are not on the wire: owners, fences, and which call ends a run.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from streamops_server.core.lifecycle import CALLS
from streamops_server.core.lifecycle_ops import EFFECT
from streamops_server.core.ops import Done, Op, Text
from streamops_server.core.producers import Producer
from streamops_server.core.program import Program
from streamops_server.core.stream import Stream

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("LIF-3")
def html_opens_a_stream_without_a_start() -> None:
    @instead(Program, "_run_row")
    def run_row(
        real: Real, self: Program, call: str, queue: Stream, owner: Producer, *rest: Any, **more: Any
    ) -> None:
        if call == "content" and queue.state == "idle" and not isinstance(rest[0][0], Text):
            queue.state = "open"
            EFFECT["start"](queue, Op(queue.target), owner)
        real(self, call, queue, owner, *rest, **more)


@fault("LIF-5")
def a_done_call_is_always_complete() -> None:
    CALLS["done"]["errored"] = CALLS["done"]["open"]


@fault("LIF-6")
def a_second_done_goes_out_too() -> None:
    @instead(Program, "done")
    def done(real: Real, self: Program, caller: Producer, name: str) -> None:
        queue = self._stream(name)
        if queue.state == "idle":
            self._outbox.add(queue, Done(queue.target, "complete"), 0)
        else:
            real(self, caller, name)


@fault("LIF-7")
def what_was_started_by_hand_is_not_ended() -> None:
    started: WeakKeyDictionary[Program, set[str]] = WeakKeyDictionary()

    @instead(Program, "start")
    def start(real: Real, self: Program, caller: Producer, name: str) -> None:
        real(self, caller, name)
        started.setdefault(self, set()).add(name)

    @instead(Program, "_run_row")
    def run_row(
        real: Real, self: Program, call: str, queue: Stream, owner: Producer, *rest: Any, **more: Any
    ) -> None:
        by_hand = queue.name in started.get(self, ()) and queue.state == "open"
        if call != "owner_returns" or owner.parent is not None or not by_hand:
            real(self, call, queue, owner, *rest, **more)


@fault("LIF-8")
def a_raise_leaves_the_spinner() -> None:
    @instead(Program, "end")
    def end(real: Real, self: Program, producer: Producer, outcome: str) -> None:
        if outcome != "owner_raises":
            real(self, producer, outcome)


@fault("LIF-9")
def a_branch_opens_runs_for_its_handler() -> None:
    @instead(Program, "_run_row")
    def run_row(
        real: Real, self: Program, call: str, queue: Stream, owner: Producer, *rest: Any, **more: Any
    ) -> None:
        *_, handler = owner.line()
        real(self, call, queue, handler if call in ("start", "content", "error") else owner, *rest, **more)


@fault("LIF-13", examples=FEW)
def a_raise_of_a_branch_shows_once_the_handler_ends() -> None:
    @instead(Program, "end")
    def end(real: Real, self: Program, producer: Producer, outcome: str) -> None:
        parent = producer.parent
        if outcome != "owner_raises" or parent is None or parent.living < 2:
            real(self, producer, outcome)
            return
        runs, parent.runs = parent.runs, {}
        real(self, producer, outcome)
        parent.runs = runs


@fault("LIF-10", examples=FEW)
def a_superseded_producer_writes_on() -> None:
    @instead(Producer, "is_fenced")
    def is_fenced(real: Real, self: Producer, name: str) -> bool:
        return self.is_stopped and bool(real(self, name))


@fault("LIF-11", examples=FEW)
def a_fence_is_for_ever() -> None:
    @instead(Producer, "lift")
    def lift(real: Real, self: Producer, name: str) -> None:
        return


@fault("LIF-12", examples=FEW)
def who_writes_takes_the_run_over() -> None:
    @instead(Program, "_content")
    def content(real: Real, self: Program, caller: Producer, queue: Stream, ops: object) -> None:
        real(self, caller, queue, ops)
        assert queue.owner is not None
        assert queue.run is not None
        queue.owner.ended_run(queue.name)
        caller.began_run(queue.name)
        queue.run.owner = caller
