"""What a correct client does with frames, by the oracle."""

import pytest
from streamops_conformance.oracle.tree import in_html
from streamops_conformance.v1.client.generate.exchanges import exchanges
from streamops_conformance.v1.client.sequence import SequenceSpec, steps_of
from streamops_conformance.v1.frames import at, delete, done, error, frame, html, start, text, view
from streamops_conformance.v1.oracle.client import Fired, Reader, Shown, TextReader
from streamops_spec import load_shapes

PAGE = '<p dj-stream="a"></p><p dj-stream="b">0</p>'
OPEN = frame(1, start(1), text("ab"))


def reader(*frames: dict, page: str = PAGE) -> Reader:
    made = Reader(page)
    for each in frames:
        made.receive(each)
    return made


def test_a_frame_is_applied_and_moves_the_cursor() -> None:
    made = reader(OPEN)
    assert in_html(made.tree()) == '<p dj-stream="a">ab</p><p dj-stream="b">0</p>'
    assert made.streams == {"a": Shown("open", 2, 1)}
    assert made.texts() == {"a": "ab"}


def test_an_error_stays_after_its_run_and_is_removed_by_the_next() -> None:
    made = reader(OPEN, frame(3, error("no", "timeout"), done("error")))
    assert made.streams["a"] == Shown("idle", 4, 0, "no", "timeout")
    made.receive(frame(5, start(5)))
    assert made.streams["a"] == Shown("open", 5, 5)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (OPEN, "duplicate"),
        (frame(4, text("x")), "violation"),
        (frame(2, text("b"), text("c")), "violation"),
        (frame(3, start(3)), "violation"),
        (frame(3, done(), text("x")), "violation"),
        (None, "malformed"),
        ({"type": 7}, "malformed"),
        ({"type": "later"}, "unknown"),
        (frame(3, text("x", "append", "#none")), "missing"),
        (frame(3, text("x", "append", "p")), "refused"),
        (frame(3, done(), later=1), "unknown"),
    ],
)
def test_every_frame_has_its_kinds(message: dict | None, kind: str) -> None:
    effect = reader(OPEN).receive(message)
    assert kind in effect.kinds
    assert effect.closes is (kind in ("violation", "malformed"))


def test_other_known_frames_change_nothing() -> None:
    effect = reader(OPEN).receive({"type": "ping"})
    assert (effect.kinds, effect.unknown, effect.fired) == (set(), 0, [])


def test_unknown_things_are_counted_one_by_one() -> None:
    made = reader(OPEN)
    later = {"op": "morph", "target": "[dj-stream='a']"}
    effect = made.receive(frame(3, later, {**text("c"), "later": 1}, done("evaporated"), later=2))
    assert (effect.unknown, effect.failed) == (4, 1)
    assert effect.fired == [Fired("stream:text", "a"), Fired("stream:done", "a", None)]


def test_events_name_what_was_applied() -> None:
    fired = reader().receive(
        frame(
            1,
            start(1),
            html("append", "<i>"),
            delete("#none"),
            delete("[dj-stream='b']"),
            delete("[dj-stream='a']"),
        )
    )
    assert [each.event for each in fired.fired] == ["stream:start", "stream:update", "stream:remove"]


def test_a_view_keeps_what_it_does_not_list() -> None:
    made = reader(view(1, PAGE, a=at(0), b=at(0)), OPEN)
    effect = made.receive(view(2, f"<h1>2</h1>{PAGE}", b=at(0)))
    assert effect.kinds == {"view"}
    assert in_html(made.tree()) == '<h1>2</h1><p dj-stream="a">ab</p><p dj-stream="b">0</p>'
    assert made.receive(view(2, "OLD")).kinds == {"old view"}


def test_unknown_parts_of_a_view_are_counted() -> None:
    assert reader().receive({**view(1, PAGE), "later": 1}).kinds == {"view", "unknown"}


