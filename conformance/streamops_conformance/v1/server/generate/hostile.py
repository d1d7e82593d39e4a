"""Messages that a correct client does not send: well-formed frames, broken in one drawn place.

The schemas say how a server must treat each of them: it refuses a known frame that does not match its schema
and a message that is not an object, and it ignores an unknown type or member.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from streamops_spec import load_protocol, load_shapes

from streamops_conformance.generate.drawing import draw

Json = Any

GOOD: dict[str, dict[str, Json]] = {
    "event": {"type": "event", "ref": 1, "event": "conformance.run", "params": {"script": []}},
    "cancel": {"type": "cancel", "stream": "s", "run": 1},
    "ping": {"type": "ping", "t": "t"},
    "pong": {"type": "pong", "t": "t"},
}
VALUES: tuple[Json, ...] = (
    None, True, False, -1, 0, 7, 1.5, 2**53, -(2**63), "", "1", "s", "\U0001f9ea", "x" * 65, [], [1], {},
    {"a": 1},
)  # fmt: skip
NAMES = ("later", "__proto__", "constructor", "toString", "", "Ref", "REF", "\u0000")
NOT_OBJECTS = (
    "", " ", "{", "}", "[]", "[{}]", "null", "true", "0", '"x"', "{}{}", '{"type":', "{'type':'ping'}",
    '{"type":"ping",}', "\ufeff{}", "undefined", "<html>", '{"type":"ping"}x', "[" * 200,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hostile:
    """One message, and whether it must be `refused` (4400) or `ignored` (the session continues)."""

    message: str
    refused: bool
    kind: str
    """`object`: not a JSON object; `member`: a known frame that does not match its schema; `unknown`: an
    unknown type; `surplus`: an unknown member."""


def _broken() -> st.SearchStrategy[dict[str, Json]]:
    """A good frame with one member replaced, dropped or added."""

    def apply(frame: dict[str, Json], how: int, member: int, value: Json, name: str) -> dict[str, Json]:
        members = [key for key in frame if key != "type"]
        chosen = members[member % len(members)]
        if how == 0:
            return {key: each for key, each in frame.items() if key != chosen}
        if how == 1:
            return {**frame, chosen: value}
        return {**frame, name: value}

    frames = st.sampled_from(list(GOOD.values()))
    return st.builds(
        apply, frames, st.integers(0, 2), st.integers(0, 2), st.sampled_from(VALUES), st.sampled_from(NAMES)
    )


def _is_i_json(frame: dict[str, Json]) -> bool:
    """Whether a receiver must accept every integer."""
    largest = load_protocol().limits.max_safe_integer
    return all(not isinstance(value, int) or abs(value) <= largest for value in frame.values())


def classify(message: str) -> Hostile | None:
    """How a server must treat a message; None if the specification leaves it open, or for a correct frame."""
    try:
        frame = json.loads(message)
    except (ValueError, RecursionError):
        return Hostile(message, refused=True, kind="object")
    if not isinstance(frame, dict):
        return Hostile(message, refused=True, kind="object")
    kind = frame.get("type")
    if not isinstance(kind, str):
        return Hostile(message, refused=True, kind="member")
    if kind not in load_protocol().frames:
        return Hostile(message, refused=False, kind="unknown") if _is_i_json(frame) else None
    if not load_shapes(f"v1:{kind}").is_valid(frame):
        return Hostile(message, refused=True, kind="member")
    good = GOOD.get(kind, {})
    if not _is_i_json(frame):
        return None
    # A well-formed event runs, and its ref restricts later events. Other frames have no such effect.
    known = {"type", *good, "t"}
    return None if kind == "event" or not set(frame) - known else Hostile(message, False, "surplus")


@lru_cache(maxsize=4)  # Several probes share them, one for each kind.
def draw_hostile(count: int, seed: int) -> tuple[Hostile, ...]:
    """At most `count` different messages, the same for the same seed."""
    found: dict[str, Hostile] = {}
    typed = st.sampled_from(("later", "constructor", "", "Event", "stream2", "__proto__"))
    unknown = st.builds(lambda kind, value: {"type": kind, "x": value}, typed, st.sampled_from(VALUES))
    untyped = st.builds(
        lambda value: {"type": value}, st.sampled_from([v for v in VALUES if not isinstance(v, str)])
    )
    frames = st.one_of(_broken(), _broken(), unknown, untyped).map(json.dumps)

    for message in draw(st.one_of(st.sampled_from(NOT_OBJECTS), frames, frames, frames), count * 3, seed):
        hostile = classify(message)
        if hostile is not None:
            found.setdefault(message, hostile)
    return tuple(found.values())[:count]
