"""The operations that a script must cause, call by call."""

from typing import Any, get_args

import msgspec
import pytest
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle import script
from streamops_conformance.oracle.document import Document, normalized
from streamops_conformance.oracle.script import from_json, streams_of, to_json
from streamops_conformance.v1.oracle.log import ExpectedEvent
from streamops_conformance.v1.oracle.program import Program, is_determined, root_html
from streamops_spec import load_schema

EVERYTHING = frozenset({"html", "view"})


def run(
    *steps: dict[str, Any], caps: frozenset[str] = EVERYTHING, **options: Any
) -> tuple[Program, ExpectedEvent]:
    variables = options.pop("variables", {})
    program = Program(caps, variables, max_text_bytes=8192, **options)
    return program, program.run(from_json(list(steps)))


def kinds(program: Program, stream: str = "s") -> list[str]:
    return [
        op.kind + (f" {op.wire['reason']}" if op.kind == "done" else "") for op in program.streams[stream].ops
    ]


TEXT = {"do": "text", "stream": "s", "text": "x"}


def test_content_opens_and_the_return_closes() -> None:
    program, event = run(TEXT)
    assert kinds(program) == ["start", "text", "done complete"]
    assert [op.cause for op in program.streams["s"].ops] == ["LIF-3", "ORD-5", "LIF-7"]
    assert (event.ok, event.counts, event.replies) == (True, {"s": 3}, True)


def test_a_raise_adds_error_and_done() -> None:
    program, event = run(TEXT, {"do": "raise"})
    assert kinds(program) == ["start", "text", "error", "done error"]
    assert program.streams["s"].ops[2].generic
    assert (event.ok, event.code) == (False, "app_error")


def test_a_hang_leaves_runs_open_and_has_no_reply() -> None:
    program, event = run(TEXT, {"do": "hang"})
    assert kinds(program) == ["start", "text"]
    assert not event.replies


def test_a_finally_always_runs() -> None:
    program, event = run({"do": "finally", "script": [TEXT], "then": [{"do": "done", "stream": "s"}]}, TEXT)
    assert kinds(program) == ["start", "text", "done complete", "start", "text", "done complete"]
    assert event.ok
    program, event = run({"do": "finally", "script": [TEXT, {"do": "raise"}, TEXT], "then": [TEXT]}, TEXT)
    assert kinds(program) == ["start", "text", "text", "error", "done error"]
    assert (event.ok, event.code) == (False, "app_error")
    program, event = run({"do": "finally", "script": [{"do": "hang"}], "then": [TEXT]})
    assert (program.streams, event.replies) == ({}, False)
    script = from_json([{"do": "finally", "script": [TEXT], "then": [{"do": "start", "stream": "t"}]}])
    assert streams_of(script) == ["s", "t"]


@pytest.mark.parametrize(
    "step",
    [
        {"do": "replace", "stream": "s", "html": "x"},
        {"do": "insert", "stream": "s", "html": "x"},
        {"do": "delete", "stream": "s"},
        {"do": "prune", "stream": "s", "limit": 1},
        {"do": "stream_to", "stream": "s"},
        {"do": "push_state"},
        {**TEXT, "target": "#c"},
    ],
    ids=lambda step: step["do"],
)
def test_a_call_without_its_capability_is_unsupported(step: dict[str, Any]) -> None:
    program, event = run(TEXT, step, caps=frozenset())
    assert event.code == "unsupported"
    assert kinds(program) == ["start", "text", "error", "done error"]


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"do": "text_units", "stream": "s", "units": [120, 0xD800]}, "app_error"),
        ({"do": "text", "stream": "no name", "text": "x"}, "app_error"),
        ({"do": "text", "stream": "s\n", "text": "x"}, "app_error"),
        ({"do": "error", "stream": "s", "error": "e", "code": "quota"}, "app_error"),
        ({"do": "error", "stream": "s", "error": "e", "code": "x_"}, "app_error"),
        ({"do": "stream_to", "stream": "s"}, "app_error"),
        ({"do": "replace", "stream": "s", "html": "x", "repeat": 2000}, "overflow"),
    ],
)
def test_a_refused_call_adds_nothing(step: dict[str, Any], code: str) -> None:
    program, event = run(step, max_frame_bytes=1000)
    assert (event.ok, event.code) == (False, code)
    assert not program.counts().get("s")


