"""Sources that block or never wait: who owns them, who waits for whom, and how they stop."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from streamops_server import Limits, View, event_handler


class Source:
    """A blocking iterator that says what happens to it. It waits for `allow` before each but the first."""

    def __init__(self, count: int, size: int = 1) -> None:
        self.count = count
        self.size = size
        self.made = 0
        self.threads: set[int] = set()
        self.allow = threading.Semaphore(0)
        self.closed = threading.Event()

    def items(self) -> Iterator[str]:
        try:
            for number in range(self.count):
                self.threads.add(threading.get_ident())
                if number:
                    self.allow.acquire()
                self.made = number + 1
                yield f"{number} ".ljust(self.size, "x")
        finally:
            self.threads.add(threading.get_ident())
            self.closed.set()


class Blocking(View):
    source: Source
    entered: asyncio.Event

    def mount(self, request: Any, /) -> None:
        type(self).entered = asyncio.Event()

    @event_handler
    async def ask(self) -> None:
        async for item in self.from_thread(self.source.items()):
            await self.stream_text("answer", item)

    @event_handler
    async def lazily(self) -> None:
        async for item in self.from_thread(self.source.items, ahead=1):
            await self.stream_text("answer", item)

    @event_handler
    async def first(self) -> None:
        async with self.from_thread(self.source.items) as items:
            async for item in items:
                await self.stream_text("answer", item)
                break
        self.entered.set()
        await asyncio.to_thread(self.source.closed.wait)  # closed although the handler lives
        assert [item async for item in items] == []

    @event_handler
    async def left(self) -> None:
        async for item in self.from_thread(self.source.items):
            await self.stream_text("answer", item)
            break

    @event_handler
    async def odd(self, how: str) -> None:
        if how == "twice":
            items = self.from_thread("ab")
            found = [item async for item in items] + [item async for item in items]
            assert found == ["a", "b"]
        elif how == "unstarted":
            items = self.from_thread("ab")
            await items.aclose()
            assert [item async for item in items] == []
        else:
            assert [item async for item in self.from_thread({"list": [], "range": range(3)}[how])] in (
                [],
                [0, 1, 2],
            )

    @event_handler
    async def raises(self, how: str) -> None:
        def failing() -> Iterator[str]:
            yield "before "
            raise {"error": KeyError("a source"), "stop": StopIteration(), "exit": SystemExit(3)}[how]

        async for item in self.from_thread(failing):
            await self.stream_text("answer", item)


def test_a_blocking_source_is_iterated_in_one_thread_of_its_own(serve: Any, go: Any) -> None:
    async def run() -> None:
        Blocking.source = source = Source(20)
        async with serve(Blocking) as connect, connect() as client, connect() as other:
            await client.hello("Blocking", [])
            await other.hello("Blocking", [])
            ref = await client.start("ask")
            await client.until("stream")  # the first token is shown while the source waits for its second
            assert (await other.run("odd", how="range"))["ok"]  # and other sessions are served
            source.allow.release(20)
            while (await client.until("reply"))["ref"] != ref:
                pass
            assert client.text("answer") == "".join(f"{number} " for number in range(20))
        assert len(source.threads) == 1
        assert threading.get_ident() not in source.threads
        assert source.closed.is_set()

    go(run())


def test_a_slow_client_holds_the_source(serve: Any, go: Any) -> None:
    async def run() -> None:
        Blocking.source = source = Source(400, size=1024)
        source.allow.release(400)
        limits = Limits(max_pending_bytes=8 * 1024)
        async with serve(Blocking, limits=limits) as connect, connect() as client:
            await client.send(
                {
                    "type": "hello",
                    "caps": ["ack"],
                    "limits": {"window": 1},
                    "view": {"name": "Blocking", "params": {}},
                }
            )
            await client.receive()
            ref = await client.start("ask")
            await client.until("stream")  # the window is full; pings are answered all the same
            await client.send({"type": "ping"})
            await client.until("pong")
            # One frame, the pending bytes, what the handler holds, and what the source is ahead.
            assert source.made < 100
            frame = client.frames[-2]
            while (frame["type"], frame.get("ref")) != ("reply", ref):
                if frame["type"] == "stream":
                    cursor = frame["seq"] + frame["n"] - 1
                    await client.send({"type": "ack", "cursors": {"answer": cursor}})
                frame = await client.receive()
            assert len(client.text("answer")) == 400 * 1024

    go(run())


@pytest.mark.parametrize("event", ["ask", "lazily"])
@pytest.mark.parametrize("how", ["cancel", "leave"])
def test_a_cancelled_handler_stops_and_closes_its_source(how: str, event: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        Blocking.source = source = Source(1000)
        async with serve(Blocking) as connect, connect() as client:
            await client.hello("Blocking", [])
            await client.start(event)
            await client.until("stream")
            if how == "cancel":
                await client.send({"type": "cancel", "stream": "answer", "run": 1})
                assert (await client.until("reply"))["error"]["code"] == "cancelled"
            else:
                await client.socket.close(1000)
            source.allow.release(1000)
            await asyncio.to_thread(source.closed.wait)
            assert source.made < 1000

    go(run())


@pytest.mark.parametrize("event", ["first", "left"])
def test_an_iteration_that_is_left_stops_its_source(event: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        Blocking.source = source = Source(1000)
        async with serve(Blocking) as connect, connect() as client:
            await client.hello("Blocking", [])
            ref = await client.start(event)
            if event == "first":
                await Blocking.entered.wait()
                source.allow.release(1000)
            while (reply := await client.until("reply"))["ref"] != ref:
                pass
            assert reply["ok"]
            source.allow.release(1000)
            await asyncio.to_thread(source.closed.wait)
            assert client.text("answer") == "0 "

    go(run())


@pytest.mark.parametrize("how", ["twice", "unstarted", "list", "range"])
def test_any_iterable_is_a_source(how: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Blocking) as connect, connect() as client:
            await client.hello("Blocking", [])
            assert (await client.run("odd", how=how))["ok"]

    go(run())


@pytest.mark.parametrize("how", ["error", "stop", "exit"])
def test_what_a_source_raises_is_raised_by_the_iteration(
    how: str, serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with serve(Blocking) as connect, connect() as client:
            await client.hello("Blocking", [])
            assert (await client.run("raises", how=how))["error"]["code"] == "app_error"
            assert client.text("answer") == "before "

    with caplog.at_level(logging.ERROR):
        go(run())
    (record,) = caplog.records
    assert record.getMessage().startswith("A handler of Blocking raised")


@pytest.mark.parametrize("source", [None, 3, object()])
def test_what_cannot_be_iterated_is_refused(source: Any, go: Any) -> None:
    async def run() -> None:
        with pytest.raises(TypeError, match="cannot be iterated"):
            View().from_thread(source)
        with pytest.raises(ValueError, match="give a number of items"):
            View().from_thread([], ahead=0)

    go(run())


class Never(View):
    @event_handler
    async def push(self, how: str) -> None:
        """A source that never waits: each turn ends by time."""
        for number in range(8):
            threading.Event().wait(0.05)
            if how == "push_state":
                self.number = number
                await self.push_state()
            elif how == "async":
                async for item in self.items(number):
                    await self.stream_text("answer", item)
            else:
                await self.stream_to("answer", html=str(number))

    async def items(self, number: int) -> Any:
        yield f"{number} "

    template = '{{ number }}<p dj-stream="answer"></p>'
    number = 0


@pytest.mark.turns_by_time
@pytest.mark.parametrize("how", ["push_state", "async", "stream_to"])
def test_output_of_a_handler_that_never_waits_is_shown_as_it_goes(how: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Never) as connect, connect() as client:
            await client.hello("Never", ["view", "html"])
            assert (await client.run("push", how=how))["ok"]
            kind = "view" if how == "push_state" else "stream"
            assert sum(frame["type"] == kind for frame in client.frames) >= 4

    go(run())
