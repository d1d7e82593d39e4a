"""Rules for v1 servers that need only the wire, besides those that the suite asks of every transcript.

The rules of the suite for these requirements know the program. Here it is unknown: each rule finds only
frames that no program can cause.
"""

from streamops_spec import default_target, load_protocol

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.model.registry import Registry, Rule
from streamops_conformance.v1.capture.watch import AFTER, Watch, pong_of
from streamops_conformance.v1.server.checks import SERVER
from streamops_conformance.v1.vocabulary import LIFECYCLE

WIRE = Registry("v1")


def rules() -> list[Rule]:
    """The rules of the suite that need no program, then those of this module."""
    return [*(rule for rule in SERVER.rules if not rule.needs_program), *WIRE.rules]


# Numbers


@WIRE.rule("RES-3", "stream")
def a_replay_continues_where_the_client_stopped(state: Watch) -> Outcome:
    if state.coming.get(state.name) != "replay":
        return NOT_SEEN
    due = state.cursors.get(state.name, 0) + 1
    return KEPT if state.frame["seq"] == due else Wrong(f"seq {due}", f"seq {state.frame['seq']}")


@WIRE.rule("RES-5", "stream")
def a_stream_that_was_not_replayed_begins_again(state: Watch) -> Outcome:
    how, first = state.coming.get(state.name), state.ops[0]["op"]
    if how == "view":
        return Wrong(f"a view with stream {state.name} in its map", f"a frame with seq {state.frame['seq']}")
    if how != "gone":
        return NOT_SEEN
    return (
        KEPT
        if first == "start"
        else Wrong(f"a start as the first op on {state.name}", f"{first} as the first op")
    )


@WIRE.rule("ORD-2", "stream")
def each_frame_starts_where_the_previous_one_ended(state: Watch) -> Outcome:
    due, seq = state.cursors.get(state.name, 0) + 1, state.frame["seq"]
    if seq == due or (state.coming.get(state.name) == "gone" and seq > due):
        return KEPT
    return Wrong(f"seq {due}", f"seq {seq}")


@WIRE.rule("ORD-3", "stream")
def a_frame_covers_at_least_its_ops(state: Watch) -> Outcome:
    n, ops = state.frame["n"], len(state.ops)
    return KEPT if n >= ops else Wrong(f"n at least {ops}, the number of ops", f"n {n}")


# Lifecycle


@WIRE.rule("LIF-1", "stream")
def each_operation_is_allowed_by_the_wire_table(state: Watch) -> Outcome:
    table: dict[str, dict[str, str | None]] = dict(load_protocol().lifecycle.wire)  # type: ignore[arg-type]  # reason: states are plain strings here
    stream_state = state.at(state.name).state
    for op in state.ops:
        kind = op["op"] if op["op"] in LIFECYCLE else "content"
        if stream_state and table[stream_state].get(kind) is None:
            allowed = ", ".join(name for name, to in table[stream_state].items() if to)
            return Wrong(f"{allowed} on stream {state.name}, which is {stream_state}", str(op["op"]))
        stream_state = AFTER[kind]
    return KEPT


@WIRE.rule("LIF-2", "stream")
def a_run_has_a_number_that_its_start_can_have(state: Watch) -> Outcome:
    seq, n, ops = state.frame["seq"], state.frame["n"], state.ops
    seen: Outcome = NOT_SEEN
    for index, op in enumerate(ops):
        if op["op"] == "start":
            first, last = seq + index, seq + n - (len(ops) - index)
            if not first <= op["run"] <= last:
                due = f"run {first}" if first == last else f"run {first} to {last}"
                return Wrong(due, f"run {op['run']}")
            seen = KEPT
    return seen