def test_a_name_beyond_max_streams_is_refused() -> None:
    program, event = run(TEXT, {**TEXT, "stream": "t"}, max_streams=1)
    assert not event.ok
    assert list(program.streams) == ["s"]


def test_a_view_that_cannot_fit_overflows_or_is_left_out() -> None:
    program, event = run(
        {"do": "set", "var": "v", "value": "x", "repeat": 2000}, {"do": "push_state"}, max_frame_bytes=1000
    )
    assert event.code == "overflow"
    assert len(program.views) == 1


def test_surrogate_pairs_are_text() -> None:
    program, _ = run({"do": "text_units", "stream": "s", "units": [0xD83E, 0xDDEA]})
    assert program.streams["s"].built == "\U0001f9ea"


def test_a_second_start_supersedes_and_done_closes_what_is_open() -> None:
    start, done, error = ({"do": do, "stream": "s"} for do in ("start", "done", "error"))
    program, _ = run(done, start, start, {**error, "error": "e"}, start, done, done)
    expected = ["start", "done superseded", "start", "error", "done error", "start", "done complete"]
    assert kinds(program) == expected


def test_length_and_hash_cover_only_runs_of_text_on_the_default_target() -> None:
    prepend = {**TEXT, "text": "y", "mode": "prepend"}
    program, _ = run(TEXT, prepend, {"do": "done", "stream": "s"}, {**TEXT, "target": "#c"})
    dones = [op for op in program.streams["s"].ops if op.kind == "done"]
    assert [op.wire["_text"] for op in dones] == ["yx", None]
    program, _ = run(TEXT, {**TEXT, "text": "r", "mode": "replace"})
    assert program.streams["s"].ops[-1].wire["_text"] == "r"


def test_branches_own_what_they_start_and_errors_wait_for_all() -> None:
    program, event = run(
        {"do": "start", "stream": "s"},
        {
            "do": "parallel",
            "branches": [
                [{**TEXT, "stream": "a"}, {"do": "raise"}],
                [{**TEXT, "stream": "b"}],
            ],
        },
        TEXT,
    )
    assert kinds(program, "a") == ["start", "text", "error", "done error"]
    assert kinds(program, "b") == ["start", "text", "done complete"]
    assert program.streams["b"].ops[-1].cause == "LIF-9"
    assert kinds(program) == ["start", "error", "done error"]
    assert not event.ok
    assert not program.undetermined


def test_steps_after_branches_have_a_determined_order_again() -> None:
    program, event = run({"do": "parallel", "branches": [[TEXT], []]}, {**TEXT, "stream": "t"})
    assert event.ok
    assert [op.after for op in program.streams["s"].ops] == [0, 0, 0]
    assert program.streams["t"].ops[0].after == 3


def test_a_branch_that_raises_leaves_errored_runs_as_they_are() -> None:
    program, _ = run(
        {"do": "error", "stream": "s", "error": "e"}, {"do": "parallel", "branches": [[{"do": "raise"}]]}
    )
    assert kinds(program) == ["start", "error", "done error"]


@pytest.mark.parametrize(
    "branches",
    [
        [[TEXT], [TEXT]],
        [[{"do": "push_state"}], []],
        [[{"do": "start", "stream": "o"}], []],
        [[{**TEXT, "stream": "o"}], [{"do": "raise"}]],
    ],
)
def test_scripts_with_an_undetermined_order_are_recognized(branches: list[Any]) -> None:
    program, _ = run({"do": "start", "stream": "o"}, {"do": "parallel", "branches": branches})
    assert program.undetermined


