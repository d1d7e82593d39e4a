"""Faults in batching and coalescing: chapter 6."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from streamops_server.core import coalesce, framing
from streamops_server.core.ops import Append, Delete, Op, Replace, Text
from streamops_server.core.outbox import Outbox
from streamops_server.core.stream import Stream
from streamops_server.pump import Pump

from .order import Slots, before_coalescing, no_early_merge
from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("BAT-3")
def ops_merge_across_targets() -> None:
    no_early_merge()

    def patched(ops: Sequence[tuple[Op, int]], limit: int) -> Slots:
        slots: list[coalesce.Slot] = []
        for op, count in ops:
            last = slots[-1] if slots else None
            rule = coalesce.RULES.get((last.key, op.key)) if last is not None else None
            if last is not None and rule is not None and op.key.startswith("text") and rule(last, op, limit):
                last.count += count
                continue
            slots.append(coalesce.Slot(op, count))
        return [(slot.finish(), slot.count) for slot in slots]

    framing.coalesce = patched


@fault("BAT-2")
def ops_merge_past_another_target() -> None:
    def change(ops: list[Op]) -> tuple[list[Op], int]:
        for i in range(len(ops) - 2):
            a, b, c = ops[i : i + 3]
            appends = all(isinstance(op, Text) and op.mode == "append" for op in (a, b, c))
            if appends and a.target == c.target != b.target:
                ops[i + 1], ops[i + 2] = c, b
                break
        return ops, 0

    before_coalescing(change)


@fault("BAT-4")
def html_of_two_appends_is_joined() -> None:
    def join(slot: coalesce.Slot, op: Op, limit: int) -> bool:
        assert isinstance(slot.op, Append)
        assert isinstance(op, Append)
        slot._become(msgspec.structs.replace(slot.op, html=slot.op.html + op.html))
        return True

    coalesce.RULES["append", "append"] = join


@fault("BAT-5")
def a_replace_absorbs_a_delete() -> None:
    for later in ("replace", "delete"):
        coalesce.RULES["delete", later] = coalesce.Slot.take


@fault("BAT-6")
def merged_text_grows_without_end() -> None:
    no_early_merge()
    real = framing.coalesce
    framing.coalesce = lambda ops, limit: real(ops, limit + 4096)


@fault("BAT-1")
def an_append_is_sent_as_a_replace_of_all() -> None:
    """What the stream shows is right, and the operations are not the program's."""

    def change(ops: list[Op]) -> tuple[list[Op], int]:
        for i, op in enumerate(ops[:-1]):
            following = ops[i + 1]
            if isinstance(op, Replace) and isinstance(following, Append) and op.target == following.target:
                if "<" in op.html + following.html:
                    continue
                ops[i : i + 2] = [Delete("#no-such-element"), Replace(op.target, op.html + following.html)]
                break
        return ops, 0

    before_coalescing(change)


@fault("BAT-7", warns=("BAT-10",))
def every_op_gets_a_frame() -> None:
    no_early_merge()

    @instead(Outbox, "_stream_frame")
    def frame(real: Real, self: Outbox, of: Stream, taken: list[framing.Entry]) -> bytes:
        if self.window is None:  # What a window makes of that is the matter of FLW-2.
            of._put_back(taken[1:])
            taken = taken[:1]
        data: bytes = real(self, of, taken)
        return data


QUIET = 0.25
"""Seconds: longer than ten intervals of sixty frames a second."""


@fault("BAT-8", examples=FEW)
def the_first_operation_waits_for_company() -> None:
    @instead(Pump, "touch")
    def touch(real: Real, self: Pump) -> None:
        now = asyncio.get_running_loop().time()
        if self._soon is None and self._timer_at > self._outbox.next_tick <= now:
            self._outbox.next_tick = now + QUIET
        real(self)


@fault("BAT-9", examples=FEW)
def what_waits_goes_with_the_next_call() -> None:
    """A throttle that forgot its last call: nothing goes on the clock alone."""
    called: list[Outbox] = []

    @instead(Pump, "touch")
    def touch(real: Real, self: Pump) -> None:
        if self._outbox.next_tick <= asyncio.get_running_loop().time():
            called.append(self._outbox)
            self.flush()
            called.clear()

    @instead(Outbox, "flush")
    def flush(real: Real, self: Outbox, now: float) -> object:
        if self._streams and not (self._replies or self._views or self in called):
            control, self._control = self._control, []
            return control
        return real(self, now)

    @instead(Outbox, "deadline")
    def deadline(real: Real, self: Outbox) -> object:
        return real(self) if self._control or self._replies or self._views else None


@fault("BAT-10", examples=FEW)
def texts_are_not_merged() -> None:
    no_early_merge()
    framing.coalesce = lambda ops, limit: ops
