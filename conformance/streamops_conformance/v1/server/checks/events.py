"""Chapter 8: events and replies."""

import time

from streamops_conformance.model.case import Limits
from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.flow_control.window import TRIES
from streamops_conformance.v1.server.checks.registry import V1
from streamops_conformance.v1.server.checks.sequencing import missing_here
from streamops_conformance.v1.server.checks.view import comes_late, due_views
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.probe.refusal import refused
from streamops_conformance.v1.server.session import Silent
from streamops_conformance.v1.server.transcript_state import Walk


@V1.rule("EVT-1", "reply")
def each_event_is_answered_once(walk: Walk) -> Outcome:
    ref = walk.frame["ref"]
    if ref not in walk.asked:
        return Wrong(f"a ref out of {sorted(walk.asked)}", f"a reply to ref {ref}")
    # A ref that was sent twice may be answered twice: EVT-6 says what should have become of it.
    if walk.here.answered[ref] >= walk.asked[ref]:
        return Wrong(f"one reply to ref {ref}", "a second one")
    return SEEN


@V1.rule("EVT-1", "end", law=True)
def no_event_is_left_without_a_reply(walk: Walk) -> Outcome:
    assert walk.program is not None
    assert walk.case is not None
    due = [event for event in walk.program.events if event.replies]
    if len(walk.replies) < len(due) and walk.welcomes:
        return Wrong(f"{len(due)} replies", f"{len(walk.replies)}: {walk.case.silent or 'the session ended'}")
    return None


@V1.rule("EVT-2", "reply", law=True)
def the_reply_comes_after_the_last_operation(walk: Walk) -> Outcome:
    missing = missing_here(walk)
    if missing is None:
        return SEEN
    if "ack" in walk.agreed and walk.here.has_waited:
        return None  # FLW-4 has a probe for a reply that does not wait for the window.
    return Wrong(missing.expected, f"{missing.observed} before the reply, more after it")


@V1.rule("EVT-3", "reply", law=True)
def the_reply_comes_after_the_final_view(walk: Walk) -> Outcome:
    due = due_views(walk)
    if due is None or ("ack" in walk.agreed and walk.here.has_waited):
        return None
    if due and comes_late(walk, due[-1]):
        return Wrong("the final view before the reply", "the view after it")
    return None if due else SEEN


@V1.rule("EVT-8", "reply", law=True)
def a_script_that_does_not_raise_is_answered_ok(walk: Walk) -> Outcome:
    assert walk.program is not None
    if len(walk.replies) >= len(walk.program.events) or not walk.program.events[len(walk.replies)].ok:
        return None
    return SEEN if walk.frame["ok"] is True else Wrong("ok: true", str(walk.frame))


@V1.probe("EVT-4")
async def handlers_run_at_the_same_time(lab: Lab) -> Outcome:
    for attempt in range(TRIES):
        ms = 700 * 2**attempt
        async with lab.session() as session:
            limit = (await session.hello(lab.caps()))["limits"]["max_events"]
            # More than a small pool of workers could run.
            count = min(12, limit - 1)
            if not count:
                lab.not_applicable("max_events is 1: no two handlers can run")
            began = time.perf_counter()
            wait = [{"do": "sleep_ms", "ms": ms}]
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
                continue  # This side was busy for so long that the slow ones may have been through.
            if order[0] != quick:
                return Wrong(f"the quick handler, ref {quick}, is answered first", f"refs {order}")
            refused_ones = [frame for frame in replies if frame["ok"] is not True]
            if refused_ones:
                return Wrong("both handlers run and are answered ok", str(refused_ones[0]))
            return SEEN
    lab.inconclusive("this machine was too busy to ask for two handlers at the same time")
    return None


@V1.probe("EVT-5")
async def handlers_start_in_the_order_of_ref(lab: Lab) -> Outcome:
    """Each handler opens a stream of its own: starts go out in the order of acceptance (ORD-6)."""
    async with lab.session() as session:
        welcome = await session.hello(lab.caps())
        limits = Limits.of(welcome)
        count = min(12, limits.max_events, limits.max_streams)
        if count < 2:
            lab.not_applicable("the target takes one event, or one stream, at a time")
        names = [f"s{number}" for number in range(count)]
        refs = [
            await session.event(
                "conformance.run",
                {"script": [{"do": "start", "stream": name}, {"do": "sleep_ms", "ms": 300}]},
            )
            for name in names
        ]
        for ref in refs:
            await session.reply(ref)
        first = dict.fromkeys(frame["stream"] for frame in session.transcript.frames("stream"))
        if set(first) != set(names):
            return None
        return SEEN if list(first) == names else Wrong(", ".join(names), ", ".join(first))


@V1.probe("EVT-6")
async def a_ref_that_does_not_grow_is_refused(lab: Lab) -> Outcome:
    for ref in (1, 2):
        async with lab.session() as session:
            await session.hello(lab.caps())
            for number in (1, 2):
                await session.event("conformance.run", {"script": []})
                await session.reply(number)
            await session.send(
                {"type": "event", "ref": ref, "event": "conformance.run", "params": {"script": []}}
            )
            wrong = await refused(session, "bad_frame", f"ref {ref} after refs 1 and 2")
            if wrong is not None:
                return wrong
    return SEEN


@V1.probe("EVT-7")
async def one_event_too_many_is_rate_limited(lab: Lab) -> Outcome:
    async with lab.session() as session:
        welcome = await session.hello(lab.caps())
        limit = welcome["limits"]["max_events"]
        if limit > 2000:
            lab.inconclusive(f"max_events is {limit}: too many to fill")
            return None
        wait = [{"do": "sleep_ms", "ms": 2500}]
        refs = [await session.event("conformance.run", {"script": wait}) for _ in range(limit)]
        told = [{"do": "start", "stream": "surplus"}, *wait]
        surplus = await session.event("conformance.run", {"script": told})
        reply = await session.reply(surplus)
        first = next(frame for frame in session.transcript.frames() if frame["type"] in ("stream", "reply"))
        if first["type"] == "stream":
            return Wrong(f"rate_limited for event {surplus}, the limit being {limit}", "its handler ran")
        if first.get("error", {}).get("code") == "rate_limited" and first["ref"] != surplus:
            return Wrong(f"event {first['ref']}, within the limit of {limit}, is taken", str(first))
        if first["ref"] != surplus:
            lab.inconclusive("a handler ended before the event beyond the limit was answered")
            return None
        if reply.get("error", {}).get("code") != "rate_limited":
            return Wrong(f"rate_limited for event {surplus}, the limit being {limit}", str(reply))
        for ref in refs:
            earlier = await session.reply(ref)
            if earlier["ok"] is not True:
                return Wrong(f"event {ref}, within the limit, is answered ok", str(earlier))
    return SEEN
