"""What the wire alone shows of a v1 server, beside the rules that the suite asks of every transcript.

The suite's own rules for these requirements know the program that ran. Here nobody does: each rule says
no only where no program at all could have made the frame.
"""

from streamops_spec import load_protocol

from streamops_conformance.model.registry import SEEN, Outcome, Registry, Rule, Wrong
from streamops_conformance.v1.capture.watch import AFTER, LIFECYCLE, Watch, default_target, pong_of
from streamops_conformance.v1.server.checks import V1

WIRE = Registry("v1")


def rules() -> list[Rule]:
    """The suite's rules that need no program, then those of this module."""
    return [*(rule for rule in V1.rules if not rule.law), *WIRE.rules]


# Numbers


@WIRE.rule("RES-3", "stream")
def a_replay_goes_on_where_the_client_is(walk: Watch) -> Outcome:
    if walk.coming.get(walk.name) != "replay":
        return None
    due = walk.cursors.get(walk.name, 0) + 1
    return SEEN if walk.frame["seq"] == due else Wrong(f"seq {due}", f"seq {walk.frame['seq']}")


@WIRE.rule("RES-5", "stream")
def a_stream_that_was_not_replayed_comes_anew(walk: Watch) -> Outcome:
    how, first = walk.coming.get(walk.name), walk.ops[0]["op"]
    if how == "view":
        return Wrong(f"a view with stream {walk.name} in its map", f"a frame with seq {walk.frame['seq']}")
    if how != "gone":
        return None
    return SEEN if first == "start" else Wrong(f"a start first of all on {walk.name}", f"{first} first")


@WIRE.rule("ORD-2", "stream")
def each_frame_starts_where_the_one_before_ended(walk: Watch) -> Outcome:
    due, seq = walk.cursors.get(walk.name, 0) + 1, walk.frame["seq"]
    if seq == due or (walk.coming.get(walk.name) == "gone" and seq > due):
        return SEEN
    return Wrong(f"seq {due}", f"seq {seq}")


@WIRE.rule("ORD-3", "stream")
def a_frame_covers_at_least_its_ops(walk: Watch) -> Outcome:
    n, ops = walk.frame["n"], len(walk.ops)
    return SEEN if n >= ops else Wrong(f"n at least {ops}, the number of its ops", f"n {n}")


# Lifecycle


@WIRE.rule("LIF-1", "stream")
def no_operation_comes_where_the_wire_table_forbids_it(walk: Watch) -> Outcome:
    table: dict[str, dict[str, str | None]] = dict(load_protocol().lifecycle.wire)  # type: ignore[arg-type]  # reason: states are texts here
    state = walk.at(walk.name).state
    for op in walk.ops:
        kind = op["op"] if op["op"] in LIFECYCLE else "content"
        if state and table[state].get(kind) is None:
            allowed = ", ".join(name for name, to in table[state].items() if to)
            return Wrong(f"{allowed} on stream {walk.name}, which is {state}", str(op["op"]))
        state = AFTER[kind]
    return SEEN


@WIRE.rule("LIF-2", "stream")
def a_run_is_named_by_a_number_that_its_start_can_have(walk: Watch) -> Outcome:
    seq, n, ops = walk.frame["seq"], walk.frame["n"], walk.ops
    seen = None
    for index, op in enumerate(ops):
        if op["op"] == "start":
            first, last = seq + index, seq + n - (len(ops) - index)
            if not first <= op["run"] <= last:
                due = f"run {first}" if first == last else f"run {first} to {last}"
                return Wrong(due, f"run {op['run']}")
            seen = SEEN
    return seen


@WIRE.rule("LIF-5", "stream")
def a_done_says_how_its_run_stood(walk: Watch) -> Outcome:
    state, seen = walk.at(walk.name).state, None
    for op in walk.ops:
        if op["op"] == "done" and state in ("open", "errored"):
            reason = op["reason"]
            if (reason == "error") != (state == "errored") and reason in ("complete", "error", "superseded"):
                due = "error" if state == "errored" else "complete, superseded or cancelled"
                return Wrong(f"done {due} of a run that is {state}", f"done {reason}")
            seen = SEEN
        state = AFTER.get(op["op"], "open")
    return seen


# Content


@WIRE.rule("CNT-4", "stream")
def targets_are_the_streams_own_or_an_id(walk: Watch) -> Outcome:
    own = default_target(walk.name)
    for op in walk.ops:
        if op["target"] != own and (not op["target"].startswith("#") or op["op"] in LIFECYCLE):
            return Wrong(own if op["op"] in LIFECYCLE else f"{own} or an #ID", op["target"])
    return SEEN


@WIRE.rule("CNT-5", "stream")
def no_text_is_longer_than_a_text_may_be(walk: Watch) -> Outcome:
    return _lengths(walk, merged=False)


@WIRE.rule("BAT-6", "stream")
def no_merged_text_is_longer_than_a_text_may_be(walk: Watch) -> Outcome:
    return _lengths(walk, merged=True)


def _lengths(walk: Watch, *, merged: bool) -> Outcome:
    if merged != (walk.frame["n"] > len(walk.ops)):
        return None
    limit = walk.welcome["limits"]["max_text_bytes"]
    sizes = [len(op["text"].encode("utf-8", "surrogatepass")) for op in walk.ops if op["op"] == "text"]
    if not sizes:
        return None
    return SEEN if max(sizes) <= limit else Wrong(f"at most {limit} bytes", f"a text of {max(sizes)} bytes")


