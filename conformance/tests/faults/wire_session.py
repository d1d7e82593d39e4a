"""Faults on the wire in chapters 1, 2, 14 and 15: the session and its frames, limits, what is ignored."""

from streamops_conformance.mutate.language import (
    Add,
    Answer,
    Drop,
    Hold,
    Reclose,
    Register,
    Remember,
    Remove,
    Repeat,
    Rewrite,
    Set,
    Upgrade,
    Where,
)

from .table import FEW, wire
from .words import (
    AGREED,
    BUSY,
    GREETED,
    KNOWN,
    PLAIN,
    PLAIN_CAPS,
    RUNNING,
    STRANGER,
    change,
    down,
    ops,
    recode,
    refuse,
    that,
    up,
)

CAPS = Remember(where=up("hello"), path="caps", name="caps")

# Chapter 1: handshake, heartbeat, end

wire("CON-1", "the_first_subprotocol_is_echoed", Upgrade(subprotocol="first"), examples=FEW)
wire("CON-2", "an_unknown_subprotocol_gets_426", Upgrade(statuses={400: 426}), examples=FEW)
wire(
    "CON-3",
    "a_second_welcome_comes_once_the_view_is_mounted",
    CAPS,
    Repeat(where=down("welcome", given=that("caps", "is", ["html", "view", "x-conformance"]))),
    Hold(where=down("welcome", first=2), until=down("view")),
)
wire(
    "CON-4",
    "a_view_brings_html_unasked",
    change(up("hello", tests=that("caps.*", "is", "view")), Add("caps", "html")),
    examples=FEW,
)
wire(
    "CON-4",
    "the_offered_capabilities_are_echoed",
    CAPS,
    change(down("welcome"), Set("caps", to=Register("caps"))),
    examples=FEW,
)
wire(
    "CON-5",
    "anything_before_hello_counts_as_none",
    refuse(up(*KNOWN[1:], given=STRANGER), "hello_timeout"),
    GREETED,
    examples=FEW,
)
wire("CON-6", "a_second_hello_is_an_internal_error", refuse(up("hello", first=2), "internal"), examples=FEW)
wire(
    "CON-8",
    "the_first_operations_overtake_the_first_view",
    Hold(where=down("view", last=1), until=down("stream"), unless=down("view", "reply")),
)
wire(
    "CON-9",
    "a_mount_that_raises_may_be_tried_again",
    change(down("error", tests=that("code", "is", "app_error")), Set("retryable", True)),
    examples=FEW,
)
wire(
    "CON-10",
    "an_unknown_program_is_an_application_error",
    recode("error", "code", "bad_params", "app_error"),
    Reclose(reasons=("bad_params",), reason="app_error"),
    examples=FEW,
)
wire(
    "CON-11",
    "a_silent_client_is_not_pinged",
    Answer(where=down("ping"), frames=({"type": "pong"},)),
    examples=FEW,
)
wire("CON-12", "a_pong_has_no_t", change(down("pong"), Remove("t")), examples=FEW)
wire(
    "CON-13",
    "a_pong_waits_for_the_handlers",
    *RUNNING,
    Hold(where=down("pong", given=BUSY), until=down("reply")),
    examples=FEW,
)
wire(
    "CON-14",
    "a_server_that_ends_just_closes",
    Drop(where=down("error", tests=that("code", "is", "shutting_down"))),
    Reclose(reasons=("shutting_down",), code=1001, reason=""),
    examples=FEW,
)

# Chapter 2: the shape of frames, and what is refused

wire(
    "FRM-1",
    "frames_of_several_streams_come_as_an_array",
    *AGREED,
    Rewrite(where=down("stream", given=PLAIN, first=3, last=3), pattern=r"^.*$", by=r"[\g<0>]"),
)
wire(
    "FRM-2",
    "a_pong_has_its_t_twice",
    Rewrite(where=down("pong"), pattern=r'"t":"(?:[^"\\]|\\.)*"', by=r"\g<0>,\g<0>"),
    examples=FEW,
)
wire(
    "FRM-3",
    "no_capabilities_are_null",
    change(down("welcome", tests=that("caps", "is", [])), Set("caps")),
    examples=FEW,
)
wire(
    "FRM-4",
    "a_limit_of_zero_is_left_out",
    change(ops("prune", tests=that("limit", "is", 0)), Remove("limit")),
)
wire(
    "FRM-5",
    "an_empty_map_is_a_list",
    change(down("view", tests=that("streams", "is", {})), Set("streams", [])),
)
wire(
    "FRM-6",
    "an_unknown_event_is_answered_without_a_text",
    change(down("reply", tests=that("error.code", "is", "unknown_event")), Remove("error.error")),
    examples=FEW,
)
wire(
    "FRM-7",
    "an_error_about_size_has_no_text",
    change(down("error", tests=that("code", "is", "frame_too_large")), Remove("error")),
    examples=FEW,
)
wire(
    "FRM-8",
    "a_pong_without_t_has_null",
    change(down("pong", tests=that("t", "has", False)), Set("t")),
    examples=FEW,
)
wire(
    "FRM-13",
    "a_message_that_is_no_object_is_an_internal_error",
    refuse(Where(way="up", shape="other"), "internal"),
    examples=FEW,
)
wire(
    "FRM-14",
    "a_binary_message_gets_1003_and_no_error",
    Answer(where=Where(way="up", shape="binary"), code=1003),
    examples=FEW,
)
wire(
    "FRM-15",
    "a_mistyped_member_is_an_internal_error",
    refuse(up("event", tests=that("ref", "type", "string")), "internal"),
    examples=FEW,
)

# Chapter 14: limits and security

wire(
    "LIM-1",
    "a_frame_is_not_cut_to_size",
    change(up("hello", tests=PLAIN_CAPS), Set("limits.max_frame_bytes", 1 << 20)),
    examples=FEW,
)
wire(
    "LIM-2",
    "a_message_over_the_limit_is_called_malformed",
    recode("error", "code", "frame_too_large", "bad_frame"),
    Reclose(codes=(1009, 4413), code=4400, reason="bad_frame"),
    examples=FEW,
)
wire(
    "LIM-3",
    "html_that_cannot_fit_is_an_application_error",
    recode("reply", "error.code", "overflow", "app_error"),
    examples=FEW,
)
wire("LIM-5", "every_origin_may_come", Upgrade(without=("origin",)), examples=FEW)
wire("LIM-6", "compression_is_on", Upgrade(compression="alone"), examples=FEW)
wire("LIM-7", "compression_keeps_its_context", Upgrade(compression="context"), warns=("LIM-6",), examples=FEW)

# Chapter 15: what is ignored


wire(
    "FWD-1",
    "an_unknown_member_of_an_event_is_refused",
    refuse(up("event", tests=that("", "not in", ["type", "ref", "event", "params"])), "bad_frame"),
    examples=FEW,
)
wire(
    "FWD-2",
    "an_unknown_frame_type_is_fatal",
    refuse(up(not_type=KNOWN, tests=that("type", "type", "string")), "bad_frame"),
    examples=FEW,
)
wire(
    "FWD-3",
    "an_unknown_limit_is_refused",
    refuse(
        up("hello", tests=that("limits", "not in", ["max_frame_bytes", "max_fps", "window"])), "bad_frame"
    ),
    examples=FEW,
)
wire(
    "FWD-5",
    "an_unknown_type_before_hello_times_out",
    refuse(up(not_type=KNOWN, tests=that("type", "type", "string"), given=STRANGER), "hello_timeout"),
    GREETED,
    examples=FEW,
)
