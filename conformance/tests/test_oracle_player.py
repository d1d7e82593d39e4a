"""The oracle as a server: with any decisions, the frames cover the program and give the same document."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle import script as s
from streamops_conformance.v1.generate.cases import cases
from streamops_conformance.v1.oracle.client import Reader
from streamops_conformance.v1.oracle.player import APART, FLUSH, HOLD, LONGEST, NOW, SHORTEST, played
from streamops_conformance.v1.oracle.program import Program
from streamops_spec import load_shapes

LIMIT = 8192
DECISIONS = st.lists(st.sampled_from((NOW, HOLD, FLUSH)), max_size=5)
MERGES = st.lists(st.sampled_from((APART, LONGEST, SHORTEST)), max_size=5)
PAGE = "".join(f'<div dj-stream="{name}"></div>' for name in ("a", "b", "c.1", "x", "y", "z", "w", "p", "v"))


def program_of(case: CaseSpec) -> Program:
    program = Program(frozenset(case.caps), dict(case.variables), max_text_bytes=LIMIT)
    for script in case.scripts:
        program.run(script)
    return program


def program(*steps: s.AnyStep, caps: tuple[str, ...] = ("html",), **variables: str) -> Program:
    made = Program(frozenset(caps), variables, max_text_bytes=LIMIT)
    made.run(steps)
    return made


@settings(max_examples=150, deadline=None)
@given(cases(frozenset({"html", "view"})), DECISIONS, MERGES)
def test_any_decisions_give_valid_frames_that_end_in_one_document(case, holds, merges):
    made = program_of(case)
    plain, other = Reader(PAGE), Reader(PAGE)
    for frame in played(made, (), (), limit=LIMIT):
        assert not plain.receive(frame).closes
    seen: dict[str, int] = {}
    for frame in played(made, holds, merges, limit=LIMIT):
        assert not load_shapes("v1:server-frame").explain(frame)
        assert not other.receive(frame).closes
        if frame["type"] == "stream":
            assert frame["seq"] == seen.get(frame["stream"], 0) + 1
            seen[frame["stream"]] = frame["seq"] + frame["n"] - 1
    assert seen == {name: count for name, count in made.counts().items() if count}
    assert other.streams == plain.streams
    # The order between streams is free, so it decides what a nested dj-stream element shows.
    if "dj-stream" not in repr(case.scripts):
        assert other.tree() == plain.tree()


def test_without_decisions_each_operation_is_a_frame() -> None:
    frames = played(program(s.Text("a", "x"), s.Text("a", "y")), (), (), limit=LIMIT)
    assert [frame["n"] for frame in frames] == [1, 1, 1, 1]


def test_held_operations_are_merged_as_far_as_the_decision_says() -> None:
    texts = program(s.Text("a", "x"), s.Text("a", "y"), s.Text("a", "z"))

    def ops(*merges: int) -> list[str]:
        (frame,) = played(texts, (HOLD,), merges, limit=LIMIT)
        return [op.get("text", op["op"]) for op in frame["ops"]]

    assert ops(APART) == ["start", "x", "y", "z", "done"]
    assert ops(LONGEST) == ["start", "xyz", "done"]
    assert ops(SHORTEST) == ["start", "xy", "z", "done"]


def test_a_start_waits_for_the_held_operations_of_other_streams() -> None:
    frames = played(program(s.Text("a", "x"), s.Text("b", "y")), (HOLD,), (), limit=LIMIT)
    assert [(each["stream"], each["seq"], each["n"]) for each in frames] == [
        ("a", 1, 2),
        ("b", 1, 3),
        ("a", 3, 1),
    ]


def test_a_view_without_later_operations_may_be_left_out() -> None:
    made = program(s.PushState(), s.PushState(), caps=("html", "view"), a="0")
    assert len(played(made, (), (), limit=LIMIT)) > len(played(made, (HOLD,), (), limit=LIMIT))


def test_the_generic_text_of_an_error_is_in_the_op_and_the_view() -> None:
    frames = played(
        program(s.Text("a", "x"), s.Raise("boom"), caps=("html", "view"), v="0"), (), (), limit=LIMIT
    )
    texts = [
        op["error"]
        for frame in frames
        if frame["type"] == "stream"
        for op in frame["ops"]
        if op["op"] == "error"
    ]
    assert len(texts) == 1
    shown = program(s.Start("v"), s.StreamTo("v"), s.Raise("boom"), caps=("html", "view"), v="0")
    last = played(shown, (), (), limit=LIMIT)[-1]
    assert last["type"] == "view"
    assert last["streams"]["v"]["error"] == texts[0]


@pytest.mark.parametrize("pure", [True, False])
def test_a_done_has_length_and_hash_only_for_a_run_of_text(pure: bool) -> None:
    steps = (s.Text("a", "x"),) if pure else (s.Text("a", "x"), s.Replace("a", "<b>"))
    done = played(program(*steps), (), (), limit=LIMIT)[-1]["ops"][0]
    assert ("text_sha256" in done) is pure
