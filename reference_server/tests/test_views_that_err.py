"""Views that err in ways that users report: names of state, blocking sources, other sessions, odd values."""

import asyncio
import contextvars
import logging
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from streamops_server import View, event_handler
from streamops_server.core.program import Program

NAMES = ["events", "template_renders", "templates", "program", "session", "items", "turn"]
METHODS = ["stream_text", "push_state", "mount", "get_context", "allows", "start_task", "add"]


class Named(View):
    template = "{{ value }}"

    @event_handler
    async def add(self, name: str) -> None:
        setattr(self, name, ["state"])
        await self.stream_text("answer", "done")

    @event_handler
    async def other(self) -> None: ...


@pytest.mark.parametrize("name", NAMES)
def test_state_may_have_the_name_of_a_class_attribute(name: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Named) as connect, connect() as client:
            await client.hello("Named", ["view", "html"])
            for _ in range(2):  # The second event finds its handler although the state has this name.
                assert (await client.run("add", name=name))["ok"]
            assert client.text("answer") == "donedone"

    go(run())


@pytest.mark.parametrize("name", METHODS)
def test_state_with_the_name_of_a_method_is_refused_at_once(name: str) -> None:
    with pytest.raises(AttributeError, match=f"Named.{name} is a method, so the state needs another name"):
        setattr(Named(), name, 1)


class Blocking(View):
    @event_handler
    async def ask(self, how: str) -> None:
        for number in range(6):
            time.sleep(0.08)  # noqa: ASYNC251  # reason: this is what a source that does not await does
            if how == "insert":
                await self.stream_insert("answer", f"<i>{number}</i>")
            else:
                await self.stream_text("answer", f"{number} ", "append" if how == "append" else "replace")


@pytest.mark.turns_by_time
@pytest.mark.parametrize("how", ["append", "replace", "insert"])
def test_a_source_that_blocks_is_shown_while_it_goes_on(how: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Blocking) as connect, connect() as client:
            await client.hello("Blocking", ["html"])
            assert (await client.run("ask", how=how))["ok"]
            assert sum(frame["type"] == "stream" for frame in client.frames) >= 3

    go(run())


ROOM: list[View] = []


class Member(View):
    template = '<p dj-stream="last"></p>'

    def mount(self, request: Any, /) -> None:
        ROOM.append(self)

    @event_handler
    async def say(self, how: str) -> None:
        other = next(view for view in ROOM if view is not self)
        if how == "text":
            await other.stream_text("last", "hello")
        elif how == "start":
            await other.stream_start("last")
        elif how == "state":
            await other.push_state()
        else:
            await other.stream_to("last")

    @event_handler
    async def alone(self) -> None:
        await self.stream_text("last", "still here")


