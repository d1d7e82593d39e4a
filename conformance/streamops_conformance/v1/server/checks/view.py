"""Chapter 12: views, which are full re-renders."""

from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.oracle.document import normalized
from streamops_conformance.v1.oracle.log import ExpectedView
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.due_views import (
    changes_nothing,
    comes_late,
    due_views,
    is_equal,
    is_made_again,
)
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.transcript_state import TranscriptState
from streamops_conformance.v1.vocabulary import LIFECYCLE, PROTOCOL


@SERVER.rule("VIEW-10", "view")
def no_view_is_sent_without_the_capability(state: TranscriptState) -> Outcome:
    return (
        KEPT if "view" in state.agreed else Wrong("no view, because the capability was not agreed", "a view")
    )


@SERVER.rule("VIEW-10", "reply")
def a_session_without_the_capability_gets_no_view(state: TranscriptState) -> Outcome:
    return KEPT if "view" not in state.agreed and state.welcomes else NOT_SEEN


@SERVER.rule("VIEW-1", "view")
def the_first_view_has_every_stream_at_zero(state: TranscriptState) -> Outcome:
    if state.version is not None:
        return NOT_SEEN
    ahead = {name: entry["seq"] for name, entry in state.frame["streams"].items() if entry["seq"] != 0}
    return Wrong("every stream at 0 in the first view", f"seq {ahead}") if ahead else KEPT


@SERVER.rule("VIEW-1", "reply")
def the_first_view_comes_before_any_reply(state: TranscriptState) -> Outcome:
    at_once = state.frame.get("error", {}).get("code") == "rate_limited"
    if "view" in state.agreed and state.version is None and not at_once:
        return Wrong("a first view after welcome", "a reply before any view")
    return NOT_SEEN


@SERVER.rule("VIEW-7", "view")
def view_versions_increase(state: TranscriptState) -> Outcome:
    last = state.version
    if last is None:
        return NOT_SEEN
    return KEPT if state.frame["version"] > last else Wrong(f"more than {last}", str(state.frame["version"]))


@SERVER.rule("EVT-3", "view", needs_program=True)
def the_final_view_does_not_come_after_the_reply(state: TranscriptState) -> Outcome:
    """Finds a final view after the reply to its event, also one that the server could have left out."""
    assert state.program is not None
    if any(_counts(view) == _cursors(state) for view in state.program.views[state.next_view :]):
        return NOT_SEEN
    answered = [view for view in state.program.views[: state.next_view] if view.final]
    if answered and _counts(answered[-1]) == _cursors(state):
        return Wrong("the final view before the reply", "a view after it")
    return NOT_SEEN


@SERVER.rule("VIEW-5", "view", needs_program=True)
def a_view_is_a_barrier(state: TranscriptState) -> Outcome:
    """Finds the view of the program at the cursors of the streams, and keeps it as `state.matched_view`."""
    assert state.program is not None
    ahead = state.program.views[state.next_view :]
    here = [view for view in ahead if _counts(view) == _cursors(state)]
    if not here:
        due = [_counts(view) for view in ahead]
        return Wrong(f"a view at one of the points {due[:3]}", f"a view at {_cursors(state)}")
    wanted = normalized(state.frame["html"])
    state.view_before = state.matched_view
    state.matched_view = next((view for view in here if normalized(view.html) == wanted), here[0])
    return KEPT


def _counts(view: ExpectedView) -> dict[str, int]:
    return {name: count for name, count in view.counts.items() if count}


def _cursors(state: TranscriptState) -> dict[str, int]:
    return {name: cursor for name, cursor in state.cursors.items() if cursor}


@SERVER.rule("VIEW-2", "view", needs_program=True)
def the_html_shows_the_state_when_the_view_was_rendered(state: TranscriptState) -> Outcome:
    assert state.matched_view is not None
    expected, observed = normalized(state.matched_view.html), normalized(state.frame["html"])
    return KEPT if expected == observed else Wrong(expected[:400], observed[:400])


@SERVER.rule("VIEW-11", "view", needs_program=True)
def a_re_rendered_stream_returns_to_the_map(state: TranscriptState) -> Outcome:
    assert state.matched_view is not None
    assert state.program is not None
    seen: Outcome = NOT_SEEN
    for name in state.matched_view.map:
        stream = state.program.streams.get(name)
        ops = stream.ops[: state.matched_view.counts.get(name, 0)] if stream is not None else []
        content = [op for op in ops if op.kind not in LIFECYCLE]
        if content and content[-1].rerendered and not all(op.rerendered for op in content):
            if name not in state.frame["streams"]:
                return Wrong(f"stream {name} in the map, because it was re-rendered", "a map without it")
            seen = KEPT
    return seen


@SERVER.rule("VIEW-3", "view", needs_program=True)
def the_map_lists_the_streams_of_the_template(state: TranscriptState) -> Outcome:
    assert state.matched_view is not None
    assert state.case is not None
    expected, named = sorted(state.matched_view.map), sorted(state.frame["streams"])
    if named != expected:
        return Wrong(f"a map of {expected}", f"a map of {named}")
    return KEPT if set(dict(state.case.spec.variables)) - set(expected) else NOT_SEEN


