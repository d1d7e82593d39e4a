"""The core of the fault proxy: bytes and time in, bytes or the end out. It does no I/O.

A `Link` is one connection with two lanes. The shell asks each lane how much to read (`room`), feeds it what
arrived (`fed`, `finish`), and takes what is to be written (`take`). What a lane holds is bounded, so blocked
bytes queue at their sender. The same calls always give the same answers.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from streamops_conformance.proxy.faults import FOR_EVER, WAYS, Cut, Draw, End, Lane, Plan, Point, Stall, Way

HELD = 1 << 16
"""Bytes that a lane holds at most."""
QUANTUM = 0.02
"""Seconds' worth of bytes that a throttled lane lets through at a time."""


@dataclass(frozen=True, slots=True)
class Write:
    """Forward these bytes now, in one write."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Finish:
    """Everything before it was forwarded: end this direction, as its sender did."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the network did, for the log."""

    seconds: float
    """Since the connection was made."""
    said: str


@dataclass(slots=True)
class _Happening:
    """A cut or a stall, and its progress."""

    what: Cut | Stall
    due: dict[Way, int] = field(default_factory=dict)
    """Bytes of each watched direction after which it happens."""
    at: float = FOR_EVER
    over: bool = False

    @property
    def point(self) -> Point:
        return self.what.point


class _Lane:
    """One direction: the bytes that arrived and were not forwarded."""

    def __init__(self, like: Lane) -> None:
        self.like = like
        self.queue: deque[tuple[float, bytes]] = deque()
        """The times from which bytes may be forwarded, and the bytes."""
        self.held = 0
        self.passed = 0
        self.ended: float | None = None
        """The time from which its end may be forwarded."""
        self.finished = False
        self.stalled_until = 0.0
        self.free_at = 0.0


