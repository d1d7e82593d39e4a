"""Faults on the wire in chapters 3 to 7 and 12: content, runs, order, batches, errors, views."""

from streamops_conformance.mutate.language import (
    Drop,
    Hold,
    Insert,
    Its,
    Merge,
    Number,
    Plus,
    Reclose,
    Register,
    Remember,
    Remove,
    Rename,
    Set,
    Size,
    Substitute,
    Swap,
    Tally,
    Test,
    Text,
)

from .table import FEW, wire
from .words import AGREED, BUSY, GREETED, PLAIN, RUNNING, change, down, ops, recode, that, up

APPENDS = that("mode", "is", "append")
SAME_TARGET = that("target", "is", to=Its("target"))
TEXT_APPENDED = (*that("op", "is", "text"), *APPENDS)
HTML_APPENDED = that("op", "is", "append")
EMPTIED = {"op": "text", "text": "", "mode": "replace"}
ITS_TARGET = (Set("target", to=Its("target")),)

# Chapter 3: content

SHORT = that("text", "matches", r"^[\s\S]{0,1000}$")
"""Texts that stay below every limit when they are escaped."""

wire("CNT-1", "text_is_escaped_as_html", change(ops("text", tests=SHORT), Set("text", to=Text("escape"))))
wire("CNT-1", "text_is_trimmed", change(ops("text"), Set("text", to=Text("trim"))))
wire("CNT-2", "html_goes_to_the_end_whatever_the_call_says", change(ops("prepend"), Set("op", "append")))
wire(
    "CNT-2",
    "text_goes_out_as_html",
    change(
        ops("text", tests=APPENDS + that("text", "begins", "<b>")),
        Set("op", "append"),
        Rename("text", "html"),
        Remove("mode"),
    ),
)
wire(
    "CNT-3",
    "html_goes_through_a_parser",
    change(ops("append"), Set("html", to=Substitute("(?<!>)$", "<!---->"))),
)
wire(
    "CNT-4",
    "dots_in_names_become_dashes_in_targets",
    change(ops(), Set("target", to=Substitute(r"\.(?=[^']*'\])", "-"))),
)
wire("CNT-9", "every_prune_is_at_the_top", change(ops("prune"), Set("edge", "top")))

# Chapter 4: runs

wire("LIF-1", "a_text_comes_after_done", Swap(where=ops("text", following=that("op", "is", "done"))))
wire("LIF-2", "every_run_is_called_one", change(ops("start"), Set("run", 1)))
wire(
    "LIF-4",
    "a_superseded_run_is_complete",
    change(ops("done", tests=that("reason", "is", "superseded")), Set("reason", "complete")),
)

# Chapter 5: order and numbers

wire(
    "ORD-1",
    "a_start_clears_what_was_written",
    *AGREED,
    Insert(
        where=ops("start", tests=that("run", "above", 1), following=TEXT_APPENDED, given=PLAIN),
        what=EMPTIED,
        edits=ITS_TARGET,
    ),
)
wire(
    "ORD-2",
    "seq_numbers_frames",
    *AGREED,
    change(down("stream", given=PLAIN, per="stream"), Set("seq", to=Number())),
)
wire(
    "ORD-3", "n_counts_the_merged_ops", *AGREED, change(down("stream", given=PLAIN), Set("n", to=Size("ops")))
)
wire("ORD-4", "two_ops_are_swapped", Swap(where=ops("append", following=HTML_APPENDED + SAME_TARGET)))
wire("ORD-5", "an_op_is_dropped", Drop(where=ops("append", following=HTML_APPENDED + SAME_TARGET)))
wire(
    "ORD-6",
    "a_start_is_sent_before_earlier_ops_of_others",
    Remember(where=down("stream", tests=that("ops.0.op", "is not", "start")), path="stream", name="waiting"),
    Hold(
        where=down("stream", tests=that("ops.0.op", "is not", "start")),
        until=down(
            "stream", tests=that("ops.0.op", "is", "start") + that("stream", "is not", to=Register("waiting"))
        ),
        unless=down(),
        seconds=0.02,
    ),
)
wire(
    "ORD-7",
    "numbers_begin_again_with_an_event",
    *AGREED,
    Tally(where=up("event"), name="covered", per="stream", reset=True),
    change(
        down("stream", given=PLAIN),
        Set("seq", to=Register("covered", per="stream", default=0)),
        Set("seq", to=Plus(1)),
    ),
    Tally(where=down("stream"), name="covered", per="stream", path="n"),
)

# Chapter 6: batches

