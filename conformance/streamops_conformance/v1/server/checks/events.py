"""Chapter 8: events and replies."""

import time

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.server.case import Limits
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.due_views import comes_late, due_views
from streamops_conformance.v1.server.missing import missing_here
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.controls import TRIES
from streamops_conformance.v1.server.probe.refusal import refused
from streamops_conformance.v1.server.transcript_state import TranscriptState
from streamops_conformance.wire.silent import Silent


@SERVER.rule("EVT-1", "reply")
def each_event_is_answered_once(state: TranscriptState) -> Outcome:
    ref = state.frame["ref"]
    if ref not in state.asked:
        return Wrong(f"one of the refs {sorted(state.asked)}", f"a reply to ref {ref}")
    # A ref that was sent twice may be answered twice: EVT-6 says how the server must treat it.
    if state.here.answered[ref] >= state.asked[ref]:
        return Wrong(f"one reply to ref {ref}", "a second one")
    return KEPT


@SERVER.rule("EVT-1", "end", needs_program=True)
def no_event_is_left_without_a_reply(state: TranscriptState) -> Outcome:
    assert state.program is not None
    assert state.case is not None
    due = [event for event in state.program.events if event.replies]
    if len(state.replies) < len(due) and state.welcomes:
        return Wrong(
            f"{len(due)} replies", f"{len(state.replies)}: {state.case.silent or 'the session ended'}"
        )
    return NOT_SEEN


@SERVER.rule("EVT-2", "reply", needs_program=True)
def the_reply_comes_after_the_last_operation(state: TranscriptState) -> Outcome:
    missing = missing_here(state)
    if missing is None:
        return KEPT
    if "ack" in state.agreed and state.here.has_waited:
        return NOT_SEEN  # The probe of FLW-4 finds a reply that does not wait for the window.
    return Wrong(missing.expected, f"{missing.observed} before the reply, more after it")


@SERVER.rule("EVT-3", "reply", needs_program=True)
def the_reply_comes_after_the_final_view(state: TranscriptState) -> Outcome:
    due = due_views(state)
    if due is None or ("ack" in state.agreed and state.here.has_waited):
        return NOT_SEEN
    if due and comes_late(state, due[-1]):
        return Wrong("the final view before the reply", "the view after it")
    return NOT_SEEN if due else KEPT


@SERVER.rule("EVT-8", "reply", needs_program=True)
def a_script_that_does_not_raise_is_answered_ok(state: TranscriptState) -> Outcome:
    assert state.program is not None
    if len(state.replies) >= len(state.program.events) or not state.program.events[len(state.replies)].ok:
        return NOT_SEEN
    return KEPT if state.frame["ok"] is True else Wrong("ok: true", str(state.frame))


@SERVER.probe("EVT-4")
async def handlers_run_concurrently(context: ProbeContext) -> Outcome:
    for attempt in range(TRIES):
        ms = 700 * 2**attempt
        async with context.session() as session:
            limit = (await session.hello(context.caps()))["limits"]["max_events"]
            # More than a small pool of workers can run.
            count = min(12, limit - 1)
            if not count:
                context.not_applicable("max_events is 1: two handlers cannot run at the same time")
            began = time.perf_counter()
            wait = [steps.pause(ms)]
            slow = [await session.event("conformance.run", {"script": wait}) for _ in range(count)]
            quick = await session.event("conformance.run", {"script": []})
            too_late = time.perf_counter() - began > ms / 2000
            try:
                for ref in (*slow, quick):
                    await session.reply(ref)
            except Silent as silent:
                return Wrong("all events are answered", str(silent))
            replies = session.transcript.frames("reply")
            order = [frame["ref"] for frame in replies]
            if order[0] != quick and too_late:
                continue  # The suite was so slow that the slow handlers may have ended before.
            if order[0] != quick:
                return Wrong(f"the reply to the quick handler, ref {quick}, comes first", f"refs {order}")
            refused_ones = [frame for frame in replies if frame["ok"] is not True]
            if refused_ones:
                return Wrong("both handlers run and are answered with ok: true", str(refused_ones[0]))
            return KEPT
    context.inconclusive("this machine was too busy to send two events at the same time")
    return NOT_SEEN


@SERVER.probe("EVT-5")
async def handlers_start_in_the_order_of_ref(context: ProbeContext) -> Outcome:
    """Each handler opens its own stream: starts are sent in the order of acceptance (ORD-6)."""
    async with context.session() as session:
        welcome = await session.hello(context.caps())
        limits = Limits.of(welcome)
        count = min(12, limits.max_events, limits.max_streams)
        if count < 2:
            context.not_applicable("the target takes only one event or one stream at a time")
        names = [f"s{number}" for number in range(count)]
        refs = [
            await session.event(
                "conformance.run",
                {"script": [steps.start(name), steps.pause(300)]},
            )
            for name in names
        ]
        for ref in refs:
            await session.reply(ref)
        first = dict.fromkeys(frame["stream"] for frame in session.transcript.frames("stream"))
        if set(first) != set(names):
            return NOT_SEEN
        return KEPT if list(first) == names else Wrong(", ".join(names), ", ".join(first))


@SERVER.probe("EVT-6")
async def a_ref_that_does_not_increase_is_refused(context: ProbeContext) -> Outcome:
    for ref in (1, 2):
        async with context.session() as session:
            await session.hello(context.caps())
            for number in (1, 2):
                await session.event("conformance.run", {"script": []})
                await session.reply(number)
            await session.send(
                {"type": "event", "ref": ref, "event": "conformance.run", "params": {"script": []}}
            )
            wrong = await refused(session, "bad_frame", f"ref {ref} after refs 1 and 2")
            if wrong is not None:
                return wrong
    return KEPT


@SERVER.probe("EVT-7")
async def an_event_beyond_max_events_is_rate_limited(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        welcome = await session.hello(context.caps())
        limit = welcome["limits"]["max_events"]
        if limit > 2000:
            context.inconclusive(f"max_events is {limit}: too many for a probe")
            return NOT_SEEN
        wait = [steps.pause(2500)]
        refs = [await session.event("conformance.run", {"script": wait}) for _ in range(limit)]
        told = [steps.start("surplus"), *wait]
        surplus = await session.event("conformance.run", {"script": told})
        reply = await session.reply(surplus)
        first = next(frame for frame in session.transcript.frames() if frame["type"] in ("stream", "reply"))
        if first["type"] == "stream":
            return Wrong(f"rate_limited for event {surplus}, because the limit is {limit}", "its handler ran")
        if first.get("error", {}).get("code") == "rate_limited" and first["ref"] != surplus:
            return Wrong(f"event {first['ref']}, within the limit of {limit}, is accepted", str(first))
        if first["ref"] != surplus:
            context.inconclusive("a handler ended before the event beyond the limit was answered")
            return NOT_SEEN
        if reply.get("error", {}).get("code") != "rate_limited":
            return Wrong(f"rate_limited for event {surplus}, because the limit is {limit}", str(reply))
        for ref in refs:
            earlier = await session.reply(ref)
            if earlier["ok"] is not True:
                return Wrong(f"event {ref}, within the limit, is answered with ok: true", str(earlier))
    return KEPT
