"""What a connection's mutations know of earlier frames: registers, and how often each `where` has matched."""

import copy
from dataclasses import dataclass, field
from typing import Any

from streamops_conformance.mutate.language import Mutation, Per, Remember, Tally, Where
from streamops_conformance.mutate.message import Message
from streamops_conformance.mutate.values import Frame, Scene, compared, fits, member

KIND = {"ops": "op", "events": "event", "reports": "kind", "alerts": ""}
"""The member that says the kind of an item of each list."""
Key = tuple[str, str]


@dataclass(slots=True)
class Memory:
    """Registers of a whole relay, for mutations that reach from one connection to the next."""

    registers: dict[Key, Any] = field(default_factory=dict)


class State:
    """Registers and counters of one connection, and what they let a mutation select.

    `stage` is the number of the mutation; `role` tells apart the places where one mutation selects.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._registers: dict[Key, Any] = {}
        self._counts: dict[tuple[int, int, str], int] = {}

    def note(self, mutation: Mutation, frame: Frame, item: Frame) -> None:
        """Write a register."""
        match mutation:
            case Remember(path=path, name=name, per=per, once=once):
                registers, key = self._place(name, per, frame)
                if not once or key not in registers:
                    registers[key] = copy.deepcopy(member(item, path))
            case Tally(name=name, reset=True, per=per):
                registers, _ = self._place(name, per, frame)
                for key in [key for key in registers if key[0] == name]:
                    del registers[key]
            case Tally(name=name, per=per, by=by, path=path):
                registers, key = self._place(name, per, frame)
                number = member(item, path) if path else by
                registers[key] = (registers.get(key) or 0) + (number if isinstance(number, int) else 0)
            case _:
                raise TypeError(
                    f"{type(mutation).__name__} does not act on {mutation.where.each or 'frames'}"
                )

    def selects(self, where: Where, message: Message, stage: int, role: int = 0) -> bool:
        """Whether `where` means this message; a match is counted."""
        if message.way != where.way or message.shape() != where.shape:
            return False
        frame = message.frame if message.frame is not None else {}
        return self._fits(where, frame, frame, stage) and self._counted(where, frame, stage, role)

    def selects_item(self, where: Where, frame: Frame, index: int, stage: int) -> bool:
        """Whether `where` means the item at that index of the frame's list; a match is counted."""
        items = frame[where.each]
        item = items[index] if isinstance(items[index], dict) else {"text": items[index]}
        if where.kind and item.get(KIND[where.each]) not in where.kind:
            return False
        scene = self.scene(frame, item, stage)
        if not all(fits(test, frame, scene) for test in where.frame):
            return False
        if where.following:
            other = index + where.gap
            if other >= len(items) or not all(fits(test, items[other], scene) for test in where.following):
                return False
            between = items[index + 1 : other]
            if not all(fits(test, each, scene) for test in where.between for each in between):
                return False
        return self._fits(where, frame, item, stage) and self._counted(where, frame, stage, 0)

    def _fits(self, where: Where, frame: Frame, item: Frame, stage: int) -> bool:
        kind = frame.get("type")
        if (where.type and kind not in where.type) or kind in where.not_type:
            return False
        scene = self.scene(frame, item, stage)
        return all(fits(test, item, scene) for test in where.tests) and all(
            compared(test, self._read(frame, test.path, test.per), scene) for test in where.given
        )

    def _counted(self, where: Where, frame: Frame, stage: int, role: int) -> bool:
        """Count this match; whether its number is one of those that are meant."""
        key = (stage, role, str(frame.get("stream")) if where.per == "stream" else "")
        if where.per == "relay":
            registers, at = self._memory.registers, (f"\0{stage}.{role}", "")
            number = registers[at] = registers.get(at, 0) + 1
        else:
            number = self._counts[key] = self._counts.get(key, 0) + 1
        self._counts[stage, 0, "\0"] = number
        return bool(where.first <= number <= (where.last if where.last is not None else number))

    def scene(self, frame: Frame, item: Frame, stage: int) -> Scene:
        """What the expressions of a mutation see at this frame or item."""
        number = self._counts.get((stage, 0, "\0"), 0)
        return Scene(frame, item, lambda name, per: self._read(frame, name, per), number)

    def _read(self, frame: Frame, name: str, per: Per) -> Any:
        registers, key = self._place(name, per, frame)
        return registers.get(key)

    def _place(self, name: str, per: Per, frame: Frame) -> tuple[dict[Key, Any], Key]:
        registers = self._memory.registers if per == "relay" else self._registers
        return registers, (name, str(frame.get("stream")) if per == "stream" else "")