wire(
    "BAT-1",
    "an_append_is_sent_as_a_replace_of_all",
    Insert(
        where=ops(
            "replace",
            tests=that("html", "matches", "^[^<]*$"),
            following=HTML_APPENDED + SAME_TARGET + that("html", "matches", "^[^<]*$"),
        ),
        what={"op": "delete", "target": "#no-such-element"},
        place="before",
    ),
    Merge(
        where=ops(
            "replace",
            tests=that("html", "matches", "^[^<]*$"),
            following=HTML_APPENDED + SAME_TARGET + that("html", "matches", "^[^<]*$"),
        ),
        member="html",
    ),
)
wire(
    "BAT-2",
    "ops_merge_past_another_target",
    Merge(
        where=ops(
            "text",
            tests=APPENDS,
            gap=2,
            between=(*TEXT_APPENDED, Test("target", "is not", to=Its("target"))),
            following=TEXT_APPENDED + SAME_TARGET,
        ),
        member="text",
    ),
)
wire(
    "BAT-3",
    "ops_merge_across_targets",
    Merge(
        where=ops(
            "text", tests=APPENDS, following=(*TEXT_APPENDED, Test("target", "is not", to=Its("target")))
        ),
        member="text",
    ),
)
wire(
    "BAT-4",
    "html_of_two_appends_is_joined",
    Merge(where=ops("append", following=HTML_APPENDED + SAME_TARGET), member="html"),
)
wire(
    "BAT-5",
    "a_replace_absorbs_a_delete",
    Drop(where=ops("delete", following=that("op", "in", ["replace", "delete"]) + SAME_TARGET)),
)
wire(
    "BAT-6",
    "merged_text_grows_without_end",
    Merge(where=ops("text", tests=APPENDS, following=TEXT_APPENDED + SAME_TARGET), member="text"),
)
# Chapter 7: errors

wire(
    "ERR-1",
    "an_error_clears_the_content",
    *AGREED,
    Insert(where=ops("error", given=PLAIN), what=EMPTIED, edits=ITS_TARGET),
)
wire("ERR-2", "every_error_has_the_same_code", change(ops("error"), Set("code", "app_error")))
wire("ERR-3", "a_raise_is_answered_internal", recode("reply", "error.code", "app_error", "internal"))
wire(
    "ERR-5",
    "an_unknown_event_is_answered_bad_params",
    recode("reply", "error.code", "unknown_event", "bad_params"),
    examples=FEW,
)
wire(
    "ERR-6",
    "bad_params_are_answered_app_error",
    recode("reply", "error.code", "bad_params", "app_error"),
    examples=FEW,
)
wire(
    "ERR-7", "a_code_is_invented", recode("reply", "error.code", "bad_params", "invalid_params"), examples=FEW
)
wire("ERR-8", "a_close_has_no_reason", Reclose(reason=""), examples=FEW)
wire(
    "ERR-8",
    "a_pong_follows_the_fatal_error",
    GREETED,
    Insert(where=down("error", given=that("greeted", "above", 0)), what={"type": "pong"}),
    examples=FEW,
)

# Chapter 12: views

wire("VIEW-1", "the_first_map_numbers_the_streams", change(down("view", last=1), Set("streams.*.seq", 1)))
wire(
    "VIEW-2",
    "the_template_is_rendered_once",
    *AGREED,
    Remember(where=down("view"), path="html", name="html", once=True),
    change(down("view", given=PLAIN), Set("html", to=Register("html"))),
)
wire(
    "VIEW-4",
    "the_map_gives_the_next_number",
    change(down("view"), Set("streams.*.seq", to=Plus(1), leaving=(0,))),
)
wire(
    "VIEW-5",
    "a_view_overtakes_what_was_before_it",
    *AGREED,
    Hold(where=down("stream", given=PLAIN), until=down("view"), unless=down(), seconds=0.02),
)
wire("VIEW-7", "every_view_is_version_one", change(down("view"), Set("version", 1)))
wire(
    "VIEW-8",
    "a_raise_leaves_the_final_view_out",
    *RUNNING,
    Hold(
        where=down("view", given=BUSY),
        until=down("reply", tests=that("ok", "is", False)),
        place="lost",
        unless=down(),
        seconds=0.02,
    ),
)
wire(
    "VIEW-10",
    "a_raise_brings_a_view_to_everyone",
    Tally(where=down("welcome", tests=that("caps.*", "is", "view")), name="views"),
    Insert(
        where=down("reply", tests=that("ok", "is", False), given=that("views", "is", None)),
        what={"type": "view", "version": 1, "html": "", "streams": {}},
        place="before",
    ),
)
