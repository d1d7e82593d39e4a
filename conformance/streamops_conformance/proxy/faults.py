"""The faults of a network: as data, as people write them, and drawn for one connection.

The faults are those that TCP allows. Bytes come late, slowly, in small pieces, or no longer at all; they
never come twice, changed or in another order.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Way = Literal["up", "down"]
WAYS: tuple[Way, Way] = ("up", "down")
"""From the client to the server, and from the server to the client."""
End = Literal["rst", "fin"]
Draw = Callable[[int, int], int]
"""Returns a whole number from the first to the second argument, both included."""
FOR_EVER = float("inf")


@dataclass(slots=True)
class Once:
    """Whether a fault that happens once has happened; all connections of a proxy share it."""

    happened: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """When a fault happens: after a number of bytes in a watched direction, or of seconds."""

    bytes: int | None = None
    seconds: float | None = None
    watched: tuple[Way, ...] = WAYS
    """The directions whose bytes count."""
    every: bool = False
    """The fault happens again after the same amount; the time of a stall counts too."""
    once: Once | None = None
    """If set, the fault happens only on the first connection of the proxy that reaches the point."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Both sides of the connection end, whatever is on its way."""

    point: Point
    end: End = "rst"


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing is read or written for some time, so the bytes queue at their sender."""

    point: Point
    seconds: float = FOR_EVER
    ways: tuple[Way, ...] = WAYS


@dataclass(frozen=True, slots=True)
class Lane:
    """The constant properties of one direction."""

    delay: float = 0.0
    """Seconds from a byte's arrival to its departure."""
    rate: float = FOR_EVER
    """Bytes per second."""
    fragment: tuple[int, int] | None = None
    """The least and the greatest size of a write."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one connection. The empty plan changes nothing."""

    up: Lane = field(default_factory=Lane)
    down: Lane = field(default_factory=Lane)
    cuts: tuple[Cut, ...] = ()
    stalls: tuple[Stall, ...] = ()

    def lane(self, way: Way) -> Lane:
        """The properties of one direction."""
        return self.up if way == "up" else self.down


# As people write them


class FaultError(ValueError):
    """A fault cannot be read; the text says what can be written instead."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity, or a range that one is drawn from for each connection."""

    low: float
    high: float
    unit: Literal["bytes", "seconds"]

    def drawn(self, draw: Draw) -> float:
        """A value from the range in units of `unit`; times are drawn in whole milliseconds."""
        if self.low == self.high:
            return self.low
        scale = 1000 if self.unit == "seconds" else 1
        return draw(round(self.low * scale), round(self.high * scale)) / scale


@dataclass(frozen=True, slots=True)
class Fault:
    """One `--fault`, before its ranges are drawn."""

    kind: str
    ways: tuple[Way, ...]
    sizes: tuple[int, int] = (0, 0)
    amount: Amount | None = None
    lasting: Amount | None = None
    every: bool = False
    end: End = "rst"
    once: Once | None = None


EXAMPLES = (
    "cut:after=4000, cut:every=2s, cut:every=500-9000,end=fin, stall:after=10k,for=3s, throttle:3kB/s,"
    " delay:200ms, fragment:1-7, each with up: or down: before it for one direction only"
)
_NUMBER = r"(\d+(?:\.\d+)?)"
_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1000, "m": 10**6, "mb": 10**6, "kib": 1024, "mib": 1 << 20}
_TIMES = {"ms": 0.001, "s": 1.0, "min": 60.0}
_AMOUNT = re.compile(rf"{_NUMBER}(?:-{_NUMBER})?\s*([a-z]*)", re.IGNORECASE)


def amount(text: str) -> Amount:
    """`4000`, `10k`, `1-9kB`, `200ms`, `1-3s`. Raises FaultError."""
    found = _AMOUNT.fullmatch(text.strip())
    unit = found[3].lower() if found else ""
    if found is None or (unit not in _UNITS and unit not in _TIMES):
        raise FaultError(f"{text!r} is not an amount: 4000, 10k, 1-9kB are bytes, 200ms, 1-3s are times")
    scale = _TIMES.get(unit) or _UNITS[unit]
    low, high = float(found[1]) * scale, float(found[2] or found[1]) * scale
    if low > high:
        raise FaultError(f"{text!r} is not a range: the lower end comes first")
    return Amount(low, high, "seconds" if unit in _TIMES else "bytes")


