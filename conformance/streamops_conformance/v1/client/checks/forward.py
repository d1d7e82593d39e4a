"""Chapters 13 and 15: things from the future, and names that are traps."""

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.judge import Look
from streamops_conformance.v1.client.sequence import TRAPS
from streamops_conformance.v1.client.wrong_readers import SkipsTheUnknown, StopsAtTheUnknown


@CLIENT.rule("CLI-18", "look")
def names_that_are_members_of_every_object_are_names(look: Look) -> Outcome:
    if look.has("violation", "malformed") or not _traps(look):
        return None
    if look.closed is not None:
        return Wrong("a client that goes on", f"close {look.closed.code} {look.closed.reason}")
    if not look.content_is_right():
        return Wrong(look.content_due()[:400], look.content()[:400])
    for name in look.expected.streams.keys() & {*TRAPS}:
        if look.stream(name) != look.expected.streams[name]:
            return Wrong(f"stream {name}: {look.expected.streams[name]}", f"{look.stream(name)}")
    return SEEN


def _traps(look: Look) -> bool:
    return any(
        frame.get("stream") in TRAPS
        or frame.get("type") in TRAPS
        or any(op.get("op") in TRAPS or op.get("target", "")[1:] in TRAPS for op in frame.get("ops", ()))
        or bool(frame.keys() & {*TRAPS})
        for frame in look.frames
    )


@CLIENT.rule("FWD-4", "look")
def what_is_unknown_is_ignored_and_counted(look: Look) -> Outcome:
    if look.has("violation", "malformed") or not look.has("unknown"):
        return None
    if look.closed is not None:
        return Wrong("a client that goes on", f"close {look.closed.code} {look.closed.reason}")
    if look.only("unknown") and (changed := look.changed()):
        return Wrong("nothing changed", changed)
    right = look.content_is_right() and look.states_are_right()
    if not right and any(
        look.explained_by(each, states=True) for each in (SkipsTheUnknown, StopsAtTheUnknown)
    ):
        return Wrong(
            f"{look.content_due()[:300]} and {look.states_due()}",
            f"what is known beside it was left out: {look.content()[:300]} and {look.states()}",
        )
    if not look.ignored:
        return Wrong("what is unknown is counted", f"ignored stayed at {look.said['ignored']}")
    return SEEN
