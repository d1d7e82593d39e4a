"""Faults in order, numbers and coalescing: chapters 5 and 6."""

from collections.abc import Callable, Sequence

import msgspec
from streamops_server.core import coalesce, outbox, queue
from streamops_server.core.ops import Append, Delete, Op, Replace, Text

from .table import fault

Slots = list[tuple[Op, int]]


def _no_early_merge() -> None:
    """Every operation reaches the coalescer as the program made it."""
    queue.Queue.extendable = lambda self, writer: None  # type: ignore[method-assign]  # reason: a fault is a patch


def _before_coalescing(change: Callable[[list[Op]], tuple[list[Op], int]]) -> None:
    """Patch what a queue hands to the coalescer: `change` maps operations to operations and a
    number of operations that are covered besides."""
    _no_early_merge()
    real = queue.coalesce

    def patched(ops: Sequence[tuple[Op, int]], limit: int) -> Slots:
        changed, missing = change([op for op, _ in ops])
        slots = list(real([(op, 1) for op in changed], limit))
        if missing:
            op, count = slots[-1]
            slots[-1] = (op, count + missing)
        return slots

    queue.coalesce = patched


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

    _before_coalescing(change)


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

    _before_coalescing(change)


@fault("LIF-1")
def a_text_comes_after_done() -> None:
    def change(ops: list[Op]) -> tuple[list[Op], int]:
        for i in range(len(ops) - 1):
            if isinstance(ops[i], Text) and ops[i + 1].kind == "done":
                ops[i], ops[i + 1] = ops[i + 1], ops[i]
                break
        return ops, 0

    _before_coalescing(change)


@fault("ORD-3")
def n_counts_the_merged_ops() -> None:
    def frame(self: queue.Queue, covered: int, ops: list[bytes]) -> bytes:
        head = queue._HEAD % (self.name.encode(), self.sent + 1, len(ops))
        self.sent += covered
        return head + b",".join(ops) + b"]}"

    queue.Queue._frame = frame  # type: ignore[method-assign]  # reason: a fault is a patch


@fault("ORD-2")
def seq_numbers_frames() -> None:
    counts: dict[int, int] = {}

    def frame(self: queue.Queue, covered: int, ops: list[bytes]) -> bytes:
        counts[id(self)] = counts.get(id(self), 0) + 1
        head = queue._HEAD % (self.name.encode(), counts[id(self)], covered)
        self.sent += covered
        return head + b",".join(ops) + b"]}"

    queue.Queue._frame = frame  # type: ignore[method-assign]  # reason: a fault is a patch


@fault("ORD-6")
def a_start_is_sent_before_earlier_ops_of_others() -> None:
    real = queue.Queue.take

    def take(self: queue.Queue, before: float, starts_before: float) -> Slots:
        return real(self, before, float("inf"))

    queue.Queue.take = take  # type: ignore[method-assign]  # reason: a fault is a patch


@fault("BAT-3")
def ops_merge_across_targets() -> None:
    _no_early_merge()

    def patched(ops: Sequence[tuple[Op, int]], limit: int) -> Slots:
        slots: list[coalesce.Slot] = []
        for op, _ in ops:
            last = slots[-1] if slots else None
            rule = coalesce.RULES.get((last.key, op.key)) if last is not None else None
            if last is not None and rule is not None and op.key.startswith("text") and rule(last, op, limit):
                last.count += 1
                continue
            slots.append(coalesce.Slot(op, 1))
        return [(slot.finish(), slot.count) for slot in slots]

    queue.coalesce = patched


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

    _before_coalescing(change)


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
    _no_early_merge()
    real = queue.coalesce
    queue.coalesce = lambda ops, limit: real(ops, limit + 4096)


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

    _before_coalescing(change)


@fault("BAT-7", warns=("BAT-10",))
def every_op_gets_a_frame() -> None:
    _no_early_merge()
    real = queue.Queue.frames

    def frames(self: queue.Queue, ops: Slots, max_text_bytes: int, max_frame_bytes: int) -> list[bytes]:
        return [frame for op in ops for frame in real(self, [op], max_text_bytes, max_frame_bytes)]

    queue.Queue.frames = frames  # type: ignore[method-assign]  # reason: a fault is a patch


@fault("EVT-2")
def the_reply_overtakes_the_last_op() -> None:
    def release(self: outbox.Outbox, out: list[bytes]) -> None:
        ready = self._barrier()
        while self._replies and (self._replies[0][0] < ready):
            _, reply = self._replies.popleft()
            self.unanswered -= 1
            out.append(outbox.encode(reply))

    def add(self: outbox.Outbox, reply: object) -> None:
        self._replies.append((self.order if self._views else 0, reply))  # type: ignore[arg-type]  # reason: a fault is a patch

    outbox.Outbox._release_replies = release  # type: ignore[method-assign]  # reason: a fault is a patch
    outbox.Outbox.add_reply = add  # type: ignore[method-assign,assignment]  # reason: a fault is a patch
    real = outbox.Outbox.deadline

    def deadline(self: outbox.Outbox) -> float | None:
        if self.open and self._replies and self._replies[0][0] < self._barrier():
            return 0.0
        return real(self)

    outbox.Outbox.deadline = deadline  # type: ignore[method-assign]  # reason: a fault is a patch
