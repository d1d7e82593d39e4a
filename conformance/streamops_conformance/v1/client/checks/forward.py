"""Chapters 13 and 15: unknown parts, and names of object members."""

from collections.abc import Mapping
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.dump_check import DumpCheck
from streamops_conformance.v1.client.sequence import TRAPS, WIDE
from streamops_conformance.v1.client.wrong_readers import SkipsTheUnknown, StopsAtTheUnknown


@CLIENT.rule("CLI-18", "dump")
def names_of_object_members_are_ordinary_names(check: DumpCheck) -> Outcome:
    if check.has("violation", "malformed") or not _traps(check):
        return NOT_SEEN
    if check.closed is not None:
        return Wrong("a client that continues", f"close {check.closed.code} {check.closed.reason}")
    if not check.content_is_right():
        return Wrong(check.content_due()[:400], check.content()[:400])
    for name in check.expected.streams.keys() & {*TRAPS}:
        if check.stream(name) != check.expected.streams[name]:
            return Wrong(f"stream {name}: {check.expected.streams[name]}", f"{check.stream(name)}")
    return KEPT


def _traps(check: DumpCheck) -> bool:
    return any(
        frame.get("stream") in TRAPS
        or frame.get("type") in TRAPS
        or any(op.get("op") in TRAPS or op.get("target", "")[1:] in TRAPS for op in frame.get("ops", ()))
        or bool(frame.keys() & {*TRAPS})
        for frame in check.frames
    )


@CLIENT.rule("CLI-28", "dump")
def the_longest_names_and_the_largest_numbers_are_ordinary(check: DumpCheck) -> Outcome:
    if check.has("violation", "malformed") or not any(map(_is_wide, check.frames)):
        return NOT_SEEN
    if check.closed is not None:
        return Wrong("a client that continues", f"close {check.closed.code} {check.closed.reason}")
    if not check.content_is_right():
        return Wrong(check.content_due()[:400], check.content()[:400])
    for name, due in check.expected.streams.items():
        if check.stream(name) != due:
            return Wrong(f"stream {name}: {due}", f"{check.stream(name)}")
    return KEPT


def _is_wide(frame: Mapping[str, Any]) -> bool:
    numbers = (frame.get("seq", 0), frame.get("n", 0), frame.get("version", 0))
    return frame.get("stream") in WIDE or max(numbers) > 1 << 52


@CLIENT.rule("FWD-4", "dump")
def unknown_parts_are_ignored_and_counted(check: DumpCheck) -> Outcome:
    if check.has("violation", "malformed") or not check.has("unknown"):
        return NOT_SEEN
    if check.closed is not None:
        return Wrong("a client that continues", f"close {check.closed.code} {check.closed.reason}")
    if check.only("unknown") and (changed := check.changed()):
        return Wrong("nothing changed", changed)
    right = check.content_is_right() and check.states_are_right()
    if not right and any(
        check.explained_by(each, states=True) for each in (SkipsTheUnknown, StopsAtTheUnknown)
    ):
        return Wrong(
            f"{check.content_due()[:300]} and {check.states_due()}",
            f"the known parts beside it were left out: {check.content()[:300]} and {check.states()}",
        )
    if not check.ignored:
        return Wrong("the unknown part is counted", f"ignored stayed at {check.answer['ignored']}")
    return KEPT
