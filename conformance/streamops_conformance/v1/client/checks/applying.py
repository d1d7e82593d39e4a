"""Chapters 5 and 13: frames that change nothing, ops that cannot be applied."""

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.judge import Look
from streamops_conformance.v1.client.wrong_readers import StopsAtAFailure


@CLIENT.rule("CLI-2", "look")
def a_frame_that_was_seen_changes_nothing(look: Look) -> Outcome:
    if not look.only("duplicate"):
        return None
    return _nothing(look)


@CLIENT.rule("CLI-22", "look")
def an_old_view_changes_nothing(look: Look) -> Outcome:
    if not look.only("old view"):
        return None
    return _nothing(look)


def _nothing(look: Look) -> Outcome:
    if look.closed is not None:
        return Wrong("a client that goes on", f"close {look.closed.code} {look.closed.reason}")
    changed = look.changed()
    return Wrong("nothing changed and nothing fired", changed) if changed else SEEN


@CLIENT.rule("CLI-13", "look")
def a_target_of_another_form_is_refused(look: Look) -> Outcome:
    if not look.has("refused"):
        return None
    if look.closed is not None:
        return Wrong("a report, and a client that goes on", f"close {look.closed.code} {look.closed.reason}")
    if not look.content_is_right():
        return Wrong(look.content_due()[:400], look.content()[:400])
    if not look.reported:
        return Wrong("a report of the refused target", "none")
    return SEEN


@CLIENT.rule("CLI-5", "look")
def an_op_that_fails_is_reported_and_does_not_stop_the_next(look: Look) -> Outcome:
    failed = sum(effect.failed for effect in look.effects)
    if not failed or look.has("violation", "malformed", "refused"):
        return None
    if look.closed is not None:
        return Wrong("a report, and a client that goes on", f"close {look.closed.code} {look.closed.reason}")
    if not look.content_is_right():
        if look.explained_by(StopsAtAFailure):
            return Wrong(
                look.content_due()[:400], f"nothing after the op that failed: {look.content()[:400]}"
            )
        return None
    if look.reported < failed:
        return Wrong(f"{failed} ops that could not be applied are reported", f"{look.reported} reports")
    return SEEN
