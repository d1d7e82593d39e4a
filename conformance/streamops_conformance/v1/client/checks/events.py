"""Chapters 12 and 13: events on the page."""

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.dump_check import DumpCheck
from streamops_conformance.v1.oracle.client import FIRES


@CLIENT.rule("CLI-24", "dump")
def a_view_fires_the_lifecycle_events_of_its_runs(check: DumpCheck) -> Outcome:
    if not check.only_views() or check.dump is None:
        return NOT_SEEN
    due, seen = check.lifecycle(False), check.lifecycle(True)
    if {name: list(dict.fromkeys(events)) for name, events in seen.items()} == due:
        return KEPT if due == seen else NOT_SEEN  # CLI-11 judges repeated events.
    return Wrong(f"{due or 'no event'}", f"{seen or 'no event'}")


@CLIENT.rule("CLI-11", "dump")
def lifecycle_events_fire_once_and_in_order(check: DumpCheck) -> Outcome:
    if check.has("violation", "malformed") or check.dump is None:
        return NOT_SEEN
    due, seen = check.lifecycle(False), check.lifecycle(True)
    for name in due.keys() | seen.keys():
        expected, found = due.get(name, []), seen.get(name, [])
        # The name of an unknown reason is not compared.
        bare = [each.split()[0] for each in found]
        found = [
            b if " " not in e and e == "stream:done" else f
            for e, f, b in zip(expected, found, bare, strict=False)
        ] + found[len(expected) :]
        if found != expected:
            return Wrong(f"{name}: {expected}", f"{name}: {found}")
    return KEPT if due else NOT_SEEN


@CLIENT.rule("CLI-23", "dump")
def each_content_op_fires_its_event(check: DumpCheck) -> Outcome:
    if check.has("violation", "malformed") or check.dump is None:
        return NOT_SEEN
    contents = set(FIRES.values())
    due = [(each.event, each.stream) for each in check.fired_due if each.event in contents]
    seen = [(each["event"], each["stream"]) for each in check.fired if each["event"] in contents]
    if due != seen:
        return Wrong(f"{due}", f"{seen}")
    return KEPT if due else NOT_SEEN


@CLIENT.rule("CLI-4", "dump")
def the_ops_of_a_frame_are_applied_in_one_task(check: DumpCheck) -> Outcome:
    if len(check.steps) > 1 or not check.has("next") or check.dump is None:
        return NOT_SEEN
    fired = [each for each in check.fired if each["event"] != "stream:integrity"]
    if len(fired) < 2:
        return NOT_SEEN
    tasks = {each["task"] for each in fired}
    return KEPT if len(tasks) == 1 else Wrong("one task for a frame", f"{len(tasks)} tasks")
