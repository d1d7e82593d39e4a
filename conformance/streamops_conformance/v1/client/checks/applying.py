"""Chapters 5 and 13: frames that change nothing, and ops that cannot be applied."""

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.dump_check import DumpCheck
from streamops_conformance.v1.client.wrong_readers import StopsAtAFailure


@CLIENT.rule("CLI-2", "dump")
def a_repeated_frame_changes_nothing(check: DumpCheck) -> Outcome:
    if not check.only("duplicate"):
        return NOT_SEEN
    return _nothing(check)


@CLIENT.rule("CLI-22", "dump")
def an_old_view_changes_nothing(check: DumpCheck) -> Outcome:
    if not check.only("old view"):
        return NOT_SEEN
    return _nothing(check)


def _nothing(check: DumpCheck) -> Outcome:
    if check.closed is not None:
        return Wrong("a client that continues", f"close {check.closed.code} {check.closed.reason}")
    changed = check.changed()
    return Wrong("no change and no event", changed) if changed else KEPT


@CLIENT.rule("CLI-13", "dump")
def a_malformed_target_is_refused(check: DumpCheck) -> Outcome:
    if not check.has("refused"):
        return NOT_SEEN
    if check.closed is not None:
        return Wrong(
            "a report, and a client that continues", f"close {check.closed.code} {check.closed.reason}"
        )
    if not check.content_is_right():
        return Wrong(check.content_due()[:400], check.content()[:400])
    if not check.reported:
        return Wrong("a report of the refused target", "none")
    return KEPT


@CLIENT.rule("CLI-5", "dump")
def an_op_that_fails_is_reported_and_does_not_stop_the_next(check: DumpCheck) -> Outcome:
    failed = sum(effect.failed for effect in check.effects)
    if not failed or check.has("violation", "malformed", "refused"):
        return NOT_SEEN
    if check.closed is not None:
        return Wrong(
            "a report, and a client that continues", f"close {check.closed.code} {check.closed.reason}"
        )
    if not check.content_is_right():
        if check.explained_by(StopsAtAFailure):
            return Wrong(
                check.content_due()[:400], f"no op after the one that failed: {check.content()[:400]}"
            )
        return NOT_SEEN
    if check.reported < failed:
        return Wrong(f"{failed} ops that could not be applied are reported", f"{check.reported} reports")
    return KEPT
