"""The prefix law without numbers: the values of k for which the screen is right after each frame.

A server of v0 may put any number of ops in a frame, and merge them as it likes, if what is shown after each
frame is a state of the program, and the lifecycle ops are between the same contents as in the program. It
may add a `start` or `done`, because v0 does not promise their absence. After a `done` that it added, content
needs a `start` first (ORD-103).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streamops_spec import load_protocol

from streamops_conformance.v0.oracle.calls import Call, page, states

Wire = dict[str, Any]
LIFECYCLE = load_protocol().lifecycle_ops  # v0 has the same names


@dataclass(frozen=True, slots=True)
class Seen:
    """An op that arrived, with the index of its frame in the transcript."""

    entry: int
    op: Wire


@dataclass(slots=True)
class Reading:
    """What became of one stream of one script."""

    calls: list[Call]
    ops: list[Seen]
    right: bool = False
    at: int | None = None
    """Index of the entry after which no k is possible; None if calls are missing at the end."""
    reached: int = 0
    """The largest k that is possible up to there."""
    shown: str = ""
    """The page where it went wrong, or at the end."""
    due: str = ""
    """The page after all calls."""


@dataclass(frozen=True, slots=True)
class _State:
    k: int
    closed: bool = False
    """The stream is after a `done` that no call made."""


def read(calls: list[Call], frames: Sequence[tuple[int, Sequence[Wire]]], name: str, inner: str) -> Reading:
    """Compare the frames of a stream, (index, ops), with its calls; `inner` is its first content."""
    after = states(calls, name, inner)
    found = Reading(calls, [Seen(index, op) for index, ops in frames for op in ops], due=after[-1])
    shown = page(name, inner)
    possible = _further({_State(0)}, calls, after)
    found.reached = max(state.k for state in possible)
    for index, ops in frames:
        for part in _parts(ops):
            if part[0]["op"] in LIFECYCLE:
                possible = _lifecycle(possible, part[0], calls)
            else:
                for op in part:
                    shown.apply(op)
                possible = _content(possible, shown.serialized(), calls, after)
            possible = _further(possible, calls, after)
            if not possible:
                found.at, found.shown = index, shown.serialized()
                return found
            found.reached = max(state.k for state in possible)
    found.shown = shown.serialized()
    found.right = any(state.k == len(calls) for state in possible)
    return found


def _parts(ops: Sequence[Wire]) -> list[list[Wire]]:
    """Each lifecycle op alone, and the contents between them together."""
    parts: list[list[Wire]] = []
    for op in ops:
        if parts and op["op"] not in LIFECYCLE and parts[-1][0]["op"] not in LIFECYCLE:
            parts[-1].append(op)
        else:
            parts.append([op])
    return parts


def _further(possible: set[_State], calls: list[Call], after: list[str]) -> set[_State]:
    """The values that k may also have without a further frame, since some calls change nothing."""
    found = set(possible)
    for state in possible:
        k = state.k
        while k < len(calls) and after[k + 1] == after[k] and (not calls[k].lifecycle or calls[k].optional):
            k += 1
            found.add(_State(k, state.closed))
    return found


def _content(possible: set[_State], shown: str, calls: list[Call], after: list[str]) -> set[_State]:
    found = set()
    for state in possible:
        if state.closed:
            continue
        k = state.k
        if after[k] == shown:
            found.add(_State(k))
        while k < len(calls) and (not calls[k].lifecycle or calls[k].optional):
            k += 1
            if after[k] == shown:
                found.add(_State(k))
    return found


def _lifecycle(possible: set[_State], op: Wire, calls: list[Call]) -> set[_State]:
    found = set()
    for state in possible:
        if op["op"] == "start":
            found.add(_State(state.k))
        elif op["op"] == "done":
            found.add(_State(state.k, closed=True))
        call = calls[state.k] if state.k < len(calls) else None
        if call is not None and call.wire["op"] == op["op"] and call.wire.get("error") == op.get("error"):
            found.add(_State(state.k + 1))
    return found
