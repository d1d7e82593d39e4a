"""The core of the mutations: what each does to a conversation, without a socket.

The file is long because it has a test for each kind of mutation, and all share the conversation above them.
"""

import ast
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import streamops_conformance.mutate.mutator
from streamops_conformance.mutate.language import (
    Add,
    Answer,
    Change,
    Delay,
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
    Repeat,
    Rewrite,
    Set,
    Size,
    Split,
    Substitute,
    Swap,
    Tally,
    Test,
    Text,
    Upgrade,
    Where,
    dump,
    load,
)
from streamops_conformance.mutate.mutator import Mutator, Send, Shut, upgrades
from streamops_conformance.mutate.state import Memory

PACKAGE = Path(streamops_conformance.mutate.mutator.__file__).parent
Frame = dict[str, Any]
ANY = Where()
TEXTS = Where(each="ops", kind=("text",))


def passed(*mutations: Any, frames: list[Frame], way: Any = "down") -> list[Frame]:
    """What arrives of these frames, all of one direction and of one connection."""
    mutator = Mutator(mutations)
    out = [each for frame in frames for each in mutator.take(way, json.dumps(frame), 0.0)]
    return [json.loads(each.data) for each in out if isinstance(each, Send)]


def stream(name: str, seq: int, *ops: Frame) -> Frame:
    return {"type": "stream", "stream": name, "seq": seq, "n": len(ops), "ops": list(ops)}


def text(said: str, target: str = "a", mode: str = "append") -> Frame:
    return {"op": "text", "target": target, "text": said, "mode": mode}


def mutated(frame: Frame, *mutations: Any) -> Any:
    (found,) = passed(*mutations, frames=[frame])
    return found


def texts(frame: Frame) -> list[str]:
    return [op["text"] for op in frame["ops"]]


def changed(frame: Frame, *edits: Any, where: Where = ANY) -> Any:
    return mutated(frame, Change(where=where, edits=edits))


# Selecting


def test_without_mutations_every_message_passes_as_it_is() -> None:
    assert Mutator([]).take("up", " [1 ]", 0.0) == [Send("up", " [1 ]")]
    assert Mutator([Drop(where=ANY)]).take("up", '{"a" :1}', 0.0) == [Send("up", '{"a" :1}')]


def test_a_frame_that_is_not_selected_passes_as_it_is() -> None:
    mutator = Mutator([Drop(where=Where(type=("view",))), Drop(where=TEXTS)])
    assert mutator.take("down", '{"type" :"stream"}', 0.0) == [Send("down", '{"type" :"stream"}')]


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        (Where(type=("a", "c")), "b"),
        (Where(not_type=("a", "c")), "ac"),
        (Where(first=2), "a"),
        (Where(last=2), "c"),
        (Where(first=2, last=2), "ac"),
        (Where(way="up"), "abc"),
        (Where(channel="control"), "abc"),
        (Where(shape="other"), "abc"),
        (Where(tests=(Test("type", "is", "b"),)), "ac"),
        (Where(given=(Test("no register", "is", None),)), ""),
        (Where(given=(Test("no register", "is", 1),)), "abc"),
    ],
)
def test_where_selects_by_direction_type_shape_tests_and_number(where: Where, kept: str) -> None:
    frames = [{"type": kind} for kind in "abc"]
    assert "".join(frame["type"] for frame in passed(Drop(where=where), frames=frames)) == kept


def test_what_is_not_an_object_and_what_is_binary_are_selected_by_their_shape() -> None:
    mutator = Mutator([Drop(where=Where(shape="binary")), Drop(where=Where(shape="other"))])
    for message in (b"{}", "[1]", "{", "[" * 100_000):
        assert mutator.take("down", message, 0.0) == []
    assert mutator.take("down", "{}", 0.0) == [Send("down", "{}")]


def test_matches_are_counted_by_connection_by_stream_and_by_relay() -> None:
    frames = [stream("a", 1), stream("b", 1), stream("a", 2)]
    assert len(passed(Drop(where=Where(last=1)), frames=frames)) == 2
    assert passed(Drop(where=Where(last=1, per="stream")), frames=frames) == [frames[2]]
    memory = Memory()
    for arrives in (0, 1, 1):
        mutator = Mutator([Drop(where=Where(last=1, per="relay"))], memory)
        assert len(mutator.take("down", "{}", 0.0)) == arrives


