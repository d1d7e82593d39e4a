"""Faults on the wire in chapters 8 to 11: events, flow control, cancels, resuming."""

from streamops_conformance.mutate.language import (
    Drop,
    Hold,
    Plus,
    Remember,
    Remove,
    Repeat,
    Set,
    Substitute,
    Tally,
    Upgrade,
)

from .table import FEW, wire
from .words import (
    AGREED,
    BUSY,
    PLAIN,
    PLAIN_CAPS,
    RUNNING,
    RUNS,
    THE_RUN,
    change,
    down,
    ops,
    recode,
    refuse,
    that,
    up,
)

CAPS = Remember(where=up("hello"), path="caps", name="caps")

# Chapter 8: events and replies

wire(
    "EVT-1",
    "an_unknown_event_is_answered_twice",
    Repeat(where=down("reply", tests=that("error.code", "is", "unknown_event"))),
    examples=FEW,
)
wire(
    "EVT-2",
    "the_reply_overtakes_the_last_op",
    *AGREED,
    *RUNNING,
    Hold(where=down("stream", given=PLAIN + BUSY), until=down("reply"), unless=down(), seconds=0.02),
)
wire(
    "EVT-3",
    "the_final_view_comes_after_the_reply",
    *RUNNING,
    Hold(where=down("view", given=BUSY), until=down("reply"), unless=down(), seconds=0.02),
)
wire(
    "EVT-4",
    "four_handlers_run_at_a_time",
    Hold(where=up("event", given=that("running", "above", 3)), until=down("reply")),
    *RUNNING,
    examples=FEW,
)
wire(
    "EVT-8",
    "an_error_shown_makes_the_event_fail",
    Tally(where=up("event"), name="shown", reset=True),
    Tally(where=ops("error"), name="shown"),
    change(
        down("reply", tests=that("ok", "is", True), given=that("shown", "above", 0)),
        Set("ok", False),
        Set("error", {"code": "app_error", "error": "The application failed"}),
    ),
)

# Chapters 9 and 10: flow control, cancels

WELL_FORMED = that("run", "above", 0) + that("run", "below", 1 << 53) + that("stream", "type", "string")
STARTED = that("run", "is not", None, per="stream")
"""The stream had a start, behind `RUNS`."""

wire(
    "FLW-1",
    "one_frame_too_many_is_sent",
    change(up("hello", tests=that("limits.window", "has", True)), Set("limits.window", to=Plus(1))),
    examples=FEW,
)
wire("FLW-2", "acks_are_ignored", Drop(where=up("ack")), examples=FEW)
wire(
    "FLW-9",
    "a_cancel_does_nothing",
    *RUNS,
    Drop(where=up("cancel", tests=WELL_FORMED, given=STARTED)),
    examples=FEW,
)
wire(
    "FLW-10",
    "a_cancel_of_an_old_run_ends_the_open_one",
    *RUNS,
    change(up("cancel", tests=WELL_FORMED, given=STARTED), Set("run", to=THE_RUN)),
    examples=FEW,
)
wire(
    "FLW-10",
    "a_cancel_of_another_run_ends_the_session",
    *RUNS,
    refuse(up("cancel", tests=that("run", "is not", None, to=THE_RUN), given=STARTED), "bad_frame"),
    examples=FEW,
)
wire(
    "FLW-12",
    "a_cancelled_handler_is_answered_ok",
    Tally(where=up("cancel"), name="cancels"),
    change(
        down("reply", tests=that("error.code", "is", "cancelled"), given=that("cancels", "above", 0)),
        Set("ok", True),
        Remove("error"),
    ),
    examples=FEW,
)

# Chapter 11: resuming

wire("RES-2", "streams_that_ended_are_not_listed", change(down("welcome"), Remove("resumed.*")), examples=FEW)
wire(
    "RES-8",
    "an_old_ref_is_answered_cancelled",
    recode("reply", "error.code", "resume_failed", "cancelled"),
    examples=FEW,
)
wire("RES-10", "the_id_opens_a_session_for_anybody", Upgrade(without=("authorization",)), examples=FEW)
wire(
    "RES-12",
    "session_ids_are_short",
    change(
        down("welcome", tests=PLAIN_CAPS),
        Set("session", to=Substitute("^(.{11}).*$", r"session-of-the-server-\1")),
    ),
    examples=FEW,
)
wire(
    "RES-12",
    "session_ids_repeat",
    change(
        down("welcome", tests=PLAIN_CAPS),
        Set("session", to=Substitute("^(.).*$", r"\1-is-how-a-session-of-it-begins")),
    ),
    examples=FEW,
)
