"""Chapter 12: the view, the full re-render."""

from typing import Any

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.oracle.document import Document, normalized
from streamops_conformance.v1.oracle.log import ExpectedView
from streamops_conformance.v1.server.checks.registry import V1
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.transcript_state import Walk


@V1.rule("VIEW-10", "view")
def no_view_goes_to_who_did_not_agree(walk: Walk) -> Outcome:
    return SEEN if "view" in walk.agreed else Wrong("no view: the capability was not agreed", "a view")


@V1.rule("VIEW-10", "reply")
def sessions_without_view_get_none(walk: Walk) -> Outcome:
    return SEEN if "view" not in walk.agreed and walk.welcomes else None


@V1.rule("VIEW-1", "view")
def the_first_view_has_every_stream_at_zero(walk: Walk) -> Outcome:
    if walk.version is not None:
        return None
    ahead = {name: entry["seq"] for name, entry in walk.frame["streams"].items() if entry["seq"] != 0}
    return Wrong("every stream at 0 in the first view", f"seq {ahead}") if ahead else SEEN


@V1.rule("VIEW-1", "reply")
def a_view_comes_before_anything_else(walk: Walk) -> Outcome:
    if "view" in walk.agreed and walk.version is None:
        return Wrong("a first view after welcome", "a reply before any view")
    return None


@V1.rule("VIEW-7", "view")
def versions_grow(walk: Walk) -> Outcome:
    last = walk.version
    if last is None:
        return None
    return SEEN if walk.frame["version"] > last else Wrong(f"more than {last}", str(walk.frame["version"]))


@V1.rule("EVT-3", "view", law=True)
def no_final_view_comes_once_more(walk: Walk) -> Outcome:
    """One that nothing is left for, as its event was answered: also if it could have stayed away."""
    assert walk.program is not None
    if any(_counts(view) == _cursors(walk) for view in walk.program.views[walk.next_view :]):
        return None
    answered = [view for view in walk.program.views[: walk.next_view] if view.final]
    if answered and _counts(answered[-1]) == _cursors(walk):
        return Wrong("the final view before the reply", "a view after it")
    return None


@V1.rule("VIEW-5", "view", law=True)
def a_view_is_a_barrier(walk: Walk) -> Outcome:
    """Matches the view to the one of the program that was made at the streams' cursors."""
    assert walk.program is not None
    ahead = walk.program.views[walk.next_view :]
    here = [view for view in ahead if _counts(view) == _cursors(walk)]
    if not here:
        due = [_counts(view) for view in ahead]
        return Wrong(f"a view at one of the points {due[:3]}", f"a view at {_cursors(walk)}")
    wanted = normalized(walk.frame["html"])
    walk.view_before = walk.matched_view
    walk.matched_view = next((view for view in here if normalized(view.html) == wanted), here[0])
    return SEEN


def _counts(view: ExpectedView) -> dict[str, int]:
    return {name: count for name, count in view.counts.items() if count}


def _cursors(walk: Walk) -> dict[str, int]:
    return {name: cursor for name, cursor in walk.cursors.items() if cursor}


@V1.rule("VIEW-2", "view", law=True)
def the_html_is_the_state_when_the_view_was_made(walk: Walk) -> Outcome:
    assert walk.matched_view is not None
    expected, observed = normalized(walk.matched_view.html), normalized(walk.frame["html"])
    return SEEN if expected == observed else Wrong(expected[:400], observed[:400])


@V1.rule("VIEW-11", "view", law=True)
def a_re_render_puts_its_stream_back(walk: Walk) -> Outcome:
    assert walk.matched_view is not None
    assert walk.program is not None
    seen = None
    for name in walk.matched_view.map:
        stream = walk.program.streams.get(name)
        ops = stream.ops[: walk.matched_view.counts.get(name, 0)] if stream is not None else []
        content = [op for op in ops if op.kind not in ("start", "error", "done")]
        if content and content[-1].rerendered and not all(op.rerendered for op in content):
            if name not in walk.frame["streams"]:
                return Wrong(f"stream {name} in the map, for it was re-rendered", "it is not there")
            seen = SEEN
    return seen


@V1.rule("VIEW-3", "view", law=True)
def the_map_names_the_streams_of_the_template(walk: Walk) -> Outcome:
    assert walk.matched_view is not None
    assert walk.case is not None
    expected, named = sorted(walk.matched_view.map), sorted(walk.frame["streams"])
    if named != expected:
        return Wrong(f"a map of {expected}", f"a map of {named}")
    return SEEN if set(dict(walk.case.spec.variables)) - set(expected) else None


@V1.rule("VIEW-4", "view", law=True)
def the_map_gives_number_state_run_and_error(walk: Walk) -> Outcome:
    assert walk.matched_view is not None
    seen = None
    for name, entry in walk.matched_view.map.items():
        observed = walk.frame["streams"].get(name)
        if observed is None:
            continue
        for member in ("seq", "state", "run", "code", "error"):
            if member == "error" and "error" in entry and entry["error"] is None:
                continue  # The generic text of app_error is the server's own.
            if member == "run" and entry["state"] == "idle":
                continue
            if observed.get(member) != entry.get(member):
                return Wrong(f"{name}: {entry}", f"{name}: {observed}")
        seen = SEEN if entry["seq"] else seen
    return seen