def fault(text: str) -> Fault:
    """A fault as `--fault` has it. Raises FaultError, which says what can be written."""
    head, colon, rest = text.strip().partition(":")
    ways: tuple[Way, ...] = WAYS
    if head in ("up", "down") and colon:
        ways = ("up",) if head == "up" else ("down",)
        head, _, rest = rest.partition(":")
    if head in ("cut", "stall"):
        return _happening(text, head, ways, rest)
    if head == "throttle":
        said = amount(re.sub(r"/s$", "", rest))
        if said.unit != "bytes" or not said.low:
            raise FaultError(f"{text!r}: a rate is bytes per second, as in throttle:3kB/s")
        return Fault("throttle", ways, amount=said)
    if head == "delay":
        said = amount(rest)
        if said.unit != "seconds":
            raise FaultError(f"{text!r}: a delay is a time, as in delay:200ms")
        return Fault("delay", ways, amount=said)
    if head == "fragment":
        said = amount(rest)
        low = int(said.low) if "-" in rest else 1
        if said.unit != "bytes" or min(low, said.high) < 1:
            raise FaultError(f"{text!r}: sizes of writes are bytes, at least 1, as in fragment:1-7")
        return Fault("fragment", ways, sizes=(low, int(said.high)))
    raise FaultError(f"{text!r} is not a fault; there are {EXAMPLES}")


def _happening(text: str, kind: str, ways: tuple[Way, ...], rest: str) -> Fault:
    said: dict[str, str] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if key in said or not equals or key not in ("after", "every", "for", "end"):
            raise FaultError(f"{text!r}: cannot read {part!r}; there are {EXAMPLES}")
        said[key] = value
    if ("after" in said) == ("every" in said):
        raise FaultError(f"{text!r}: a {kind} says when, with after= (once) or every= (again and again)")
    when = amount(said.get("after") or said["every"])
    every = "every" in said
    if every and when.low <= 0:
        raise FaultError(f"{text!r}: every= must be greater than 0")
    if kind == "cut":
        end = said.get("end", "rst")
        if "for" in said or end not in ("rst", "fin"):
            raise FaultError(f"{text!r}: a cut has after= or every=, and end=rst or end=fin")
        once = None if every else Once()
        return Fault(kind, ways, amount=when, every=every, end="fin" if end == "fin" else "rst", once=once)
    lasting = amount(said["for"]) if "for" in said else None
    if "end" in said or (lasting is not None and lasting.unit != "seconds"):
        raise FaultError(f"{text!r}: a stall has after= or every=, and for= with a time")
    return Fault(kind, ways, amount=when, lasting=lasting, every=every, once=None if every else Once())


def plan(faults: Sequence[Fault], draw: Draw) -> Plan:
    """The plan of one connection: each range becomes a number. The last of several delays or rates counts."""
    lanes: dict[Way, Lane] = {"up": Lane(), "down": Lane()}
    cuts: list[Cut] = []
    stalls: list[Stall] = []
    for each in faults:
        value = each.amount.drawn(draw) if each.amount is not None else 0.0
        if each.kind in ("cut", "stall"):
            assert each.amount is not None
            by_bytes = each.amount.unit == "bytes"
            point = Point(
                bytes=int(value) if by_bytes else None,
                seconds=None if by_bytes else value,
                watched=each.ways,
                every=each.every,
                once=each.once,
            )
            if each.kind == "cut":
                cuts.append(Cut(point, each.end))
            else:
                lasting = each.lasting.drawn(draw) if each.lasting is not None else FOR_EVER
                stalls.append(Stall(point, lasting, each.ways))
            continue
        for way in each.ways:
            old = lanes[way]
            lanes[way] = Lane(
                delay=value if each.kind == "delay" else old.delay,
                rate=value if each.kind == "throttle" else old.rate,
                fragment=each.sizes if each.kind == "fragment" else old.fragment,
            )
    return Plan(lanes["up"], lanes["down"], tuple(cuts), tuple(stalls))
