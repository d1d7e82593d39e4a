"""Chapters 5 and 13: the prefix law on the screen, asked after all special rules."""

from dataclasses import replace

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.dump_check import DumpCheck


@CLIENT.rule("CLI-1", "dump")
def the_screen_is_the_state_after_the_first_k_operations(check: DumpCheck) -> Outcome:
    if check.has("violation", "malformed"):
        return NOT_SEEN
    if check.dump is None or check.closed is not None:
        closed = check.closed
        end = f"close {closed.code} {closed.reason}" if closed is not None else "its testee was gone"
        return Wrong(f"a client that continues after {check.steps[-1].message.raw[:300]}", end)
    if not check.content_is_right():
        return Wrong(check.content_due()[:400], check.content()[:400])
    for name, shown in check.expected.streams.items():
        seen = check.stream(name)
        if replace(seen, cursor=0) != replace(shown, cursor=0):
            return Wrong(f"{name}: {shown}", f"{seen}")
    return KEPT


@CLIENT.rule("CLI-19", "dump")
def the_cursor_is_the_last_operation_that_was_applied(check: DumpCheck) -> Outcome:
    if check.has("violation", "malformed") or check.dump is None:
        return NOT_SEEN
    for name, shown in check.expected.streams.items():
        if check.stream(name).cursor != shown.cursor:
            return Wrong(f"the cursor of {name} at {shown.cursor}", f"at {check.stream(name).cursor}")
    if not check.only("next") or len(check.steps) > 1:
        return KEPT if check.has("next") else NOT_SEEN
    for fired in check.fired:
        before = check.streams_before.get(fired["stream"])
        due = before.cursor if before is not None else 0
        early = fired["event"] != "stream:integrity" and fired.get("cursor", due) != due
        if early:
            return Wrong(
                f"the cursor of {fired['stream']} at {due} while its frame is applied",
                f"at {fired['cursor']} when {fired['event']} fired",
            )
    return KEPT