@pytest.mark.parametrize(
    ("test", "fits"),
    [
        (Test("n", "is", 3), True),
        (Test("n", "is", 4), False),
        (Test("n", "is not", 4), True),
        (Test("n", "in", [1, 3]), True),
        (Test("n", "not in", [1, 3]), False),
        (Test("list", "in", [1, 2, 3]), True),
        (Test("list", "in", [1]), False),
        (Test("", "not in", ["n"]), True),
        (Test("n", "above", 2), True),
        (Test("n", "above", 3), False),
        (Test("n", "below", 4), True),
        (Test("s", "above", 2), False),
        (Test("n", "above", "2"), False),
        (Test("flag", "above", 0), False),
        (Test("n", "has", True), True),
        (Test("m", "has", True), False),
        (Test("m", "has", False), True),
        (Test("s", "begins", "te"), True),
        (Test("n", "begins", "te"), False),
        (Test("s", "matches", "x.$"), True),
        (Test("s", "matches", "^x"), False),
        (Test("n", "matches", "3"), False),
        (Test("s", "type", "string"), True),
        (Test("null", "type", "null"), True),
        (Test("flag", "type", "number"), False),
        (Test("n", "is", to=Size("list")), False),
        (Test("list.0", "is", 1), True),
        (Test("list.-1", "is", 2), True),
        (Test("list.5", "has", False), True),
        (Test("list.x", "has", False), True),
        (Test("n.x", "has", False), True),
        (Test("inner.*", "is", 2), True),
        (Test("list.*", "is", 3), False),
    ],
)
def test_a_test_compares_a_member(test: Test, fits: bool) -> None:
    frame = {"n": 3, "s": "text", "list": [1, 2], "null": None, "flag": True, "inner": {"a": 1, "b": 2}}
    assert (passed(Drop(where=Where(tests=(test,))), frames=[frame]) == []) is fits


def test_items_are_selected_by_kind_by_what_follows_and_by_their_frame() -> None:
    frame = stream("s", 1, text("1"), text("2", "b"), text("3"), {"op": "done"})
    same = (Test("op", "is", "text"), Test("target", "is", to=Its("target")))
    other = (Test("target", "is not", to=Its("target")),)
    assert texts(mutated(stream("s", 1, text("1"), text("2")), Drop(where=TEXTS))) == []
    near = Where(each="ops", following=(Test("op", "is", "done"),))
    assert [op.get("text") for op in mutated(frame, Drop(where=near))["ops"]] == ["1", "2", None]
    far = Where(each="ops", gap=2, following=same, between=other)
    assert [op.get("text") for op in mutated(frame, Drop(where=far))["ops"]] == ["2", "3", None]
    nearer = Where(each="ops", gap=2, following=same, between=same)
    assert mutated(frame, Drop(where=nearer)) == frame
    assert mutated(frame, Drop(where=Where(each="ops", frame=(Test("seq", "is", 2),)))) == frame
    assert mutated(frame, Drop(where=Where(each="ops", type=("view",)))) == frame
    assert mutated(frame, Drop(where=Where(each="ops", gap=9, following=same))) == frame
    assert mutated(frame, Drop(where=Where(each="ops", kind=("start",)))) == frame


# What happens to frames


def test_edits_set_remove_rename_and_add_members() -> None:
    frame = {"a": 1, "list": [{"n": 0}, {"n": 5}], "map": {"x": {"n": 1}, "y": {}}}
    assert changed(frame, Set("a", 2), Set("b", [1]))["b"] == [1]
    assert changed(frame, Set("map.x.n", to=Plus(1)))["map"] == {"x": {"n": 2}, "y": {}}
    assert changed(frame, Set("map.*.n", 7))["map"] == {"x": {"n": 7}, "y": {}}
    assert changed(frame, Set("list.*.n", to=Plus(1), leaving=(0,)))["list"] == [{"n": 0}, {"n": 6}]
    assert changed(frame, Set("nowhere.n", 7)) == frame
    assert changed(frame, Set("list.9", 7)) == frame
    assert changed(frame, Set("list.0", 7))["list"] == [7, {"n": 5}]
    assert changed(frame, Remove("map.*"))["map"] == {}
    assert changed(frame, Remove("c"), Rename("c", "d"), Rename("list.0", "d"), Add("a", 1)) == frame
    assert changed(frame, Rename("a", "b"), Add("list", 3))["list"] == [{"n": 0}, {"n": 5}, 3]