@WIRE.rule("LIF-5", "stream")
def the_reason_of_a_done_fits_the_state_of_its_run(state: Watch) -> Outcome:
    stream_state = state.at(state.name).state
    seen: Outcome = NOT_SEEN
    for op in state.ops:
        if op["op"] == "done" and stream_state in ("open", "errored"):
            reason = op["reason"]
            if (reason == "error") != (stream_state == "errored") and reason in (
                "complete",
                "error",
                "superseded",
            ):
                due = "error" if stream_state == "errored" else "complete, superseded or cancelled"
                return Wrong(f"done {due} for a run that is {stream_state}", f"done {reason}")
            seen = KEPT
        stream_state = AFTER.get(op["op"], "open")
    return seen


# Content


@WIRE.rule("CNT-4", "stream")
def targets_are_the_default_or_an_id(state: Watch) -> Outcome:
    own = default_target(state.name)
    for op in state.ops:
        if op["target"] != own and (not op["target"].startswith("#") or op["op"] in LIFECYCLE):
            return Wrong(own if op["op"] in LIFECYCLE else f"{own} or an #ID", op["target"])
    return KEPT


@WIRE.rule("CNT-5", "stream")
def no_text_exceeds_max_text_bytes(state: Watch) -> Outcome:
    return _lengths(state, merged=False)


@WIRE.rule("BAT-6", "stream")
def no_merged_text_exceeds_max_text_bytes(state: Watch) -> Outcome:
    return _lengths(state, merged=True)


def _lengths(state: Watch, *, merged: bool) -> Outcome:
    if merged != (state.frame["n"] > len(state.ops)):
        return NOT_SEEN
    limit = state.welcome["limits"]["max_text_bytes"]
    sizes = [len(op["text"].encode("utf-8", "surrogatepass")) for op in state.ops if op["op"] == "text"]
    if not sizes:
        return NOT_SEEN
    return KEPT if max(sizes) <= limit else Wrong(f"at most {limit} bytes", f"a text of {max(sizes)} bytes")


@WIRE.rule("CNT-7", "stream")
def length_and_hash_on_done_match_the_run(state: Watch) -> Outcome:
    at = state.at(state.name).copy()
    seen: Outcome = NOT_SEEN
    for op in state.ops:
        given = {key: op[key] for key in ("text_len", "text_sha256") if key in op}
        if op["op"] == "done" and given and at.built.whole:
            due = {"text_len": len(at.built.text), "text_sha256": at.built.sha256()}
            if any(given[key] != due[key] for key in given):
                text = f"{len(at.built.text)} characters: {at.built.text[-80:]!r}"
                return Wrong(f"the values for the text that arrived, {text}", f"done with {given}")
            seen = KEPT
        at.take(op, state.name)
    return seen


# Batching


@WIRE.rule("BAT-7", "stream")
def a_stream_gets_one_frame_per_interval(state: Watch) -> Outcome:
    """Counts from times before which the counted frames cannot have been sent: a slow network is not blamed.

    Such a time is that of a client frame that the server has answered since.
    """
    if len(state.views) > 1 or not state.windows:
        return NOT_SEEN
    interval = _interval(state)
    exempt = 2 * (state.starts + sum(op["op"] == "start" for op in state.ops))
    limit = state.hello.get("limits", {}).get("max_frame_bytes")
    if isinstance(limit, int) and state.entry.size() > limit / 2:
        return NOT_SEEN  # Perhaps split because of its size.
    for since, counts in state.windows:
        count, span = counts[state.name] + 1, state.entry.ms - since
        allowed = 2 + 1.1 * span / interval + exempt
        if count > allowed:
            return Wrong(
                f"at most {allowed:.0f} frames in {span:.0f} ms at one per {interval:.1f} ms",
                f"{count} frames of stream {state.name}",
            )
    return KEPT


@WIRE.rule("VIEW-9", "view")
def views_obey_the_frame_rate(state: Watch) -> Outcome:
    for since, counts in state.windows:
        count, span = counts[""] + 1, state.entry.ms - since
        allowed = 3 + 1.1 * span / _interval(state) + len(state.replies)
        if count > allowed:
            return Wrong(f"at most {allowed:.0f} views in {span:.0f} ms", f"{count} views")
    return KEPT if len(state.views) > 1 else NOT_SEEN