@V1.rule("VIEW-6", "view", law=True)
def only_a_view_with_nothing_after_it_is_replaced(walk: Walk) -> Outcome:
    """Also takes over that the view has come: rules asked later see it as matched."""
    assert walk.matched_view is not None
    assert walk.program is not None
    position = walk.program.views.index(walk.matched_view, walk.next_view)
    skipped = walk.program.views[walk.next_view : position]
    lost = [view for view in skipped if not view.replaceable and not _equal(view, walk.view_before)]
    before = walk.next_view
    walk.next_view = position + 1
    if not all(view.final and _unchanged(walk, view) for view in lost):
        return Wrong(f"the view at {_counts(lost[0])} before this one", f"the view at {_cursors(walk)}")
    return SEEN if before else None


@V1.rule("VIEW-8", "reply", law=True)
def the_final_state_has_arrived_with_the_reply(walk: Walk) -> Outcome:
    due = due_views(walk)
    if due is None:
        return None
    if due and not comes_late(walk, due[-1]) and not _said_again(walk, due[-1]):
        return Wrong(f"the final view {due[-1].html[:300]}", "a reply without it")
    return None if due else SEEN


def comes_late(walk: Walk, view: ExpectedView) -> bool:
    """Whether the final view of an event comes after its reply: a matter of EVT-3."""
    wanted = normalized(view.html)
    later = (frame.get("html") for frame in walk.later("view"))
    return not _said_again(walk, view) and any(
        isinstance(html, str) and normalized(html) == wanted for html in later
    )


def _said_again(walk: Walk, view: ExpectedView) -> bool:
    """Whether a later event makes the same view, so that nobody can tell which of the two comes."""
    assert walk.program is not None
    made = walk.program.events[len(walk.replies)].views
    return any(normalized(each.html) == normalized(view.html) for each in walk.program.views[made:])


def due_views(walk: Walk) -> list[ExpectedView] | None:
    """Views of this event that have not come when its reply does; None where the rules do not apply.

    A final view that would change nothing may stay away.
    """
    assert walk.program is not None
    if "view" not in walk.agreed or len(walk.replies) >= len(walk.program.events):
        return None
    due = walk.program.views[walk.next_view : walk.program.events[len(walk.replies)].views]
    due = [view for view in due if not _shown_already(walk, view)]
    return None if due and _unchanged(walk, due[-1]) else due


def _shown_already(walk: Walk, view: ExpectedView) -> bool:
    """Whether it is the same as the view that came last: one frame may stand for several pushes."""
    return _equal(view, walk.matched_view)


def _equal(view: ExpectedView, other: ExpectedView | None) -> bool:
    return other is not None and (view.html, view.counts, view.map) == (other.html, other.counts, other.map)


def _unchanged(walk: Walk, view: ExpectedView) -> bool:
    """Whether putting the view in place would leave the document as it is."""
    # Parsed anew on both sides: a carriage return that came as text does not survive a parser.
    trial = Document(walk.expected.serialized())
    before = trial.serialized()
    trial.show_view(view.html, [name for name, at in walk.cursors.items() if at and name not in view.map])
    return trial.serialized() == before


@V1.probe("VIEW-9")
async def views_obey_the_frame_rate(lab: Lab) -> Outcome:
    async with lab.session() as session:
        welcome = await session.hello(
            lab.caps("view"),
            view=lab.view(s="0"),
            limits={"max_frame_bytes": 1 << 20, "max_fps": 30, "window": 64},
        )
        interval = 1000 / min(30, welcome["limits"]["max_fps"])
        script: list[dict[str, Any]] = []
        for number in range(60):
            script += [{"do": "set", "var": "s", "value": str(number)}, {"do": "push_state"}]
        reply = await session.run(script)
        entries = session.transcript.entries
        sent = next(entry.ms for entry in entries if entry.type == "event")
        got = next(entry.ms for entry in entries if entry.type == "reply")
        # The final view and one that was due when the event came are not held up.
        views = len(session.transcript.frames("view")) - 1
        allowed = 3 + 1.1 * (got - sent) / interval
        if reply["ok"] is not True or views < 1:
            return None
        if views > allowed:
            return Wrong(f"at most {allowed:.1f} views in {got - sent:.0f} ms", f"{views} views")
        return SEEN if allowed < 60 else None


@V1.probe("VIEW-6")
async def views_with_operations_between_all_arrive(lab: Lab) -> Outcome:
    async with lab.session() as session:
        await session.hello(lab.caps("view"), view=lab.view(s="0", v="-"))
        script: list[dict[str, Any]] = []
        for number in range(6):
            script += [
                {"do": "set", "var": "v", "value": str(number)},
                {"do": "push_state"},
                {"do": "text", "stream": "s", "text": str(number)},
            ]
        await session.run(script)
        views = [frame["html"] for frame in session.transcript.frames("view")]
        missing = [number for number in range(6) if not any(f">{number}</div>" in html for html in views)]
        if missing and len(views) > 6:
            lab.inconclusive(f"{len(views)} views came, and none shows the state {missing}")
            return None
        return (
            Wrong("all six views, for each has an operation after it", f"without {missing}")
            if missing
            else SEEN
        )