def test_expressions_make_values_of_what_is_there() -> None:
    frame = {"text": "<b> ", "n": 1, "list": [1, 2], "other": "x"}
    assert changed(frame, Set("text", to=Text("escape")))["text"] == "&lt;b&gt; "
    assert changed(frame, Set("text", to=Text("trim")))["text"] == "<b>"
    assert changed(frame, Set("text", to=Text("upper")))["text"] == "<B> "
    assert changed(frame, Set("text", to=Substitute("b", "i")))["text"] == "<i> "
    assert changed(frame, Set("text", to=Its("other")))["text"] == "x"
    assert changed(frame, Set("n", to=Size("list")))["n"] == 2
    assert changed(frame, Set("n", to=Size("missing")))["n"] == 0
    assert changed(frame, Set("n", to=Text("trim")), Set("n", to=Substitute("1", "2")))["n"] == 1
    assert changed(frame, Set("text", to=Plus(1)))["text"] == "<b> "
    assert changed(frame, Set("n", to=Register("none", default=4)))["n"] == 4
    number = Change(where=ANY, edits=(Set("n", to=Number()),))
    assert [each["n"] for each in passed(number, frames=[{}, {}])] == [1, 2]


def test_frames_are_dropped_repeated_inserted_and_rewritten() -> None:
    frames = [{"type": "a", "n": 1}, {"type": "b"}]
    only_a = Where(type=("a",))
    assert passed(Drop(where=only_a), frames=frames) == [{"type": "b"}]
    assert passed(Repeat(where=only_a), frames=frames) == [frames[0], *frames]
    further = {"type": "c", "n": 0}
    edits = (Set("n", to=Its("n")),)
    before = Insert(where=only_a, what=further, edits=edits, place="before")
    assert passed(before, frames=frames) == [{"type": "c", "n": 1}, *frames]
    after = Insert(where=only_a, what=further, edits=edits)
    assert passed(after, frames=frames) == [frames[0], {"type": "c", "n": 1}, frames[1]]
    assert further == {"type": "c", "n": 0}
    rewrite = Rewrite(where=only_a, pattern="^.*$", by=r"[\g<0>]")
    assert Mutator([rewrite]).take("down", '{"type":"a"}', 0.0) == [Send("down", '[{"type":"a"}]')]


def test_items_are_changed_dropped_repeated_inserted_swapped_and_merged() -> None:
    frame = stream("s", 1, text("1"), text("2"), text("3"))
    following = Where(each="ops", following=(Test("op", "is", "text"),))
    assert texts(changed(frame, Set("text", "x"), where=Where(each="ops", first=2, last=2))) == [
        "1",
        "x",
        "3",
    ]
    assert texts(mutated(frame, Drop(where=following))) == ["3"]
    assert texts(mutated(frame, Repeat(where=TEXTS))) == ["1", "1", "2", "2", "3", "3"]
    assert texts(mutated(frame, Swap(where=following))) == ["2", "1", "3"]
    assert texts(mutated(frame, Merge(where=following, member="text"))) == ["12", "3"]
    one = Where(each="ops", last=1)
    edits = (Set("target", to=Its("target")),)
    found = mutated(frame, Insert(where=one, what={"op": "text", "text": "x"}, edits=edits, place="before"))
    assert found["ops"][0] == {"op": "text", "text": "x", "target": "a"}
    assert texts(mutated(frame, Insert(where=one, what={"op": "text", "text": "x"}))) == ["1", "x", "2", "3"]
    assert mutated({"type": "dumped", "alerts": ["a"]}, Drop(where=Where(each="alerts")))["alerts"] == []


def test_a_frame_is_split_where_none_of_its_operations_was_merged() -> None:
    split = Split(where=Where(type=("stream",)))
    frame = stream("s", 4, text("1"), text("2"))
    assert passed(split, frames=[frame]) == [stream("s", 4, text("1")), stream("s", 5, text("2"))]
    for whole in ({**frame, "n": 3}, {**frame, "seq": "4"}, {**frame, "ops": {}}):
        assert passed(split, frames=[whole]) == [whole]


def test_a_mutation_that_does_not_act_on_frames_says_so() -> None:
    for wrong in (Swap(where=ANY), Split(where=Where(each="ops"))):
        with pytest.raises(TypeError, match="does not act on"):
            passed(wrong, frames=[stream("s", 1, text("1"))])


