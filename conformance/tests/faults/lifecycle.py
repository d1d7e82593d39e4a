"""Faults in the lifecycle, the owners and what errors do: chapters 4 and 7."""

from collections.abc import Sequence

from streamops_server.core import program, queue
from streamops_server.core.ops import Error, Op, Text
from streamops_server.core.owners import Producer

from .table import fault


@fault("LIF-2")
def every_run_is_called_one() -> None:
    real = program.MAKE["start"]

    def start(*args: object) -> Op:
        made = real(*args)  # type: ignore[arg-type]  # reason: passed through
        made.run = 1  # type: ignore[attr-defined]  # reason: it is a Start
        return made

    program.MAKE["start"] = start  # type: ignore[assignment]  # reason: a fault is a patch


@fault("LIF-8")
def a_raise_leaves_the_spinner() -> None:
    real = program.Program.end

    def end(self: program.Program, producer: Producer, outcome: program.Outcome) -> None:
        if outcome != "owner_raises":
            real(self, producer, outcome)

    program.Program.end = end  # type: ignore[method-assign]  # reason: a fault is a patch


@fault("ERR-1")
def an_error_clears_the_content() -> None:
    real = queue.coalesce

    def patched(ops: Sequence[tuple[Op, int]], limit: int) -> list[tuple[Op, int]]:
        slots: list[tuple[Op, int]] = []
        for op, count in real(ops, limit):
            slots.append((op, count))
            if isinstance(op, Error):
                slots.append((Text(op.target, "", "replace"), 0))
        return slots

    queue.coalesce = patched