@pytest.mark.parametrize("how", ["text", "start", "state", "stream_to"])
def test_a_call_on_a_view_of_another_session_is_refused_and_named(
    how: str, serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        ROOM.clear()
        async with serve(Member) as connect, connect() as ada, connect() as bob:
            await ada.hello("Member", ["view", "html"])
            await bob.hello("Member", ["view", "html"])
            reply = await ada.run("say", how=how)
            assert reply["error"]["code"] == "app_error"
            for client in (ada, bob):  # Neither session is harmed.
                assert (await client.run("alone"))["ok"]
                assert [op["op"] for op in client.ops("last")] == ["start", "text", "done"]

    with caplog.at_level(logging.ERROR):
        go(run())
    assert "This Member belongs to another session" in caplog.text


@pytest.mark.parametrize("value", [None, 1, b"bytes", ["a"]])
def test_a_text_that_is_not_a_str_is_a_value_error_that_names_it(value: Any, serve: Any, go: Any) -> None:
    raised: list[BaseException] = []

    class Odd(View):
        @event_handler
        async def say(self) -> None:
            await self.stream_text("answer", "first")
            try:
                await self.stream_text("answer", value)
            except ValueError as error:
                raised.append(error)

    async def run() -> None:
        async with serve(Odd) as connect, connect() as client:
            await client.hello("Odd", [])
            assert (await client.run("say"))["ok"]
            assert client.text("answer") == "first"

    go(run())
    assert f"A text is a str, not {type(value).__name__}" in str(raised[0])


def test_an_event_is_answered_whatever_happens_inside_the_server(
    serve: Any, go: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = Program.end

    def end(self: Program, *args: Any) -> None:
        real(self, *args)
        raise KeyError("a fault of the server")

    async def run() -> None:
        async with serve(Named) as connect, connect() as client:
            await client.hello("Named", [])
            monkeypatch.setattr(Program, "end", end)
            reply = await client.run("other")
            assert reply["error"]["code"] == "app_error"

    with caplog.at_level(logging.ERROR):
        go(run())
    assert "Ending the runs of a handler of Named raised" in caplog.text


def produce(on_token: Any) -> None:
    """A library that calls back from its own thread."""
    for number in range(3):
        on_token(f"{number} ")


class Threaded(View):
    def token_from_a_thread(self) -> Any:
        loop = asyncio.get_running_loop()
        return lambda token: asyncio.run_coroutine_threadsafe(self.stream_text("answer", token), loop).result(
            5
        )

    @event_handler
    async def ask(self, how: str) -> None:
        send, loop = self.token_from_a_thread(), asyncio.get_running_loop()
        run = contextvars.copy_context().run
        if how == "to_thread":
            await asyncio.to_thread(produce, send)
        elif how == "pool":
            with ThreadPoolExecutor(1) as pool:
                await loop.run_in_executor(pool, run, produce, send)
        elif how == "thread":
            thread = threading.Thread(target=run, args=(produce, send))
            thread.start()
            await asyncio.to_thread(thread.join)
        else:
            with ThreadPoolExecutor(1) as pool:
                await loop.run_in_executor(pool, produce, send)


@pytest.mark.parametrize("how", ["to_thread", "pool", "thread"])
def test_a_thread_with_the_context_of_its_handler_streams(how: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Threaded) as connect, connect() as client:
            await client.hello("Threaded", [])
            assert (await client.run("ask", how=how))["ok"]
            assert client.text("answer") == "0 1 2 "
            assert [op["op"] for op in client.ops("answer")][-1] == "done"

    go(run())


def test_a_thread_without_a_context_is_told_the_way_out(
    serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with serve(Threaded) as connect, connect() as client:
            await client.hello("Threaded", [])
            assert (await client.run("ask", how="bare"))["error"]["code"] == "app_error"

    with caplog.at_level(logging.ERROR):
        go(run())
    assert "asyncio.to_thread" in caplog.text


def of_the_docs(name: str) -> type[View]:
    """The view of that name in the page on the reference server."""
    page = (Path(__file__).parents[2] / "docs" / "reference-server.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (code,) = [block for block in blocks if f"class {name}(" in block]
    made: dict[str, Any] = {"__name__": "of_the_docs"}
    exec(compile(code, "reference-server.md", "exec"), made)  # the page shows it, so it has to work
    view: type[View] = made[name]
    return view


def test_the_room_of_the_docs_reaches_every_member_as_its_own(serve: Any, go: Any) -> None:
    room = of_the_docs("Room")

    async def run() -> None:
        async with serve(room) as connect, connect() as ada, connect() as bob:
            for client in (ada, bob):
                await client.hello("Room", ["view", "html"])
            assert (await ada.run("say", name="ada", text="hello"))["ok"]
            for client in (ada, bob):
                while not any("1 messages" in frame.get("html", "") for frame in client.frames):
                    await client.receive()
                assert client.text("chat") == "ada: hello\n"
                assert [op["op"] for op in client.ops("chat")] == ["start", "text", "done"]

    go(run())


def test_the_answer_of_the_docs_is_one_run_for_all_who_watch(serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(of_the_docs("Together")) as connect, connect() as ada, connect() as bob:
            for client in (ada, bob):
                await client.hello("Together", [])
            assert (await ada.run("ask", question="one two three"))["ok"]
            for client in (ada, bob):
                while [op["op"] for op in client.ops("answer")][-1:] != ["done"]:
                    await client.receive()
                assert client.text("answer") == "one two three "
                assert sum(op["op"] == "start" for op in client.ops("answer")) == 1

    go(run())


def test_the_blocking_source_of_the_docs_streams_from_its_thread(serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(of_the_docs("Assistant")) as connect, connect() as client:
            await client.hello("Assistant", [])
            assert (await client.run("ask", question="one two three"))["ok"]
            assert client.text("answer") == "one two three "

    go(run())