def _interval(state: Watch) -> float:
    wanted = state.hello.get("limits", {}).get("max_fps")
    asked: int = wanted if isinstance(wanted, int) and wanted > 0 else load_protocol().limits.default_max_fps
    agreed: int = state.welcome["limits"]["max_fps"]
    return 1000 / min(asked, agreed)


# Flow control, events, sessions, views


@WIRE.rule("ERR-4", "reply", "stream")
def no_traceback_is_sent(state: Watch) -> Outcome:
    errors = [op for op in state.frame.get("ops", ()) if op["op"] == "error"]
    if isinstance(state.frame.get("error"), dict):
        errors.append(state.frame["error"])
    shown = [each for each in errors if each.get("code") == "app_error"]
    if any("Traceback (most recent call last)" in each["error"] for each in shown):
        return Wrong("a generic text", "a traceback")
    return KEPT if shown else NOT_SEEN


@WIRE.rule("CON-12", "pong")
def each_pong_answers_a_ping(state: Watch) -> Outcome:
    pong = pong_of(state.frame)
    return KEPT if pong in state.due_pongs else Wrong(f"one of the due pongs {state.due_pongs}", f"{pong}")


@WIRE.rule("LIM-4", "stream")
def no_session_exceeds_max_streams(state: Watch) -> Outcome:
    limit = state.welcome["limits"]["max_streams"]
    names = {*state.cursors, *state.ends, state.name}
    if len(names) > limit:
        return Wrong(f"at most {limit} names", f"{len(names)} with {state.name}")
    return KEPT if len(names) == limit else NOT_SEEN


@WIRE.rule("RES-2", "welcome")
def every_stream_of_the_session_is_in_resumed(state: Watch) -> Outcome:
    resumed = state.frame.get("resumed")
    if resumed is None:
        return NOT_SEEN
    for name, reached in state.reached().items():
        if name not in resumed:
            return Wrong(
                f"stream {name} in resumed, because it had {reached} operations", f"{sorted(resumed)}"
            )
        if resumed[name]["seq"] < reached:
            return Wrong(f"seq {reached} or more for stream {name}", f"seq {resumed[name]['seq']}")
    return KEPT


@WIRE.rule("RES-12", "welcome")
def a_session_id_is_new_and_long(state: Watch) -> Outcome:
    name = state.frame["session"]
    if "resumed" not in state.frame and name in state.known:
        return Wrong("a new id for a new session", f"{name!r} again")
    return KEPT if len(name) >= 22 else Wrong("at least 22 characters", f"{name!r} with {len(name)}")


@WIRE.rule("VIEW-5", "view")
def a_view_comes_after_the_operations_that_it_shows(state: Watch) -> Outcome:
    """The server sends the operations up to the numbers in the map before the view."""
    seen: Outcome = NOT_SEEN
    for name, entry in state.frame["streams"].items():
        at = state.cursors.get(name, 0)
        if state.coming.get(name) in ("view", "gone"):
            continue
        if entry["seq"] > at:
            return Wrong(
                f"the first {entry['seq']} operations of {name} before the view", f"{name} is at {at}"
            )
        seen = KEPT if entry["seq"] else seen
    return seen


@WIRE.rule("VIEW-4", "view")
def the_map_gives_number_and_state(state: Watch) -> Outcome:
    seen: Outcome = NOT_SEEN
    for name, entry in state.frame["streams"].items():
        at, cursor = state.at(name), state.cursors.get(name, 0)
        if state.coming.get(name) in ("view", "gone") or not at.state:
            continue
        listed = {"seq": entry["seq"], "state": entry["state"]}
        due = {"seq": cursor, "state": at.state}
        if at.state != "idle":
            listed["run"], due["run"] = entry.get("run"), at.run
        if listed != due:
            return Wrong(f"{name}: {due}", f"{name}: {listed}")
        seen = KEPT if cursor else seen
    return seen
