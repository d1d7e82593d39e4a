"""What a program gives a call: subclasses of str and int work, everything else is refused by name."""

from __future__ import annotations

import asyncio
import enum
import json
import logging
from typing import Any

import pytest
from markupsafe import Markup
from streamops_server import View, event_handler


class Mine(str):
    """A str of the program's own, whose text is another for str()."""

    def __str__(self) -> str:
        return "never this"


class Name(enum.StrEnum):
    ANSWER = "answer"


class Count(enum.IntEnum):
    THREE = 3


class Odd(View):
    template = '<p dj-stream="answer">{{ n }}</p>'

    def mount(self, request: Any, **params: Any) -> None:
        self.n = 0

    @event_handler
    async def act(self) -> None:
        call, args, kwargs = CASE[0]
        await self.stream_text("answer", "first ")
        try:
            await getattr(self, call)(*args, **kwargs)
        except Exception as error:  # the test looks at it
            RAISED.append(error)

    @event_handler
    async def spawn(self) -> None:
        try:
            self.start_task(CASE[0])
        except TypeError as error:
            RAISED.append(error)


CASE: list[Any] = []
RAISED: list[Exception] = []


def act(serve: Any, go: Any, case: Any, event: str = "act") -> list[dict[str, Any]]:
    """The operations that the client gets after the first text, without targets."""
    CASE[:], RAISED[:] = [case], []
    seen: list[dict[str, Any]] = []

    async def run() -> None:
        async with serve(Odd) as connect, connect() as client:
            await client.hello("Odd", ["html", "view"])
            assert (await client.run(event))["ok"]
            seen.extend(client.ops("answer"))

    go(run())
    return [{key: value for key, value in op.items() if key != "target"} for op in seen]


@pytest.mark.parametrize(
    ("call", "args", "kwargs", "sent"),
    [
        ("stream_text", ("answer", Markup("<b>")), {}, {"op": "text", "text": "first <b>", "mode": "append"}),
        ("stream_text", (Mine("answer"), Mine("x")), {}, {"op": "text", "text": "first x", "mode": "append"}),
        (
            "stream_text",
            (Name.ANSWER, "x"),
            {"mode": Mine("replace"), "target": Mine("[dj-stream='answer']")},
            {"op": "text", "text": "x", "mode": "replace"},
        ),
        ("stream_insert", ("answer", Markup("<i>x</i>")), {}, {"op": "append", "html": "<i>x</i>"}),
        ("stream_insert", ("answer", "<i>"), {"at": Mine("prepend")}, {"op": "prepend", "html": "<i>"}),
        ("stream_to", ("answer",), {"html": Markup("<i>x</i>")}, {"op": "replace", "html": "<i>x</i>"}),
        (
            "stream_error",
            ("answer", Markup("no")),
            {"code": Mine("x_a")},
            {"op": "error", "error": "no", "code": "x_a"},
        ),
        (
            "stream_prune",
            ("answer", Count.THREE),
            {"edge": Mine("top")},
            {"op": "prune", "limit": 3, "edge": "top"},
        ),
    ],
)
def test_a_subclass_is_sent_as_what_it_holds(
    call: str, args: Any, kwargs: Any, sent: dict[str, Any], serve: Any, go: Any
) -> None:
    ops = act(serve, go, (call, args, kwargs))
    assert RAISED == []
    assert sent in ops
    assert [op["op"] for op in ops][-1] == "done"


@pytest.mark.parametrize(
    ("call", "args", "kwargs", "says"),
    [
        ("stream_text", (None, "x"), {}, "The name of a stream is a str, not NoneType"),
        ("stream_text", ("answer", "x"), {"target": 5}, "A target is a str, not int"),
        ("stream_insert", ("answer", None), {}, "Html is a str, not NoneType"),
        ("stream_insert", ("answer", b"<i>"), {}, "Html is a str, not bytes"),
        ("stream_to", ("answer",), {"html": 5}, "Html is a str, not int"),
        ("stream_to", ("answer",), {"target": 5}, "A target is a str, not int"),
        ("stream_delete", ("answer", 7), {}, "A target is a str, not int"),
        ("stream_error", ("answer", ValueError("no")), {}, "A message is a str, not ValueError"),
        ("stream_error", ("answer", "no"), {"code": 5}, "A code is a str, not int"),
        (
            "stream_error",
            ("answer", "no"),
            {"retryable": "yes"},
            "retryable is 'yes'; use True, False or None",
        ),
        ("stream_prune", ("answer", "5"), {}, "limit is '5'"),
        ("stream_prune", ("answer", True), {}, "limit is True"),
        ("stream_prune", ("answer", 2.5), {}, "limit is 2.5"),
        ("stream_start", (5,), {}, "The name of a stream is a str, not int"),
    ],
)
def test_another_type_is_a_value_error_that_names_it_and_sends_nothing(
    call: str, args: Any, kwargs: Any, says: str, serve: Any, go: Any
) -> None:
    ops = act(serve, go, (call, args, kwargs))
    assert [type(error) for error in RAISED] == [ValueError]
    assert str(RAISED[0]).startswith(says)
    assert [op["op"] for op in ops] == ["start", "text", "done"]


@pytest.mark.parametrize("work", [5, None, asyncio.sleep, json.loads])
def test_start_task_refuses_at_once_what_is_not_a_coroutine(
    work: Any, serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        act(serve, go, work, "spawn")
    assert [type(error) for error in RAISED] == [TypeError]
    assert "call the function: self.start_task(self.work())" in str(RAISED[0])
    assert caplog.records == []
