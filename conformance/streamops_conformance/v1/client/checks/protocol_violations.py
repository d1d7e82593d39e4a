"""Chapters 2 and 5: the client reports a broken peer and closes with 4400."""

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.dump_check import DumpCheck
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.frames import OPEN
from streamops_conformance.wire.silent import Silent

BAD_FRAME = 4400


@CLIENT.rule("CLI-3", "dump")
def a_gap_an_overlap_and_a_forbidden_transition_are_closed_with_4400(check: DumpCheck) -> Outcome:
    if not check.has("violation"):
        return NOT_SEEN
    if check.dump is not None and len(check.steps) == 1 and check.content_changed():
        return Wrong("no op of a frame that breaks the rules is applied", check.content()[:400])
    return _closed_with_4400(check)


@CLIENT.rule("CLI-20", "dump")
def a_malformed_frame_is_closed_with_4400(check: DumpCheck) -> Outcome:
    return _closed_with_4400(check) if check.has("malformed") else NOT_SEEN


@CLIENT.probe("CLI-20")
async def frames_before_the_welcome_are_closed_with_4400(context: ClientProbeContext) -> Outcome:
    for early in (OPEN, {"type": "reply", "ref": 1, "ok": True}):
        async with context.client() as case:
            peer, _ = await case.greeted()
            await peer.send(early)
            expected = f"close {BAD_FRAME} after a {early['type']} frame before the welcome"
            try:
                closed = await peer.end()
            except Silent:
                return Wrong(expected, "the connection stayed open")
            if closed.code != BAD_FRAME:
                return Wrong(expected, f"close {closed.code} {closed.reason}")
    return KEPT


def _closed_with_4400(check: DumpCheck) -> Outcome:
    closed = check.closed
    if closed is None or closed.code != BAD_FRAME:
        seen = f"close {closed.code} {closed.reason}" if closed is not None else "the connection stayed open"
        return Wrong(f"close {BAD_FRAME} after {check.steps[-1].message.raw[:300]}", seen)
    if check.dump is None:
        return Wrong("a client that answers after its close", "its testee was gone")
    if not check.reported:
        return Wrong("a report of what was wrong", "close 4400 without a report")
    return KEPT