@SERVER.rule("VIEW-4", "view", needs_program=True)
def the_map_gives_number_state_run_and_error(state: TranscriptState) -> Outcome:
    assert state.matched_view is not None
    seen: Outcome = NOT_SEEN
    for name, entry in state.matched_view.map.items():
        observed = state.frame["streams"].get(name)
        if observed is None:
            continue
        for member in ("seq", "state", "run", "code", "error"):
            if member == "error" and "error" in entry and entry["error"] is None:
                continue  # The server chooses the generic text of app_error.
            if member == "run" and entry["state"] == "idle":
                continue
            if observed.get(member) != entry.get(member):
                return Wrong(f"{name}: {entry}", f"{name}: {observed}")
        seen = KEPT if entry["seq"] else seen
    return seen


@SERVER.rule("VIEW-6", "view", needs_program=True)
def only_a_view_without_later_operations_is_replaced(state: TranscriptState) -> Outcome:
    """Also moves `state.next_view` behind the matched view, for the rules that are asked later."""
    assert state.matched_view is not None
    assert state.program is not None
    position = state.program.views.index(state.matched_view, state.next_view)
    skipped = state.program.views[state.next_view : position]
    lost = [view for view in skipped if not view.replaceable and not is_equal(view, state.view_before)]
    before = state.next_view
    state.next_view = position + 1
    if not all(view.final and changes_nothing(state, view) for view in lost):
        return Wrong(f"the view at {_counts(lost[0])} before this view", f"the view at {_cursors(state)}")
    return KEPT if before else NOT_SEEN


@SERVER.rule("VIEW-8", "reply", needs_program=True)
def the_final_state_has_arrived_before_the_reply(state: TranscriptState) -> Outcome:
    due = due_views(state)
    if due is None:
        return NOT_SEEN
    if due and not comes_late(state, due[-1]) and not is_made_again(state, due[-1]):
        return Wrong(f"the final view {due[-1].html[:300]} before the reply", "a reply without it")
    return NOT_SEEN if due else KEPT


@SERVER.probe("VIEW-9")
async def views_obey_the_frame_rate(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        welcome = await session.hello(
            context.caps("view"),
            view=context.view(s="0"),
            limits={"max_frame_bytes": 1 << 20, "max_fps": 30, "window": 64},
        )
        interval = 1000 / min(30, welcome["limits"]["max_fps"])
        script: list[dict[str, Any]] = []
        for number in range(60):
            script += [steps.set_variable("s", str(number)), steps.push_state()]
        reply = await session.run(script)
        entries = session.transcript.entries
        sent = next(entry.ms for entry in entries if entry.type == "event")
        got = next(entry.ms for entry in entries if entry.type == "reply")
        # The final view, and a view that was due when the event came, are sent at once.
        views = len(session.transcript.frames("view")) - 1
        allowed = 3 + 1.1 * (got - sent) / interval
        if reply["ok"] is not True or views < 1:
            return NOT_SEEN
        if views > allowed:
            return Wrong(f"at most {allowed:.1f} views in {got - sent:.0f} ms", f"{views} views")
        return KEPT if allowed < 60 else NOT_SEEN


@SERVER.probe("VIEW-3")
async def a_call_uses_its_name_even_if_it_adds_nothing(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps("view"), view=context.view(v="0"))
        await session.run([steps.done("ended")])
        refused = await session.run([steps.replace("refused", "<i>")])  # html was not agreed
        if refused["ok"] is not False:
            context.inconclusive("a call that needs html works without it")
            return NOT_SEEN
        await session.run([steps.set_variable("v", "1"), steps.push_state()])
        named = set(session.transcript.frames("view")[-1]["streams"])
        due = {"ended", "refused", "v"}
        return KEPT if named == due else Wrong(f"a map of {sorted(due)}", f"a map of {sorted(named)}")


@SERVER.probe("VIEW-12")
async def a_view_that_cannot_fit_is_not_sent(context: ProbeContext) -> Outcome:
    limit = PROTOCOL.limits.min_frame_bytes_html
    async with context.session() as session:
        limits = {"max_frame_bytes": limit, "max_fps": 60, "window": 64}
        await session.hello(context.caps("view"), view=context.view(v="0"), limits=limits)
        fits = await session.run([steps.set_variable("v", "1"), steps.push_state()])
        if fits["ok"] is not True:
            context.inconclusive(f"the control, a small view, was refused: {fits}")
            return NOT_SEEN
        large = steps.set_variable("v", "x", limit)
        pushed = await session.run([large, steps.push_state()])
        if pushed["ok"] is not False:  # LIM-3 and ERR-3 judge the code
            return Wrong(f"ok: false for a push_state of more than {limit} bytes", str(pushed)[:300])
        final = await session.run([large])
        if final["ok"] is not True:
            return Wrong("ok: true for a handler whose final view cannot fit", str(final)[:300])
        before = len(session.transcript.frames("view"))
        await session.run([steps.set_variable("v", "2"), steps.push_state()])
        if len(session.transcript.frames("view")) == before:
            return Wrong("the next view that fits", "no view")
        return KEPT


@SERVER.probe("VIEW-6")
async def views_with_operations_between_them_all_arrive(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps("view"), view=context.view(s="0", v="-"))
        script: list[dict[str, Any]] = []
        for number in range(6):
            script += [
                steps.set_variable("v", str(number)),
                steps.push_state(),
                steps.text("s", str(number)),
            ]
        await session.run(script)
        views = [frame["html"] for frame in session.transcript.frames("view")]
        missing = [number for number in range(6) if not any(f">{number}</div>" in html for html in views)]
        if missing and len(views) > 6:
            context.inconclusive(f"{len(views)} views arrived, and none shows the state {missing}")
            return NOT_SEEN
        return (
            Wrong("all six views, because an operation follows each of them", f"views without {missing}")
            if missing
            else KEPT
        )
