"""Faults of clients that are mutations of what they send, of what reaches them, or of what a testee reports.

A report that is mutated is a client that shows the wrong thing: the suite sees nothing else of it.
"""

from typing import Any

from faults.words import change, down, ops, that, up
from streamops_conformance.mutate.language import (
    Drop,
    Insert,
    Mutations,
    Plus,
    Register,
    Remember,
    Remove,
    Rename,
    Repeat,
    Rewrite,
    Set,
    Size,
    Swap,
    Tally,
    Text,
    Upgrade,
    Where,
)

V1: dict[str, tuple[str, tuple[Mutations, ...]]] = {}
"""Name → the requirement that it breaks, and its mutations."""
V0: dict[str, tuple[str, tuple[Mutations, ...]]] = {}


def v1(breaks: str, name: str, *mutations: Mutations) -> None:
    assert name not in V1, name
    V1[name] = breaks, mutations


def v0(breaks: str, name: str, *mutations: Mutations) -> None:
    assert name not in V0, name
    V0[name] = breaks, mutations


def dumped(**more: Any) -> Where:
    """What a testee reports."""
    return Where(way="up", type=("dumped",), channel="control", **more)


def events(*kinds: str, **more: Any) -> Where:
    """Events in a report."""
    return dumped(each="events", kind=tuple(f"stream:{kind}" for kind in kinds), **more)


def reports(*kinds: str) -> Where:
    """Violations and failures in a report."""
    return dumped(each="reports", kind=kinds)


BACK = Tally(where=down("welcome", tests=that("resumed", "has", True)), name="back")
RESUMED = that("back", "above", 0)
RESUMING = that("resume", "has", True)

# Chapters 1, 2 and 8: what a client sends

v1(
    "FRM-1",
    "a_message_is_no_object",
    Repeat(where=up("pong")),
    Rewrite(where=up("pong", last=1), pattern="^.*$", by="[]"),
)
v1("FRM-2", "a_member_stands_twice", Rewrite(where=up("pong"), pattern='"type":"pong"', by=r"\g<0>,\g<0>"))
v1("FRM-8", "a_pong_has_a_number", change(up("pong"), Set("t", 7)))
v1("FRM-9", "a_hello_takes_too_little", change(up("hello"), Set("limits", {"max_frame_bytes": 100})))
v1("FRM-10", "an_event_has_no_params", change(up("event"), Remove("params")))
v1("FRM-10", "an_event_has_other_params", change(up("event"), Set("params", {})))
v1(
    "FRM-11",
    "a_cancel_names_its_run_in_words",
    Rewrite(where=up("cancel"), pattern=r'"run":(\d+)', by=r'"run":"\1"'),
)
v1("FRM-11", "a_cancel_names_another_run", change(up("cancel"), Set("run", to=Plus(1))))
v1("FRM-12", "an_ack_has_a_list", change(up("ack"), Set("cursors", [1])))
v1("CON-12", "a_pong_forgets_its_t", change(up("pong"), Remove("t")))
v1("CON-12", "a_pong_comes_twice", Repeat(where=up("pong")))
v1("CON-15", "no_subprotocol_is_offered", Upgrade(offer="none", subprotocol="first"))
v1("CON-16", "hello_is_said_twice", Repeat(where=up("hello")))
v1("CON-16", "a_ping_comes_before_hello", Insert(where=up("hello"), what={"type": "ping"}, place="before"))
v1("EVT-9", "every_event_has_the_same_ref", change(up("event"), Set("ref", 1)))

# Chapters 9 to 11: acks, cancels, resuming

v1("FLW-5", "an_ack_is_ahead", change(up("ack"), Set("cursors.*", to=Plus(1))))
v1("FLW-13", "a_cancel_is_said_once", BACK, Drop(where=up("cancel", given=RESUMED)))
v1(
    "FLW-13",
    "a_cancel_is_repeated_for_the_next_run",
    BACK,
    change(up("cancel", given=RESUMED), Set("run", to=Plus(1))),
)
v1("RES-13", "an_unanswered_event_is_said_once", BACK, Drop(where=up("event", given=RESUMED)))
v1(
    "RES-13",
    "an_event_is_repeated_under_a_new_ref",
    BACK,
    change(up("event", given=RESUMED), Set("ref", to=Plus(1))),
)
v1(
    "RES-13",
    "an_event_is_repeated_without_its_params",
    BACK,
    change(up("event", given=RESUMED), Set("params", {})),
)
v1("RES-15", "a_cursor_is_ahead", change(up("hello"), Set("resume.cursors.*", to=Plus(1))))
v1("RES-15", "a_resume_has_no_cursors", change(up("hello"), Set("resume.cursors", {})))
v1("RES-15", "the_version_of_the_view_is_left_out", change(up("hello"), Remove("resume.view")))
v1("RES-15", "a_client_never_resumes", change(up("hello"), Remove("resume")))
v1("RES-21", "a_resume_has_no_attempt", change(up("hello"), Remove("resume.attempt")))
v1("RES-21", "every_attempt_is_the_first", change(up("hello"), Set("resume.attempt", 1)))

# Chapters 12, 13 and 15: what reaches a client is not what was sent to it