@WIRE.rule("CNT-7", "stream")
def length_and_hash_on_done_are_those_of_the_run(walk: Watch) -> Outcome:
    at, seen = walk.at(walk.name).copy(), None
    for op in walk.ops:
        said = {key: op[key] for key in ("text_len", "text_sha256") if key in op}
        if op["op"] == "done" and said and at.built.whole:
            due = {"text_len": len(at.built.text), "text_sha256": at.built.sha256()}
            if any(said[key] != due[key] for key in said):
                text = f"{len(at.built.text)} characters: {at.built.text[-80:]!r}"
                return Wrong(f"those of the text that arrived, {text}", f"done says {said}")
            seen = SEEN
        at.take(op, walk.name)
    return seen


# Batching


@WIRE.rule("BAT-7", "stream")
def a_stream_gets_one_frame_per_interval(walk: Watch) -> Outcome:
    """Counts from moments before which nothing of it can have been sent, so a slow network is not blamed.

    Such a moment is when something was sent that has been answered since.
    """
    if len(walk.views) > 1 or not walk.windows:
        return None
    interval = _interval(walk)
    exempt = 2 * (walk.starts + sum(op["op"] == "start" for op in walk.ops))
    limit = walk.hello.get("limits", {}).get("max_frame_bytes")
    if isinstance(limit, int) and walk.entry.size() > limit / 2:
        return None  # Cut for size, perhaps.
    for since, counts in walk.windows:
        count, span = counts[walk.name] + 1, walk.entry.ms - since
        allowed = 2 + 1.1 * span / interval + exempt
        if count > allowed:
            return Wrong(
                f"at most {allowed:.0f} frames in {span:.0f} ms, of {interval:.1f} ms intervals",
                f"{count} frames of stream {walk.name}",
            )
    return SEEN


@WIRE.rule("VIEW-9", "view")
def views_obey_the_frame_rate(walk: Watch) -> Outcome:
    for since, counts in walk.windows:
        count, span = counts[""] + 1, walk.entry.ms - since
        allowed = 3 + 1.1 * span / _interval(walk) + len(walk.replies)
        if count > allowed:
            return Wrong(f"at most {allowed:.0f} views in {span:.0f} ms", f"{count} views")
    return SEEN if len(walk.views) > 1 else None


def _interval(walk: Watch) -> float:
    said = walk.hello.get("limits", {}).get("max_fps")
    asked: int = said if isinstance(said, int) and said > 0 else load_protocol().limits.default_max_fps
    agreed: int = walk.welcome["limits"]["max_fps"]
    return 1000 / min(asked, agreed)


# Flow control, events, sessions, views


@WIRE.rule("ERR-4", "reply", "stream")
def no_traceback_is_shown(walk: Watch) -> Outcome:
    errors = [op for op in walk.frame.get("ops", ()) if op["op"] == "error"]
    if isinstance(walk.frame.get("error"), dict):
        errors.append(walk.frame["error"])
    shown = [each for each in errors if each.get("code") == "app_error"]
    if any("Traceback (most recent call last)" in each["error"] for each in shown):
        return Wrong("a generic text", "a traceback")
    return SEEN if shown else None


@WIRE.rule("CON-12", "pong")
def each_pong_answers_a_ping(walk: Watch) -> Outcome:
    said = pong_of(walk.frame)
    return SEEN if said in walk.due_pongs else Wrong(f"one of the pongs due: {walk.due_pongs}", f"{said}")


@WIRE.rule("LIM-4", "stream")
def no_session_has_more_streams_than_it_may(walk: Watch) -> Outcome:
    limit = walk.welcome["limits"]["max_streams"]
    names = {*walk.cursors, *walk.ends, walk.name}
    if len(names) > limit:
        return Wrong(f"at most {limit} names", f"{len(names)} with {walk.name}")
    return SEEN if len(names) == limit else None


@WIRE.rule("RES-2", "welcome")
def every_stream_of_the_session_is_listed(walk: Watch) -> Outcome:
    resumed = walk.frame.get("resumed")
    if resumed is None:
        return None
    for name, reached in walk.reached().items():
        if name not in resumed:
            return Wrong(f"stream {name} in resumed, which had {reached} operations", f"{sorted(resumed)}")
        if resumed[name]["seq"] < reached:
            return Wrong(f"seq {reached} or more of stream {name}", f"seq {resumed[name]['seq']}")
    return SEEN


@WIRE.rule("RES-12", "welcome")
def a_session_id_is_new_and_long(walk: Watch) -> Outcome:
    name = walk.frame["session"]
    if "resumed" not in walk.frame and name in walk.known:
        return Wrong("a new id for a new session", f"{name!r} once more")
    return SEEN if len(name) >= 22 else Wrong("at least 22 characters", f"{name!r}, {len(name)}")


@WIRE.rule("VIEW-5", "view")
def a_view_comes_after_what_it_shows(walk: Watch) -> Outcome:
    """The numbers in the map are those of operations that have been sent before it."""
    seen = None
    for name, entry in walk.frame["streams"].items():
        at = walk.cursors.get(name, 0)
        if walk.coming.get(name) in ("view", "gone"):
            continue
        if entry["seq"] > at:
            return Wrong(f"the first {entry['seq']} operations of {name} before it", f"{name} is at {at}")
        seen = SEEN if entry["seq"] else seen
    return seen


@WIRE.rule("VIEW-4", "view")
def the_map_gives_number_and_state(walk: Watch) -> Outcome:
    seen = None
    for name, entry in walk.frame["streams"].items():
        at, cursor = walk.at(name), walk.cursors.get(name, 0)
        if walk.coming.get(name) in ("view", "gone") or not at.state:
            continue
        said = {"seq": entry["seq"], "state": entry["state"]}
        due = {"seq": cursor, "state": at.state}
        if at.state != "idle":
            said["run"], due["run"] = entry.get("run"), at.run
        if said != due:
            return Wrong(f"{name}: {due}", f"{name}: {said}")
        seen = SEEN if cursor else seen
    return seen
