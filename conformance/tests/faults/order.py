"""Faults in order and numbers: chapter 5."""

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

import msgspec
from streamops_server.core import framing
from streamops_server.core.frames import Event
from streamops_server.core.ops import Op, Text
from streamops_server.core.outbox import Outbox
from streamops_server.core.producers import Producer
from streamops_server.core.program import Program
from streamops_server.core.session import Session
from streamops_server.core.stream import Stream

from .table import FEW, fault, instead

Real = Callable[..., Any]
Slots = list[tuple[Op, int]]


def no_early_merge() -> None:
    """Every operation reaches the coalescer as the program made it."""
    Stream.extendable = lambda self, writer: None  # type: ignore[method-assign]  # reason: a fault is a patch


def every_frame(change: Callable[[Stream, dict[str, Any]], object]) -> None:
    """Patch `stream` frames of plain sessions as they go out: `change` takes the stream and the members.

    What acks and a resume make of wrong numbers is wrong in more than one way.
    """

    @instead(Outbox, "_stream_frame")
    def frame(real: Real, self: Outbox, of: Stream, taken: object) -> bytes:
        data: bytes = real(self, of, taken)
        if self.window is not None or self.replay is not None:
            return data
        said = msgspec.json.decode(data)
        change(of, said)
        return msgspec.json.encode(said)


def before_coalescing(change: Callable[[list[Op]], tuple[list[Op], int]]) -> None:
    """Patch what a queue hands to the coalescer: `change` maps operations to operations and a
    number of operations that are covered besides."""
    no_early_merge()
    real = framing.coalesce

    def patched(ops: Sequence[tuple[Op, int]], limit: int) -> Slots:
        if any(count > 1 for _, count in ops):  # merged before, and sent again: it was changed then
            return list(real(ops, limit))
        changed, missing = change([op for op, _ in ops])
        slots = list(real([(op, 1) for op in changed], limit))
        if missing:
            op, count = slots[-1]
            slots[-1] = (op, count + missing)
        return slots

    framing.coalesce = patched


def _one_target(ops: list[Op]) -> bool:
    return all(op.target == ops[0].target for op in ops)


@fault("ORD-5")
def an_op_is_dropped() -> None:
    def change(ops: list[Op]) -> tuple[list[Op], int]:
        for i in range(len(ops) - 2):
            trio = ops[i : i + 3]
            if all(isinstance(op, Text) and op.mode == "append" and op.text for op in trio) and _one_target(
                trio
            ):
                return [*ops[: i + 1], *ops[i + 2 :]], 1
        return ops, 0

    before_coalescing(change)


@fault("ORD-4")
def two_ops_are_swapped() -> None:
    def change(ops: list[Op]) -> tuple[list[Op], int]:
        for i in range(len(ops) - 1):
            a, b = ops[i], ops[i + 1]
            appends = isinstance(a, Text) and isinstance(b, Text) and a.mode == b.mode == "append"
            if appends and _one_target([a, b]):
                ops[i], ops[i + 1] = b, a
                break
        return ops, 0

    before_coalescing(change)


@fault("LIF-1")
def a_text_comes_after_done() -> None:
    def change(ops: list[Op]) -> tuple[list[Op], int]:
        for i in range(len(ops) - 1):
            if isinstance(ops[i], Text) and ops[i + 1].kind == "done":
                ops[i], ops[i + 1] = ops[i + 1], ops[i]
                break
        return ops, 0

    before_coalescing(change)


@fault("ORD-3")
def n_counts_the_merged_ops() -> None:
    every_frame(lambda _, frame: frame.update(n=len(frame["ops"])))


@fault("ORD-2")
def seq_numbers_frames() -> None:
    counts: dict[int, tuple[Stream, int]] = {}  # with the queue, so that no other gets its id

    def change(of: Stream, frame: dict[str, Any]) -> None:
        counts[id(of)] = of, counts.get(id(of), (of, 0))[1] + 1
        frame["seq"] = counts[id(of)][1]

    every_frame(change)


@fault("ORD-6")
def a_start_is_sent_before_earlier_ops_of_others() -> None:
    @instead(Stream, "take")
    def take(real: Real, self: Stream, before: float, starts_before: object) -> object:
        return real(self, before, lambda: float("inf"))


@fault("ORD-1")
def a_start_clears_what_was_written() -> None:
    """The content of the run before goes, though no operation of the program says so."""
    written: dict[int, tuple[Stream, bool]] = {}

    def change(of: Stream, frame: dict[str, Any]) -> None:
        said: list[dict[str, Any]] = []
        full = written.get(id(of), (of, False))[1]
        for op, after in zip(frame["ops"], [*frame["ops"][1:], {}], strict=True):
            said.append(op)
            if op["op"] == "start" and full and after.get("mode") == "append":
                said.append({"op": "text", "target": op["target"], "text": "", "mode": "replace"})
            if op["op"] == "text" and op["target"] == of.target:
                full = op["mode"] == "append" and op["text"] != ""
            elif op["op"] not in ("start", "error", "done"):
                full = False
        written[id(of)] = of, full
        frame["ops"] = said

    every_frame(change)


@fault("ORD-7")
def numbers_begin_again_with_an_event() -> None:
    bases: dict[int, tuple[Stream, int]] = {}

    @instead(Session, "_take_event")
    def take_event(real: Real, self: Session, event: Event) -> object:
        for each in self.program.streams.values():
            if each.state == "idle":
                bases[id(each)] = each, each.accepted
        return real(self, event)

    every_frame(lambda of, frame: frame.update(seq=frame["seq"] - bases.get(id(of), (of, 0))[1]))


@fault("ORD-8", examples=FEW)
def a_stream_with_a_long_name_is_everyones() -> None:
    programs: WeakSet[Program] = WeakSet()

    @instead(Program, "text")
    def text(real: Real, self: Program, caller: Producer, name: str, *args: Any) -> None:
        programs.add(self)
        real(self, caller, name, *args)
        for other in programs if len(name) >= 6 else ():
            if other is not self and not other.closed and name in other.streams:
                real(other, Producer(), name, *args)
