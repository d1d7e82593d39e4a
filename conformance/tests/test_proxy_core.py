"""The core of the fault proxy without sockets: time is an argument, and equal calls give equal results."""

import ast
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamops_conformance.proxy import faults as faults_module
from streamops_conformance.proxy import link as link_module
from streamops_conformance.proxy.faults import (
    FOR_EVER,
    Cut,
    FaultError,
    Lane,
    Once,
    Plan,
    Point,
    Stall,
    amount,
    fault,
    plan,
)
from streamops_conformance.proxy.link import HELD, Finish, Link, Write


def link(plan_=None, now=0.0, seed=1):
    return Link(plan_ or Plan(), now, random.Random(seed).randint)


def flow(made, way, now, until=FOR_EVER):
    """Everything that is forwarded in a direction from now on, with the time of each write."""
    found = []
    while now <= until:
        step = made.take(way, now)
        if step is None:
            now = made.ready(way, now)
            if now == FOR_EVER or made.cut is not None:
                break
        else:
            found.append((round(now, 6), step.data if isinstance(step, Write) else step))
    return found


def passed(found):
    return b"".join(each for _, each in found if isinstance(each, bytes))


@pytest.mark.parametrize("module", [faults_module, link_module])
def test_the_core_does_no_input_and_output(module):
    names = set()
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    assert not names & {"asyncio", "socket", "time", "random", "os", "threading", "websockets"}


def test_without_faults_everything_is_forwarded_at_once_in_order():
    made = link()
    made.fed("up", b"one", 1.0)
    made.fed("up", b"two", 1.0)
    made.fed("down", b"three", 1.0)
    made.finish("up", 1.0)
    assert flow(made, "up", 1.0) == [(1.0, b"one"), (1.0, b"two"), (1.0, Finish())]
    assert flow(made, "down", 1.0) == [(1.0, b"three")]
    assert not made.finished
    made.finish("down", 2.0)
    assert flow(made, "down", 2.0) == [(2.0, Finish())]
    assert made.finished
    assert made.room("up", 2.0) == 0


@pytest.mark.parametrize("at", [0, 1, 7, 12, 13])
@pytest.mark.parametrize("way", ["up", "down"])
def test_a_cut_is_at_exactly_its_byte(way, at):
    made = link(Plan(cuts=(Cut(Point(bytes=at, watched=(way,)), "fin"),)))
    other = "down" if way == "up" else "up"
    made.fed(way, b"hello, ", 0.0)
    made.fed(way, b"world!", 0.0)
    made.fed(other, b"x" * 100, 0.0)
    assert passed(flow(made, way, 0.0)) == b"hello, world!"[:at]
    assert made.cut == "fin"
    assert flow(made, other, 0.0) == []
    assert made.room(other, 0.0) == 0
    assert [note.said for note in made.notes] == [f"cut after {at} bytes {way} (FIN)"]


def test_a_cut_beyond_the_last_byte_does_not_happen():
    made = link(Plan(cuts=(Cut(Point(bytes=14)),)))
    made.fed("down", b"hello, world!", 0.0)
    assert passed(flow(made, "down", 0.0)) == b"hello, world!"
    assert made.cut is None
    assert made.due(0.0) == FOR_EVER


def test_a_cut_by_time_needs_no_traffic():
    made = link(Plan(cuts=(Cut(Point(seconds=2)),)), now=10.0)
    assert made.due(10.5) == 12.0
    made.tick(11.999)
    assert made.cut is None
    made.tick(12.0)
    assert made.cut == "rst"
    assert [(note.seconds, note.said) for note in made.notes] == [(2.0, "cut after 2 s")]


def test_a_stall_stops_reading_and_writing_and_then_ends():
    made = link(Plan(stalls=(Stall(Point(bytes=5), 3.0),)))
    made.fed("down", b"hello, world!", 1.0)
    assert made.take("down", 1.0) == Write(b"hello")
    assert made.take("down", 1.0) is None
    assert made.room("down", 1.0) == made.room("up", 1.0) == 0
    assert made.ready("down", 1.0) == made.ready("up", 1.0) == 4.0
    assert flow(made, "down", 1.0) == [(4.0, b", world!")]
    assert made.room("up", 4.0) == HELD
    assert [note.said for note in made.notes] == ["stalled for 3 s after 5 bytes down"]