@pytest.mark.parametrize(
    ("entry", "events"),
    [
        (at(2, "open", run=1), []),
        (at(9), ["stream:done"]),
        (at(9, "open", run=7), ["stream:done", "stream:start"]),
        (at(9, "errored", run=7, error="x", code="timeout"), ["stream:done", "stream:start", "stream:error"]),
        (at(3, "errored", run=1, error="x", code="timeout"), ["stream:error"]),
    ],
)
def test_a_view_gives_the_state_after_runs_that_were_not_sent(entry: dict, events: list[str]) -> None:
    made = reader(view(1, PAGE, a=at(0)), OPEN)
    effect = made.receive(view(2, PAGE, a=entry))
    assert [each.event for each in effect.fired] == events
    assert made.streams["a"].cursor == entry["seq"]


def test_an_ignored_element_stays_also_if_the_map_names_its_stream() -> None:
    ignored = '<p dj-stream="a" dj-update="ignore">t</p><p dj-stream="c"></p>'
    made = reader(view(1, ignored, a=at(0)), OPEN, page=ignored)
    made.receive(view(2, f'{ignored}<p dj-update="ignore">no stream</p>', a=at(2, "open", run=1)))
    assert in_html(made.tree()).startswith('<p dj-stream="a" dj-update="ignore">tab</p>')
    made.receive(view(3, ignored))
    assert "tab" in in_html(made.tree())


def test_a_text_client_has_a_text_for_each_stream_and_needs_no_element() -> None:
    made = TextReader("")
    for each in (OPEN, frame(3, text("<", "prepend")), frame(4, text("c", "replace"), text("d"))):
        assert not made.receive(each).failed
    assert made.texts() == {"a": "cd"}
    assert made.receive(frame(6, text("x", "append", "#b"))).kinds == {"next", "refused"}
    assert made.receive(frame(7, {"op": "delete", "target": "[dj-stream='a']"})).fired == [
        Fired("stream:remove", "a")
    ]
    assert made.texts() == {"a": "cd"}


@pytest.mark.parametrize(
    "spec", exchanges(frozenset({"html", "view"})), ids=lambda spec: spec.messages[-1].raw[:60]
)
def test_a_handwritten_exchange_closes_only_at_its_end_and_has_a_replay(spec) -> None:
    steps = steps_of(spec)
    assert len(steps) == len(spec.messages)
    assert not any(step.effect.closes for step in steps[:-1])
    again = SequenceSpec.from_json(spec.to_json())
    assert [(message.frame, message.malformed) for message in again.messages] == [
        (message.frame, message.malformed) for message in spec.messages
    ]
    assert not load_shapes("v1:sequence").explain(spec.to_json())


def test_an_unknown_value_is_replaced_and_counted_once() -> None:
    made = reader(OPEN)
    effect = made.receive(frame(3, text("c", "sideways"), text("d", "replace")))
    assert (effect.unknown, effect.failed) == (1, 0)
    assert made.texts()["a"] == "d"
    effect = made.receive(view(1, PAGE, a=at(9, "dormant", run=7), b=at(0)))
    assert (effect.unknown, made.streams["a"]) == (1, Shown("idle", 9, 0))


def test_content_goes_to_its_own_stream_or_to_an_id() -> None:
    made = reader(OPEN)
    effect = made.receive(frame(3, text("c", "append", "[dj-stream='b']"), text("d")))
    assert ("refused" in effect.kinds, effect.failed) == (True, 1)
    assert made.texts() == {"a": "abd"}
    assert in_html(made.tree()).endswith('<p dj-stream="b">0</p>')


@pytest.mark.parametrize(
    ("entry", "fired"),
    [
        (at(4, "errored", run=1, error="It failed", code="app_error"), []),
        (at(4, "errored", run=1, error="It failed", code="timeout"), ["error"]),
        (at(4, "errored", run=1, error="Another", code="app_error"), ["error"]),
        (at(9, "errored", run=7, error="It failed", code="app_error"), ["done", "start", "error"]),
        (at(9, error="It failed", code="app_error"), ["done"]),
        (at(9, error="Another", code="app_error"), ["done", "error"]),
    ],
)
def test_a_view_fires_for_an_error_that_is_not_shown_yet(entry: dict, fired: list[str]) -> None:
    made = reader(OPEN, frame(3, error("It failed"), n=2))
    effect = made.receive(view(1, PAGE, a=entry, b=at(0)))
    assert [each.event.removeprefix("stream:") for each in effect.fired] == fired
