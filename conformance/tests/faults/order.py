"""Faults in order and numbers: chapter 5."""

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

import msgspec
from streamops_server.core import queue
from streamops_server.core.ops import Op
from streamops_server.core.outbox import Outbox
from streamops_server.core.owners import Producer
from streamops_server.core.program import Program

from .table import FEW, fault, instead

Real = Callable[..., Any]
Slots = list[tuple[Op, int]]


def no_early_merge() -> None:
    """Every operation reaches the coalescer as the program made it."""
    queue.Queue.extendable = lambda self, writer: None  # type: ignore[method-assign]  # reason: a fault is a patch


def every_frame(change: Callable[[queue.Queue, dict[str, Any]], object]) -> None:
    """Patch `stream` frames of plain sessions as they go out: `change` takes the stream and the members.

    What acks and a resume make of wrong numbers is wrong in more than one way.
    """

    @instead(Outbox, "_frame")
    def frame(real: Real, self: Outbox, of: queue.Queue, taken: object) -> bytes:
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
    real = queue.coalesce

    def patched(ops: Sequence[tuple[Op, int]], limit: int) -> Slots:
        if any(count > 1 for _, count in ops):  # merged before, and sent again: it was changed then
            return list(real(ops, limit))
        changed, missing = change([op for op, _ in ops])
        slots = list(real([(op, 1) for op in changed], limit))
        if missing:
            op, count = slots[-1]
            slots[-1] = (op, count + missing)
        return slots

    queue.coalesce = patched


def _one_target(ops: list[Op]) -> bool:
    return all(op.target == ops[0].target for op in ops)


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
