"""Chapters 12 and 13: events for the page."""

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.judge import Look
from streamops_conformance.v1.oracle.client import FIRES


@CLIENT.rule("CLI-24", "look")
def a_view_fires_what_its_runs_say(look: Look) -> Outcome:
    if not look.only_views() or look.dump is None:
        return None
    due, seen = look.lifecycle(False), look.lifecycle(True)
    if {name: list(dict.fromkeys(events)) for name, events in seen.items()} == due:
        return SEEN if due == seen else None  # Once too often is another requirement's matter (CLI-11).
    return Wrong(f"{due or 'no event'}", f"{seen or 'no event'}")


@CLIENT.rule("CLI-11", "look")
def lifecycle_events_fire_once_and_in_order(look: Look) -> Outcome:
    if look.has("violation", "malformed") or look.dump is None:
        return None
    due, seen = look.lifecycle(False), look.lifecycle(True)
    for name in due.keys() | seen.keys():
        expected, found = due.get(name, []), seen.get(name, [])
        # A reason from the future is nobody's to name.
        bare = [each.split()[0] for each in found]
        found = [
            b if " " not in e and e == "stream:done" else f
            for e, f, b in zip(expected, found, bare, strict=False)
        ] + found[len(expected) :]
        if found != expected:
            return Wrong(f"{name}: {expected}", f"{name}: {found}")
    return SEEN if due else None


@CLIENT.rule("CLI-23", "look")
def each_content_op_fires_its_event(look: Look) -> Outcome:
    if look.has("violation", "malformed") or look.dump is None:
        return None
    contents = set(FIRES.values())
    due = [(each.event, each.stream) for each in look.fired_due if each.event in contents]
    seen = [(each["event"], each["stream"]) for each in look.fired if each["event"] in contents]
    if due != seen:
        return Wrong(f"{due}", f"{seen}")
    return SEEN if due else None


@CLIENT.rule("CLI-4", "look")
def the_ops_of_a_frame_are_applied_in_one_task(look: Look) -> Outcome:
    if len(look.steps) > 1 or not look.has("next") or look.dump is None:
        return None
    fired = [each for each in look.fired if each["event"] != "stream:integrity"]
    if len(fired) < 2:
        return None
    tasks = {each["task"] for each in fired}
    return SEEN if len(tasks) == 1 else Wrong("one task for a frame", f"{len(tasks)} tasks")