def test_a_stall_of_one_direction_does_not_affect_the_other():
    made = link(Plan(stalls=(Stall(Point(seconds=1), ways=("up",)),)))
    made.tick(1.0)
    assert made.room("up", 5.0) == 0
    assert made.ready("up", 5.0) == FOR_EVER
    made.fed("down", b"x", 5.0)
    assert flow(made, "down", 5.0) == [(5.0, b"x")]
    assert [note.said for note in made.notes] == ["stalled up for ever after 1 s"]


def test_repeated_stalls_count_from_the_last_one():
    made = link(Plan(stalls=(Stall(Point(bytes=4, watched=("down",), every=True), 1.0, ("down",)),)))
    made.fed("down", b"0123456789", 0.0)
    assert flow(made, "down", 0.0) == [(0.0, b"0123"), (1.0, b"4567"), (2.0, b"89")]
    timed = link(Plan(stalls=(Stall(Point(seconds=2, every=True), 1.0),)))
    for now in (2.0, 3.0, 4.9, 5.0, 8.0):
        timed.tick(now)
    assert [note.seconds for note in timed.notes] == [2.0, 5.0, 8.0]


def test_a_lane_holds_no_more_than_its_bound():
    made = link(Plan(down=Lane(delay=1.0)))
    assert made.room("down", 0.0) == HELD
    made.fed("down", bytes(HELD - 10), 0.0)
    assert made.room("down", 0.0) == 10
    made.fed("down", bytes(10), 0.0)
    assert made.room("down", 0.5) == 0
    assert made.take("down", 1.0) is not None
    assert made.room("down", 1.0) == HELD - 10


def test_a_delay_keeps_the_order_and_delays_the_end_too():
    made = link(Plan(up=Lane(delay=0.2)))
    made.fed("up", b"a", 0.0)
    made.fed("up", b"b", 0.1)
    made.finish("up", 0.1)
    assert flow(made, "up", 0.0) == [(0.2, b"a"), (pytest.approx(0.3), b"b"), (pytest.approx(0.3), Finish())]


def test_a_throttled_lane_forwards_at_its_rate():
    made = link(Plan(down=Lane(rate=3000)))
    made.fed("down", bytes(6000), 0.0)
    found = flow(made, "down", 0.0)
    assert len(passed(found)) == 6000
    assert all(len(data) <= 60 for _, data in found)
    assert found[-1][0] == pytest.approx(2.0, abs=0.05)


def test_a_slow_lane_still_forwards_single_bytes():
    made = link(Plan(down=Lane(rate=1)))
    made.fed("down", b"abc", 0.0)
    assert [data for _, data in flow(made, "down", 0.0)] == [b"a", b"b", b"c"]


def test_fragments_have_the_given_sizes_and_depend_on_the_seed():
    def sizes(seed):
        made = link(Plan(down=Lane(fragment=(2, 7))), seed=seed)
        made.fed("down", bytes(1000), 0.0)
        return [len(data) for _, data in flow(made, "down", 0.0)]

    assert set(sizes(1)[:-1]) == {2, 3, 4, 5, 6, 7}
    assert sum(sizes(1)) == 1000
    assert sizes(1) == sizes(1) != sizes(2)


def test_a_fault_that_happens_once_hits_the_first_connection_that_reaches_it():
    once = Once()
    first, second = (link(Plan(cuts=(Cut(Point(bytes=3, once=once)),))) for _ in range(2))
    second.fed("down", b"abcdef", 0.0)
    assert passed(flow(second, "down", 0.0)) == b"abc"
    first.fed("down", b"abcdef", 0.0)
    assert passed(flow(first, "down", 0.0)) == b"abcdef"
    assert (first.cut, second.cut) == (None, "rst")


