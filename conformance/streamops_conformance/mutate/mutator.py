"""The core of the mutating relay: messages and time in, messages or a close out. It does no I/O.

A `Mutator` is one connection. The shell gives it each message (`take`) and close (`closed`), asks when it has
to be called again (`due`), calls it then (`tick`), and does what it returns. With the same calls it answers
the same.
"""

import copy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from streamops_conformance.mutate.language import (
    Answer,
    Change,
    Channel,
    Delay,
    Drop,
    Hold,
    Insert,
    Merge,
    Mutation,
    Mutations,
    Reclose,
    Repeat,
    Rewrite,
    Split,
    Swap,
    Upgrade,
    Way,
)
from streamops_conformance.mutate.message import Message, decode, split
from streamops_conformance.mutate.state import Memory, State
from streamops_conformance.mutate.values import Frame, Scene, edit


@dataclass(frozen=True, slots=True)
class Send:
    """This message goes on in this direction."""

    way: Way
    data: str | bytes


@dataclass(frozen=True, slots=True)
class Shut:
    """The connection ends in this direction with that code; nothing follows."""

    way: Way
    code: int
    reason: str


Out = Send | Shut


@dataclass(slots=True)
class _Held:
    """A message that waits behind mutation number `stage`."""

    message: Message
    stage: int
    until: float


