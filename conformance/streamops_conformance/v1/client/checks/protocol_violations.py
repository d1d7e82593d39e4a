"""Chapters 2 and 5: a broken peer is reported, and left with 4400."""

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.judge import Look

BAD_FRAME = 4400


@CLIENT.rule("CLI-3", "look")
def a_gap_an_overlap_and_a_forbidden_transition_are_answered_by_4400(look: Look) -> Outcome:
    if not look.has("violation"):
        return None
    if look.dump is not None and len(look.steps) == 1 and look.content_changed():
        return Wrong("nothing of a frame that breaks the rules is applied", look.content()[:400])
    return _answered(look)


@CLIENT.rule("CLI-20", "look")
def what_is_no_frame_is_answered_by_4400(look: Look) -> Outcome:
    return _answered(look) if look.has("malformed") else None


def _answered(look: Look) -> Outcome:
    closed = look.closed
    if closed is None or closed.code != BAD_FRAME:
        seen = f"close {closed.code} {closed.reason}" if closed is not None else "the connection stayed open"
        return Wrong(f"close {BAD_FRAME} after {look.steps[-1].beat.raw[:300]}", seen)
    if look.dump is None:
        return Wrong("a client that can still be asked", "its testee was gone")
    if not look.reported:
        return Wrong("a report of what was wrong", "close 4400, and none")
    return SEEN
