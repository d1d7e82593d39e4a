"""Faults in order and numbers: chapter 5.

Patches, because these are not on the wire: one program that writes into another.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from streamops_server.core.ops import Op
from streamops_server.core.producers import Producer
from streamops_server.core.program import Program
from streamops_server.core.stream import Stream

from .table import FEW, fault, instead

Real = Callable[..., Any]
Slots = list[tuple[Op, int]]


def no_early_merge() -> None:
    """Every operation reaches the coalescer as the program made it."""
    Stream.extendable = lambda self, writer: None  # type: ignore[method-assign]  # reason: a fault is a patch


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