class Mutator:
    """One connection of a relay. Times are seconds on a clock of the caller's that never goes back."""

    def __init__(
        self, mutations: Iterable[Mutations], memory: Memory | None = None, *, channel: Channel = "wire"
    ) -> None:
        every = list(mutations)
        self._stages = [
            each for each in every if isinstance(each, Mutation) and each.where.channel == channel
        ]
        self._recloses = [each for each in every if isinstance(each, Reclose) and channel == "wire"]
        self._state = State(memory if memory is not None else Memory())
        self._touched = {way for each in self._stages for way in _ways(each)}
        self._held: list[_Held] = []
        self._delayed: dict[Way, list[_Held]] = {"up": [], "down": []}
        self.over = False
        """An answer has ended the connection: the shell ends both its sides."""

    # What the shell tells

    def take(self, way: Way, data: str | bytes, now: float) -> list[Out]:
        """A message came in this direction: what goes on now."""
        if self.over:
            return []
        if way not in self._touched:
            return [Send(way, data)]
        return list(self._pass(Message(way, data, decode(data)), 0, now))

    def closed(self, way: Way, code: int, reason: str, now: float) -> list[Out]:
        """The sender of that direction closed: what it had still on its way, and the close."""
        out: list[Out] = []
        for waiting in [each for each in self._held if each.message.way == way] + self._delayed[way]:
            out += self._pass(waiting.message, waiting.stage + 1, now)
        self._held = [each for each in self._held if each.message.way != way]
        self._delayed[way] = []
        if self.over:
            return []
        for each in self._recloses:
            named = (not each.codes or code in each.codes) and (not each.reasons or reason in each.reasons)
            if each.way == way and named:
                code = each.code if each.code is not None else code
                reason = each.reason if each.reason is not None else reason
        return [*out, Shut(way, code, reason)]

    def due(self) -> float | None:
        """When `tick` has something to do; None: not before another message."""
        heads = [queue[0] for queue in self._delayed.values() if queue]
        return min((each.until for each in [*self._held, *heads]), default=None)

    def tick(self, now: float) -> list[Out]:
        """What goes on because its time has come."""
        out: list[Out] = []
        for each in [each for each in self._held if each.until <= now]:
            self._held.remove(each)
            out += self._pass(each.message, each.stage + 1, now)
        for queue in self._delayed.values():
            while queue and queue[0].until <= now:
                each = queue.pop(0)
                out += self._pass(each.message, each.stage + 1, now)
        return out

    # Through the mutations

    def _pass(self, message: Message, stage: int, now: float) -> Iterator[Out]:
        if self.over:
            return
        if stage == len(self._stages):
            yield Send(message.way, message.data)
            return
        mutation = self._stages[stage]
        if isinstance(mutation, Hold):
            yield from self._hold(mutation, message, stage, now)
        elif isinstance(mutation, Delay):
            yield from self._delay(mutation, message, stage, now)
        elif isinstance(mutation, Answer):
            yield from self._answer(mutation, message, stage, now)
        else:
            for each in self._mutated(mutation, message, stage):
                yield from self._pass(each, stage + 1, now)

    def _hold(self, mutation: Hold, message: Message, stage: int, now: float) -> Iterator[Out]:
        waiting = [each for each in self._held if each.stage == stage]
        if waiting and self._state.selects(mutation.until, message, stage, role=1):
            self._held = [each for each in self._held if each.stage != stage]
            released = [] if mutation.place == "lost" else [each.message for each in waiting]
            order = [*released, message] if mutation.place == "before" else [message, *released]
            for each in order:
                yield from self._pass(each, stage + 1, now)
        elif waiting and mutation.unless and self._state.selects(mutation.unless, message, stage, role=2):
            self._held = [each for each in self._held if each.stage != stage]
            for waited in waiting:
                yield from self._pass(waited.message, stage + 1, now)
            yield from self._hold(mutation, message, stage, now)
        elif self._state.selects(mutation.where, message, stage):
            self._held.append(_Held(message, stage, now + mutation.seconds))
        else:
            yield from self._pass(message, stage + 1, now)

    def _delay(self, mutation: Delay, message: Message, stage: int, now: float) -> Iterator[Out]:
        queue = self._delayed[message.way]
        chosen = self._state.selects(mutation.where, message, stage)
        if chosen and mutation.alone:
            self._held.append(_Held(message, stage, now + mutation.seconds))
        elif chosen or any(each.stage == stage for each in queue):
            least = queue[-1].until if queue else 0.0
            queue.append(_Held(message, stage, max(least, now + mutation.seconds if chosen else now)))
        else:
            yield from self._pass(message, stage + 1, now)

    def _answer(self, mutation: Answer, message: Message, stage: int, now: float) -> Iterator[Out]:
        if not self._state.selects(mutation.where, message, stage):
            yield from self._pass(message, stage + 1, now)
            return
        back: Way = "down" if message.way == "up" else "up"
        for frame in mutation.frames:
            yield from self._pass(Message.of(back, frame), stage + 1, now)
        if mutation.code is not None and not self.over:
            self.over = True
            yield Shut(back, mutation.code, mutation.reason)

    def _mutated(self, mutation: Mutation, message: Message, stage: int) -> list[Message]:
        where = mutation.where
        if where.each:
            return self._in_items(mutation, message, stage)
        if not self._state.selects(where, message, stage):
            return [message]
        frame = message.frame if message.frame is not None else {}
        scene = self._state.scene(frame, frame, stage)
        match mutation:
            case Change(edits=edits):
                changed = copy.deepcopy(frame)
                edit(changed, edits, scene)
                return [Message.of(message.way, changed)]
            case Rewrite():
                return [self._rewritten(mutation, message)]
            case Drop():
                return []
            case Repeat():
                return [message, message]
            case Insert(place=place):
                further = Message.of(message.way, self._further(mutation, scene))
                return [further, message] if place == "before" else [message, further]
            case Split():
                return split(message)
            case _:
                self._state.note(mutation, frame, frame)
                return [message]

    def _in_items(self, mutation: Mutation, message: Message, stage: int) -> list[Message]:
        """Act on the items of a list of the frame."""
        where = mutation.where
        frame = message.frame
        if message.way != where.way or frame is None or not isinstance(frame.get(where.each), list):
            return [message]
        changed = copy.deepcopy(frame)
        items: list[Any] = changed[where.each]
        index = 0
        touched = False
        while index < len(items):
            if not self._state.selects_item(where, changed, index, stage):
                index += 1
                continue
            touched = True
            index = self._on_item(mutation, changed, index, stage)
        return [Message.of(message.way, changed)] if touched else [message]

    def _on_item(self, mutation: Mutation, frame: Frame, index: int, stage: int) -> int:
        """Act on one item; returns where to go on."""
        where = mutation.where
        items: list[Any] = frame[where.each]
        item = items[index]
        scene = self._state.scene(frame, item if isinstance(item, dict) else {}, stage)
        other = index + where.gap
        match mutation:
            case Change(edits=edits):
                edit(item, edits, scene)
            case Drop():
                del items[index]
                return index
            case Repeat():
                items.insert(index, copy.deepcopy(item))
                return index + 2
            case Insert(place=place):
                items.insert(index + (place == "after"), self._further(mutation, scene))
                return index + 2
            case Swap():
                items[index], items[other] = items[other], items[index]
                return other + 1
            case Merge(member=name):
                item[name] = item[name] + items.pop(other)[name]
            case _:
                self._state.note(mutation, frame, item)
        return index + 1

    def _further(self, mutation: Insert, scene: Scene) -> Frame:
        further = copy.deepcopy(mutation.what)
        edit(further, mutation.edits, scene)
        return further

    def _rewritten(self, mutation: Rewrite, message: Message) -> Message:
        data = re.sub(mutation.pattern, mutation.by, str(message.data), flags=re.DOTALL)
        return Message(message.way, data, decode(data))


def _ways(mutation: Mutation) -> set[Way]:
    """The directions of the messages that a mutation looks at."""
    others = [mutation.until, mutation.unless] if isinstance(mutation, Hold) else []
    return {each.way for each in [mutation.where, *others] if each is not None}


def upgrades(mutations: Iterable[Mutations]) -> Upgrade:
    """The upgrade that the mutations make: the last one, or one that changes nothing."""
    return next((each for each in reversed(list(mutations)) if isinstance(each, Upgrade)), Upgrade())
