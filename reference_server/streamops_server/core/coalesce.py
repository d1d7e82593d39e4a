"""Merges pending operations by rules C1 to C5 (BAT-1), which are rows of `protocol.json`.

Rule 1: only neighbours (BAT-2) with byte-equal targets (BAT-3) merge.
Rule 2: operations that no row names do not merge (BAT-4). So nothing merges across `start`,
`error`, `done`, `delete` or `prune` (BAT-5).
"""

from collections import deque
from collections.abc import Callable, Sequence

from streamops_spec import load_protocol

from streamops_server.core.ops import Delete, Op, Text
from streamops_server.core.text import utf8_length


class Slot:
    """One operation to send; `count` is how many of the program's it stands for.

    Texts are collected as parts and joined once, so merging takes linear time.
    """

    __slots__ = ("_parts", "_size", "count", "key", "op")

    def __init__(self, op: Op, count: int) -> None:
        self.count = count
        self._become(op)

    def _become(self, op: Op) -> None:
        self.op = op
        self.key = op.key
        self._parts = deque([op.text] if isinstance(op, Text) else [])
        self._size = utf8_length(op.text) if isinstance(op, Text) else 0

    def take(self, op: Op, limit: int) -> bool:  # noqa: ARG002 (all rules share one signature)
        """C4: the later operation replaces the whole effect of the earlier one."""
        self._become(op)
        return True

    def vanish(self, op: Op, limit: int) -> bool:  # noqa: ARG002 (all rules share one signature)
        """C5: content of an element that is deleted next is never seen."""
        self._become(Delete(op.target))
        return True

    def join_after(self, op: Op, limit: int) -> bool:
        """C1, C3: the text grows at its end, unless it would exceed `limit` bytes."""
        return self._join(op, limit, self._parts.append)

    def join_before(self, op: Op, limit: int) -> bool:
        """C2, C3: the text grows at its beginning, unless it would exceed `limit` bytes."""
        return self._join(op, limit, self._parts.appendleft)

    def _join(self, op: Op, limit: int, join: Callable[[str], None]) -> bool:
        assert isinstance(op, Text)
        size = self._size + utf8_length(op.text)
        if size > limit:
            return False
        self._size = size
        join(op.text)
        return True

    def finish(self) -> Op:
        """The merged operation."""
        if len(self._parts) > 1:
            assert isinstance(self.op, Text)
            return Text(self.op.target, "".join(self._parts), self.op.mode)
        return self.op


_BY_VALUE: dict[str, Callable[[Slot, Op, int], bool]] = {
    "first+second": Slot.join_after,
    "second+first": Slot.join_before,
    "second": Slot.take,
    "none": Slot.vanish,
}
RULES: dict[tuple[str, str], Callable[[Slot, Op, int], bool]] = {
    (first, second): _BY_VALUE[rule.value]
    for rule in load_protocol().coalescing.rules
    for first in rule.first
    for second in rule.second
}
"""Keys of two neighbours with the same target → how they merge; without an entry they do not."""


def coalesce(ops: Sequence[tuple[Op, int]], max_text_bytes: int) -> Sequence[tuple[Op, int]]:
    """`ops` merged from left to right; each is paired with how many of the program's it stands for.

    A merged text has at most `max_text_bytes` (BAT-6). Takes linear time.
    """
    if len(ops) == 1:
        return ops
    slots: list[Slot] = []
    for op, count in ops:
        last = slots[-1] if slots else None
        if last is not None and last.op.target == op.target:
            rule = RULES.get((last.key, op.key))
            if rule is not None and rule(last, op, max_text_bytes):
                last.count += count
                continue
        slots.append(Slot(op, count))
    return [(slot.finish(), slot.count) for slot in slots]
