"""Chapters 5 and 13: the law on the screen, asked when every special rule has had its say."""

from dataclasses import replace

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.judge import Look


@CLIENT.rule("CLI-1", "look")
def the_screen_is_the_state_after_the_first_k_operations(look: Look) -> Outcome:
    if look.has("violation", "malformed"):
        return None
    if look.dump is None or look.closed is not None:
        closed = look.closed
        said = f"close {closed.code} {closed.reason}" if closed is not None else "it was gone"
        return Wrong(f"a client that goes on after {look.steps[-1].beat.raw[:300]}", said)
    if not look.content_is_right():
        return Wrong(look.content_due()[:400], look.content()[:400])
    for name, shown in look.expected.streams.items():
        seen = look.stream(name)
        if replace(seen, cursor=0) != replace(shown, cursor=0):
            return Wrong(f"{name}: {shown}", f"{seen}")
    return SEEN


@CLIENT.rule("CLI-19", "look")
def the_cursor_is_the_last_operation_that_was_applied(look: Look) -> Outcome:
    if look.has("violation", "malformed") or look.dump is None:
        return None
    for name, shown in look.expected.streams.items():
        if look.stream(name).cursor != shown.cursor:
            return Wrong(f"the cursor of {name} at {shown.cursor}", f"at {look.stream(name).cursor}")
    if not look.only("next") or len(look.steps) > 1:
        return SEEN if look.has("next") else None
    for fired in look.fired:
        before = look.streams_before.get(fired["stream"])
        due = before.cursor if before is not None else 0
        early = fired["event"] != "stream:integrity" and fired.get("cursor", due) != due
        if early:
            return Wrong(
                f"the cursor of {fired['stream']} at {due} while its frame is applied",
                f"at {fired['cursor']} when {fired['event']} fired",
            )
    return SEEN