v1(
    "CLI-19",
    "the_cursor_counts_ops_and_not_operations",
    change(
        down("stream", tests=that("n", "above", to=Size("ops")) + that("ops", "is not", [])),
        Set("n", to=Size("ops")),
    ),
)
v1(
    "CLI-21",
    "the_errors_of_a_view_are_not_taken",
    change(down("view"), Set("streams.*.error", to=Text("upper"))),
)
v1(
    "FWD-4",
    "an_unknown_op_is_fatal",
    change(down("stream", tests=that("ops.*.op", "in", ["morph", "later"])), Set("seq", 1_000_000)),
)
v1(
    "FWD-4",
    "an_unknown_member_is_fatal",
    change(down("stream", tests=that("later", "has", True)), Set("seq", "1")),
)
v1("FWD-4", "an_unknown_type_is_fatal", change(down("later"), Set("type", "stream")))
v1(
    "FWD-4",
    "an_unknown_reason_drops_its_frame",
    change(
        down("stream", tests=that("ops.*.reason", "is", "evaporated")),
        Set("ops", [{"op": "nothing", "target": "[dj-stream='a']"}]),
    ),
)

# Chapters 7, 13 and 15: what a testee reports

v1("CLI-11", "done_fires_twice", Repeat(where=events("done")))
v1(
    "CLI-11",
    "a_done_gives_another_reason",
    change(events("done", tests=that("reason", "is", "error")), Set("reason", "complete")),
)
v1("CLI-23", "an_update_fires_nothing", Drop(where=events("update")))
v1("CLI-23", "a_text_fires_twice", Repeat(where=events("text")))
v1("CLI-23", "a_prune_fires_as_an_update", change(events("prune"), Set("event", "stream:update")))
v1("CLI-5", "a_failing_op_is_not_reported", Drop(where=reports("missing_target")))
v1("CLI-5", "an_unknown_op_is_not_reported", Drop(where=reports("unknown_op")))
v1("CLI-13", "a_refused_target_is_not_reported", Drop(where=reports("target")))
v1("FWD-4", "what_is_unknown_is_not_counted", change(dumped(), Set("ignored", 0)))
# v0: what reaches a client is not what was sent to it

ANOTHER = that("", "has", True)
FAILED = that("failed", "above", 0, per="stream")
APPENDED = that("mode", "not in", ["prepend", "replace"])

v0("CLI-101", "only_the_last_op_of_a_frame_counts", Drop(where=ops(following=ANOTHER)))
v0("CLI-101", "the_ops_of_a_frame_are_reversed", Swap(where=ops(following=ANOTHER)))
v0(
    "CLI-101",
    "only_the_last_text_of_a_frame_counts",
    Drop(where=ops("text", following=that("op", "is", "text"))),
)
v0(
    "CLI-101",
    "a_text_without_letters_is_lost",
    Drop(where=ops("text", tests=that("text", "matches", "^[^A-Za-z]*$"))),
)
v0("CLI-101", "a_text_is_trimmed", change(ops("text"), Set("text", to=Text("trim"))))
v0(
    "CLI-102",
    "one_stream_at_a_time",
    Remember(where=down("stream"), path="stream", name="only", once=True),
    Drop(where=down("stream", tests=that("stream", "is not", to=Register("only")))),
)
v0(
    "CLI-103",
    "text_is_parsed_as_html",
    *(
        change(
            ops("text", tests=that("mode", "is", mode)),
            Set("op", mode),
            Rename("text", "html"),
            Remove("mode"),
        )
        for mode in ("prepend", "replace", "append")
    ),
    change(ops("text"), Set("op", "append"), Rename("text", "html"), Remove("mode")),
)
v0(
    "CLI-104",
    "a_prepend_goes_to_the_end",
    change(ops("text", tests=that("mode", "is", "prepend")), Set("mode", "append")),
)
v0(
    "CLI-104",
    "a_replace_keeps_what_was_there",
    change(ops("text", tests=that("mode", "is", "replace")), Set("mode", "append")),
)
v0(
    "CLI-104",
    "an_append_replaces",
    change(ops("text", tests=that("mode", "is", "append")), Set("mode", "replace")),
)
v0(
    "CLI-104",
    "a_text_without_mode_replaces",
    change(ops("text", tests=that("mode", "has", False)), Set("mode", "replace")),
)
v0("CLI-104", "a_text_without_mode_is_lost", Drop(where=ops("text", tests=that("mode", "has", False))))
v0("CLI-106", "html_is_appended_in_front", change(ops("append"), Set("op", "prepend")))
v0("CLI-106", "html_is_prepended_at_the_end", change(ops("prepend"), Set("op", "append")))
v0(
    "CLI-106",
    "html_is_shown_as_text",
    change(ops("append"), Set("op", "text"), Rename("html", "text"), Set("mode", "append")),
)
v0("CLI-106", "html_is_added_twice", Repeat(where=ops("append")))
v0("CLI-107", "delete_empties", change(ops("delete"), Set("op", "replace"), Set("html", "")))
v0("CLI-107", "delete_does_nothing", Drop(where=ops("delete")))
v0(
    "CLI-109",
    "nothing_comes_after_an_error",
    Drop(where=ops("text", given=FAILED)),
    Tally(where=ops("error"), name="failed", per="stream"),
)