class Link:
    """One connection. Times are seconds on a clock of the caller's that never goes back."""

    def __init__(self, plan: Plan, now: float, draw: Draw) -> None:
        self.cut: End | None = None
        """Set when the connection is cut; nothing is forwarded after that."""
        self.notes: list[Note] = []
        self._began = now
        self._draw = draw
        self._lanes: dict[Way, _Lane] = {way: _Lane(plan.lane(way)) for way in WAYS}
        # A cut comes before a stall at the same byte: after the stall, the cut would never be reached.
        happenings: tuple[Cut | Stall, ...] = (*plan.cuts, *plan.stalls)
        self._happenings = [self._happening(each) for each in happenings]

    def passed(self, way: Way) -> int:
        """How many bytes were forwarded in that direction."""
        return self._lanes[way].passed

    @property
    def finished(self) -> bool:
        """Whether both directions ended without a cut."""
        return all(lane.finished for lane in self._lanes.values())

    # What the shell calls

    def room(self, way: Way, now: float) -> int:
        """How many bytes to read in that direction now; 0: read none, and ask again after the next change."""
        self.tick(now)
        lane = self._lanes[way]
        if self.cut is not None or lane.ended is not None or now < lane.stalled_until:
            return 0
        return HELD - lane.held

    def fed(self, way: Way, data: bytes, now: float) -> None:
        """Take bytes that arrived."""
        lane = self._lanes[way]
        lane.queue.append((now + lane.like.delay, data))
        lane.held += len(data)

    def finish(self, way: Way, now: float) -> None:
        """The sender of that direction ended it; the other direction may continue."""
        lane = self._lanes[way]
        if lane.ended is None:
            lane.ended = now + lane.like.delay

    def tick(self, now: float) -> None:
        """Apply what is due by the time or by the number of forwarded bytes."""
        for each in self._happenings:
            if self.cut is None and not each.over:
                self._check(each, now)

    def take(self, way: Way, now: float) -> Write | Finish | None:
        """What to forward in that direction now; None: nothing before `due`, or before more is fed."""
        self.tick(now)
        lane = self._lanes[way]
        if self.cut is not None or lane.finished or now < lane.stalled_until:
            return None
        if not lane.queue:
            if lane.ended is None or now < lane.ended:
                return None
            lane.finished = True
            return Finish()
        ready, data = lane.queue[0]
        if now < ready or now < lane.free_at:
            return None
        size = self._size(way, len(data))
        return Write(self._go_on(way, size, now))

    def due(self, now: float) -> float:
        """The time of the next thing that happens by time alone; infinity for never."""
        return max(now, min((each.at for each in self._happenings if not each.over), default=FOR_EVER))

    def ready(self, way: Way, now: float) -> float:
        """The time at which `take` or `room` may give more although nothing is fed; infinity for never."""
        lane = self._lanes[way]
        if lane.queue:
            at = max(lane.queue[0][0], lane.free_at, lane.stalled_until)
        elif lane.ended is not None and not lane.finished:
            at = max(lane.ended, lane.stalled_until)
        else:
            at = lane.stalled_until if now < lane.stalled_until else FOR_EVER
        return max(now, at)

    # Sizes

    def _size(self, way: Way, available: int) -> int:
        """How many bytes to forward in one write: the smallest bound of everything in the way."""
        lane = self._lanes[way]
        size = available
        if lane.like.fragment is not None:
            size = min(size, self._draw(*lane.like.fragment))
        if lane.like.rate < FOR_EVER:
            size = min(size, max(1, int(lane.like.rate * QUANTUM)))
        for due in self._distances(way):
            size = min(size, due)
        return size

    def _distances(self, way: Way) -> Iterator[int]:
        """Bytes until each point in this direction; at least 1, because what is due has happened."""
        passed = self._lanes[way].passed
        for each in self._happenings:
            if not each.over and way in each.due:
                yield each.due[way] - passed

    def _go_on(self, way: Way, size: int, now: float) -> bytes:
        lane = self._lanes[way]
        ready, data = lane.queue.popleft()
        if size < len(data):
            lane.queue.appendleft((ready, data[size:]))
        lane.held -= size
        lane.passed += size
        if lane.like.rate < FOR_EVER:
            lane.free_at = max(lane.free_at, now - QUANTUM) + size / lane.like.rate
        return data[:size]

    # What happens

    def _happening(self, what: Cut | Stall) -> _Happening:
        made = _Happening(what)
        point = what.point
        if point.bytes is not None:
            made.due = dict.fromkeys(point.watched, point.bytes)
        if point.seconds is not None:
            made.at = self._began + point.seconds
        return made

    def _check(self, each: _Happening, now: float) -> None:
        if each.point.once is not None and each.point.once.happened:
            each.over = True
            return
        reached = [way for way, due in each.due.items() if self._lanes[way].passed >= due]
        if not reached and now < each.at:
            return
        if each.point.once is not None:
            each.point.once.happened = True
        where = f"{self._lanes[reached[0]].passed:,} bytes {reached[0]}" if reached else ""
        after = where or f"{each.point.seconds:g} s"
        if isinstance(each.what, Cut):
            self.cut, each.over = each.what.end, True
            self._note(now, f"cut after {after}{' (FIN)' if self.cut == 'fin' else ''}")
            return
        until = now + each.what.seconds
        for way in each.what.ways:
            self._lanes[way].stalled_until = max(self._lanes[way].stalled_until, until)
        lasting = "for ever" if until == FOR_EVER else f"for {each.what.seconds:g} s"
        only = f" {each.what.ways[0]}" if len(each.what.ways) == 1 and not reached else ""
        self._note(now, f"stalled{only} {lasting} after {after}")
        self._again(each, until)

    def _again(self, each: _Happening, until: float) -> None:
        point = each.point
        if not point.every:
            each.over = True
        elif point.bytes is not None:
            each.due = {way: self._lanes[way].passed + point.bytes for way in each.due}
        elif point.seconds is not None:
            each.at = until + point.seconds

    def _note(self, now: float, said: str) -> None:
        self.notes.append(Note(now - self._began, said))