# Registers


def test_a_register_remembers_a_member_for_what_comes_later() -> None:
    frames = [{"stream": "a", "run": 3}, {"stream": "b", "run": 4}, {"stream": "a", "say": 1}]
    has_run = Where(tests=(Test("run", "has", True),))
    by_stream = Remember(where=has_run, path="run", name="run", per="stream")
    says = Where(tests=(Test("say", "has", True),))
    said = Change(where=says, edits=(Set("say", to=Register("run", per="stream")),))
    assert passed(by_stream, said, frames=frames)[-1]["say"] == 3
    first = Remember(where=has_run, path="run", name="run", once=True)
    said = Change(where=says, edits=(Set("say", to=Register("run")),))
    assert passed(first, said, frames=[frames[1], frames[0], frames[2]])[-1]["say"] == 4


def test_a_tally_counts_adds_up_members_and_begins_again() -> None:
    frames = [stream("a", 1, text("1"), text("2")), {"stream": "a", "n": "x"}, {"type": "see", "stream": "a"}]
    see = Where(type=("see",))

    def seen(*tallies: Any, per: Any = "connection") -> Any:
        show = Change(where=see, edits=(Set("n", to=Register("r", per=per)),))
        return passed(*tallies, show, frames=frames)[-1]["n"]

    counted = Where(tests=(Test("n", "has", True),))
    assert seen(Tally(where=counted, name="r")) == 2
    assert seen(Tally(where=counted, name="r", by=-2)) == -4
    assert seen(Tally(where=counted, name="r", path="n", per="stream"), per="stream") == 2
    assert seen(Tally(where=TEXTS, name="r")) == 2
    assert seen(Tally(where=counted, name="r"), Tally(where=see, name="r", reset=True)) is None
    assert seen(Tally(where=counted, name="r", per="relay"), per="relay") == 2


def test_a_register_of_a_relay_reaches_from_one_connection_to_the_next() -> None:
    memory = Memory()
    write = Remember(where=Where(way="up"), path="x", name="x", per="relay")
    show = Change(where=ANY, edits=(Set("x", to=Register("x", per="relay")),))
    Mutator([write, show], memory).take("up", '{"x":7}', 0.0)
    assert Mutator([write, show], memory).take("down", "{}", 0.0) == [Send("down", '{"x":7}')]


# Time and order


def kinds(out: list[Any]) -> str:
    return "".join(json.loads(each.data)["type"] for each in out)


def held(*mutations: Any, sent: str) -> str:
    return "".join(frame["type"] for frame in passed(*mutations, frames=[{"type": kind} for kind in sent]))


def test_a_held_frame_goes_after_before_or_not_at_all_when_its_time_comes() -> None:
    a, b = Where(type=("a",)), Where(type=("b",))
    assert held(Hold(where=a, until=b), sent="axb") == "xba"
    assert held(Hold(where=a, until=b, place="before"), sent="aaxb") == "xaab"
    assert held(Hold(where=a, until=b, place="lost"), sent="axb") == "xb"
    assert held(Hold(where=a, until=b), sent="ba") == "b"
    assert held(Hold(where=a, until=b, unless=ANY), sent="axb") == "axb"
    assert held(Hold(where=a, until=b, unless=ANY), sent="aab") == "aba"


def test_a_held_frame_goes_by_itself_when_nothing_comes() -> None:
    mutator = Mutator([Hold(where=Where(type=("a",)), until=Where(type=("b",)), seconds=2.0)])
    assert mutator.due() is None
    assert mutator.take("down", '{"type":"a"}', 1.0) == []
    assert mutator.due() == 3.0
    assert mutator.tick(2.9) == []
    assert kinds(mutator.tick(3.0)) == "a"
    assert mutator.due() is None


def test_a_frame_may_be_held_until_one_of_the_other_direction() -> None:
    mutator = Mutator([Hold(where=Where(way="up"), until=ANY)])
    assert mutator.take("up", "{}", 0.0) == []
    assert mutator.take("down", '{"x":1}', 0.0) == [Send("down", '{"x":1}'), Send("up", "{}")]