pieces = st.lists(st.binary(min_size=1, max_size=40), max_size=12)
lanes = st.builds(
    Lane,
    delay=st.sampled_from([0.0, 0.2]),
    rate=st.sampled_from([FOR_EVER, 100.0, 3000.0]),
    fragment=st.sampled_from([None, (1, 1), (1, 7)]),
)
points = st.builds(Point, bytes=st.integers(0, 300)) | st.builds(Point, seconds=st.floats(0, 3))
plans = st.builds(
    Plan,
    up=lanes,
    down=lanes,
    cuts=st.lists(st.builds(Cut, points), max_size=2).map(tuple),
    stalls=st.lists(st.builds(Stall, points, st.sampled_from([0.5, 2.0])), max_size=2).map(tuple),
)


@given(plans, pieces, st.integers(0, 99))
def test_the_output_is_a_prefix_and_complete_without_a_cut(plan_, sent, seed):
    def once():
        made = link(plan_, seed=seed)
        for number, data in enumerate(sent):
            made.fed("down", data, number * 0.1)
        made.finish("down", len(sent) * 0.1)
        found = flow(made, "down", len(sent) * 0.1)
        return made, found

    (made, found), (_, again) = once(), once()
    assert found == again
    whole = b"".join(sent)
    assert whole.startswith(passed(found))
    assert made.passed("down") == len(passed(found))
    if made.cut is None:
        assert passed(found) == whole
        assert found[-1][1] == Finish()
    else:
        limits = [cut.point.bytes for cut in plan_.cuts if cut.point.bytes is not None]
        assert made.passed("down") <= min(limits, default=len(whole))


# Faults as text


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("cut:after=0", Plan(cuts=(Cut(Point(bytes=0, once=Once())),))),
        ("cut:every=2s", Plan(cuts=(Cut(Point(seconds=2.0, every=True)),))),
        ("up:cut:every=4k,end=fin", Plan(cuts=(Cut(Point(bytes=4000, watched=("up",), every=True), "fin"),))),
        ("stall:after=10k,for=3s", Plan(stalls=(Stall(Point(bytes=10000, once=Once()), 3.0),))),
        (
            "down:stall:every=500ms",
            Plan(stalls=(Stall(Point(seconds=0.5, watched=("down",), every=True), ways=("down",)),)),
        ),
        ("throttle:3kB/s", Plan(Lane(rate=3000), Lane(rate=3000))),
        ("up:throttle:1KiB", Plan(up=Lane(rate=1024))),
        ("delay:200ms", Plan(Lane(delay=0.2), Lane(delay=0.2))),
        ("down:fragment:1-7", Plan(down=Lane(fragment=(1, 7)))),
        ("up:fragment:5", Plan(up=Lane(fragment=(1, 5)))),
    ],
)
def test_faults_are_read(text, made):
    assert plan([fault(text)], random.Random(1).randint) == made


def test_faults_combine_and_ranges_are_drawn_for_each_connection():
    faults = [fault(text) for text in ("delay:100-300ms", "down:throttle:2-4kB/s", "cut:every=10-9000")]
    draws = [plan(faults, random.Random(seed).randint) for seed in range(20)]
    assert len({made.cuts[0].point.bytes for made in draws}) > 10
    for made in draws:
        assert 0.1 <= made.up.delay == made.down.delay <= 0.3
        assert made.up.rate == FOR_EVER
        assert 2000 <= made.down.rate <= 4000
        assert 10 <= made.cuts[0].point.bytes <= 9000


NO_FAULTS = """
    cut cut:4000 cut:after=1,every=2 cut:after=1,after=2 cut:after=x cut:after=1,for=3s cut:after=1,end=now
    cut:every=0 stall:for=3s stall:after=1,for=10k stall:after=1,end=fin throttle:3s throttle:0 throttle:x
    delay:200 delay fragment:0 fragment:0-3 fragment:2s fragment:9-3 drop:1 up down: up:down:cut:after=1
    reorder:1-2
"""


@pytest.mark.parametrize("text", NO_FAULTS.split())
def test_a_malformed_fault_is_refused_with_a_hint(text):
    with pytest.raises(
        FaultError, match=r"is not an? |cannot read|says when|is bytes|time|are bytes|has after|greater"
    ):
        fault(text)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [("4000", 4000, "bytes"), ("1.5k", 1500, "bytes"), ("2MiB", 2097152, "bytes"), ("1min", 60, "seconds")],
)
def test_amounts(text, value, unit):
    assert (amount(text).low, amount(text).high, amount(text).unit) == (value, value, unit)