def test_views_list_the_streams_of_the_template() -> None:
    program, _ = run(
        {**TEXT, "stream": "a"},
        {"do": "push_state"},
        {"do": "set", "var": "a", "value": "<1>"},
        {"do": "stream_to", "stream": "a"},
        {"do": "error", "stream": "b", "error": "e", "code": "timeout"},
        {"do": "push_state"},
        {"do": "push_state"},
        {"do": "sleep_ms", "ms": 1},
        variables={"a": "0", "b": "1"},
    )
    first, pushed, again, same, final = program.views
    assert first.map == {"a": {"seq": 0, "state": "idle"}, "b": {"seq": 0, "state": "idle"}}
    assert list(pushed.map) == ["b"]
    error = {"error": "e", "code": "timeout"}
    assert again.map == {
        "a": {"seq": 3, "state": "open", "run": 1},
        "b": {"seq": 2, "state": "errored", "run": 1, **error},
    }
    assert again.replaceable
    assert not same.replaceable
    assert final.map["b"] == {"seq": 3, "state": "idle", **error}
    assert final.html == root_html({"a": "<1>", "b": "1"})


def test_scripts_are_unchanged_after_json() -> None:
    steps: list[dict[str, Any]] = [
        TEXT,
        {"do": "parallel", "branches": [[{"do": "done", "stream": "b"}], [{"do": "sleep_ms", "ms": 1}]]},
    ]
    script = from_json(steps)
    assert from_json(to_json(script)) == script
    assert streams_of(script) == ["s", "b"]
    with pytest.raises(msgspec.ValidationError):
        from_json([{"do": "no such step"}])


def test_a_document_shows_what_operations_do() -> None:
    document = Document("<div dj-stream='s'></div>")
    target = "[dj-stream='s']"
    for op in (
        {"op": "start", "target": target},
        {"op": "text", "target": target, "text": "<b>"},
        {"op": "append", "target": target, "html": "<p id='c'>1<p>2<p>3"},
        {"op": "prune", "target": target, "limit": 2, "edge": "bottom"},
        {"op": "prune", "target": target, "limit": 2, "edge": "bottom"},
        {"op": "text", "target": "#c", "text": "0", "mode": "prepend"},
        {"op": "text", "target": "#c", "text": "", "mode": "append"},
        {"op": "text", "target": "#nowhere", "text": "lost", "mode": "append"},
    ):
        document.apply(op)
    assert document.missing == 1
    assert document.serialized() == '<div dj-stream="s">&lt;b&gt;<p id="c">01</p><p>2</p></div>'
    document.apply({"op": "prune", "target": target, "limit": 1, "edge": "top"})
    document.apply({"op": "prepend", "target": target, "html": "<i>"})
    assert document.serialized() == '<div dj-stream="s"><i></i>&lt;b&gt;<p>2</p></div>'
    document.apply({"op": "text", "target": target, "text": "all", "mode": "replace"})
    document.apply({"op": "replace", "target": target, "html": "<u>x"})
    assert document.serialized() == '<div dj-stream="s"><u>x</u></div>'
    document.apply({"op": "delete", "target": target})
    assert document.serialized() == ""


def test_a_view_keeps_the_live_elements_that_it_does_not_list() -> None:
    document = Document("<div dj-stream='a'>live</div><div dj-stream='b'>old</div>")
    document.show_view("<p>new</p><div dj-stream='a'>0</div><div dj-stream='b'>new</div>", ["a", "gone"])
    assert document.serialized() == '<p>new</p><div dj-stream="a">live</div><div dj-stream="b">new</div>'
    assert normalized("<b>&quot;") == normalized('<b>"</b>')


def steps_of_the_schema() -> set[str]:
    return set(load_schema("v1:script")["$defs"]["simple"]["properties"]["do"]["enum"])


def test_the_typed_steps_are_those_of_the_schema() -> None:
    """`parallel` and `finally` hold simple steps, so the schema has them apart."""
    simple = {each.__struct_config__.tag for each in get_args(script.Simple)}
    every = {each.__struct_config__.tag for each in get_args(script.AnyStep)}
    assert simple == steps_of_the_schema()
    assert every == simple | {"parallel", "finally"}


@pytest.mark.parametrize(("other", "determined"), [("b", True), ("a", False)])
def test_branches_that_write_to_one_stream_leave_its_order_to_chance(other: str, determined: bool) -> None:
    branches = ((script.Text("a", "1"),), (script.Text(other, "2"),))
    assert is_determined(CaseSpec((), ((script.Parallel(branches),),))) is determined
