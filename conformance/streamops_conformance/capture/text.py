"""The prefix law for a stream whose text is known: what arrived, against what the program wrote."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["lost", "overtaken", "twice", "foreign"]
Op = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """An op on the stream's default target, with the index of its entry."""

    entry: int
    op: Op


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in the text that arrived; `entry` is the index of the wrong entry, None for the end."""

    kind: Kind
    expected: str
    observed: str
    entry: int | None


@dataclass(slots=True)
class Reading:
    """The result of comparing the text."""

    arrived: int = 0
    """The number of characters of the written text that are on the screen."""
    faults: list[Fault] = field(default_factory=list)
    """At most one of each kind: the first."""
    not_followed: str = ""
    """Why the text cannot be followed to its end; empty if it was."""


def read(written: str, pieces: Sequence[Piece], *, ended: bool) -> Reading:
    """Compare the pieces with what was written; with `ended`, nothing follows them.

    A piece that continues further ahead leaves a gap. A piece that fills a gap later was overtaken.
    """
    found = Reading()
    at = 0
    gaps: list[tuple[int, int]] = []
    first: dict[Kind, Fault] = {}

    def fault(kind: Kind, expected: str, observed: str, entry: int | None) -> None:
        first.setdefault(kind, Fault(kind, expected, observed, entry))

    lost_at: int | None = None
    for piece in pieces:
        op = piece.op
        if op["op"] == "text" and op.get("mode", "append") == "replace":
            at, gaps, found.arrived = 0, [], 0
        elif op["op"] != "text" or op.get("mode", "append") != "append":
            found.not_followed = f"a {op['op']} {op.get('mode', '')}".strip()
            break
        text = op["text"]
        if not text:
            continue
        gap = next((each for each in gaps if text in written[each[0] : each[1]]), None)
        ahead = written.find(text, at)
        if ahead == at:
            at += len(text)
        elif gap is not None:
            begin = written.index(text, gap[0])
            last = written[max(0, at - 20) : at]
            fault(
                "overtaken", f"{_short(text)} before {_short(last)}", f"{_short(text)} after it", piece.entry
            )
            gaps.remove(gap)
            parts = [(gap[0], begin), (begin + len(text), gap[1])]
            gaps = sorted([*gaps, *(each for each in parts if each[0] < each[1])])
        elif ahead > at:
            gaps.append((at, ahead))
            lost_at = piece.entry if lost_at is None else lost_at
            at = ahead + len(text)
        elif text in written[:at]:
            fault("twice", "each text once", f"{_short(text)} again", piece.entry)
        else:
            fault(
                "foreign",
                f"what the program wrote: {_short(written[at : at + 80])}",
                _short(text),
                piece.entry,
            )
        found.arrived += len(text)
    if ended and not found.not_followed and at < len(written):
        gaps.append((at, len(written)))
    if gaps:
        missing = sum(end - begin for begin, end in gaps)
        shown = ", ".join(_short(written[begin:end]) for begin, end in gaps[:6])
        more = f" and {len(gaps) - 6} more gaps" if len(gaps) > 6 else ""
        fault(
            "lost",
            f"all {len(written):,} characters" if ended else f"all of the first {at:,} characters",
            f"{missing:,} of them never came: {shown}{more}",
            lost_at,
        )
    found.faults = list(first.values())
    return found


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:40]}…{text[-12:]}")