def test_a_delay_keeps_the_order_unless_it_is_alone() -> None:
    slow = Where(type=("a",))
    mutator = Mutator([Delay(where=slow, seconds=2.0)])
    assert kinds(mutator.take("down", '{"type":"b"}', 0.0)) == "b"
    assert mutator.take("down", '{"type":"a"}', 1.0) == []
    assert mutator.take("down", '{"type":"b"}', 1.5) == []
    assert mutator.due() == 3.0
    assert mutator.tick(2.0) == []
    assert kinds(mutator.tick(3.0)) == "ab"
    alone = Mutator([Delay(where=slow, seconds=2.0, alone=True)])
    assert alone.take("down", '{"type":"a"}', 1.0) == []
    assert kinds(alone.take("down", '{"type":"b"}', 1.5)) == "b"
    assert kinds(alone.tick(3.0)) == "a"


def test_an_answer_comes_back_and_may_end_the_connection() -> None:
    plain = Answer(where=Where(way="up", type=("a",)), frames=({"type": "pong"},))
    mutator = Mutator([plain])
    assert mutator.take("up", '{"type":"a"}', 0.0) == [Send("down", '{"type":"pong"}')]
    assert kinds(mutator.take("up", '{"type":"b"}', 0.0)) == "b"
    last = Answer(where=Where(way="down"), code=4400, reason="bad_frame")
    mutator = Mutator([last, Repeat(where=Where(way="down"))])
    assert mutator.take("down", "{}", 0.0) == [Shut("up", 4400, "bad_frame")]
    assert mutator.take("down", "{}", 0.0) == []
    assert mutator.closed("down", 1000, "", 0.0) == []


def test_nothing_of_a_message_arrives_after_an_answer_has_ended_the_connection() -> None:
    twice = Repeat(where=Where(way="up"))
    mutator = Mutator([twice, Answer(where=Where(way="up"), code=1000)])
    assert mutator.take("up", "{}", 0.0) == [Shut("down", 1000, "")]
    # An answer that is answered in its turn ends the connection once.
    mutator = Mutator([Answer(where=Where(way="up"), frames=({},), code=1000), Answer(where=ANY, code=1001)])
    assert mutator.take("up", "{}", 0.0) == [Shut("up", 1001, "")]


def test_a_close_follows_what_was_held_and_may_have_another_code() -> None:
    recode = Reclose(codes=(1000,), code=1011, reason="")
    mutator = Mutator([Hold(where=ANY, until=Where(type=("never",))), recode])
    assert mutator.take("down", "{}", 0.0) == []
    assert mutator.closed("down", 1000, "over", 1.0) == [Send("down", "{}"), Shut("down", 1011, "")]
    assert mutator.closed("up", 1000, "over", 1.0) == [Shut("up", 1000, "over")]
    late = Mutator([Delay(where=ANY, seconds=9.0), Reclose(reasons=("x",), code=1)])
    assert late.take("down", "{}", 0.0) == []
    assert late.closed("down", 1000, "over", 1.0) == [Send("down", "{}"), Shut("down", 1000, "over")]
    assert Mutator([Reclose(reasons=("over",))]).closed("down", 1000, "over", 0.0) == [
        Shut("down", 1000, "over")
    ]


# What it imports


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_mutations_import_nothing_of_the_suite_and_their_core_does_no_io(path: Path) -> None:
    named = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    modules = {node.module or "" for node in named if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in named if isinstance(node, ast.Import) for alias in node.names}
    own = {each for each in modules if each.startswith(("streamops_", "faults"))}
    assert all(each.startswith("streamops_conformance.mutate.") for each in own)
    if path.stem != "relay":
        assert not {each.split(".")[0] for each in modules} & {
            "asyncio",
            "random",
            "socket",
            "time",
            "websockets",
        }


# As data


def test_mutations_are_json() -> None:
    mutations = (
        Change(where=TEXTS, edits=(Set("n", to=Plus(1)), Remove("x"))),
        Hold(where=ANY, until=Where(way="up", tests=(Test("a", "is", to=Register("r")),))),
        Reclose(reason=""),
        Upgrade(without=("origin",), statuses={400: 426}),
    )
    assert load(json.loads(json.dumps(dump(mutations)))) == mutations
    with pytest.raises(msgspec.ValidationError):
        load([{"type": "Explode"}])


def test_the_last_upgrade_counts() -> None:
    assert upgrades([Upgrade(offer="none"), Drop(where=ANY), Upgrade(subprotocol="first")]) == Upgrade(
        subprotocol="first"
    )
    assert upgrades([]) == Upgrade()
