"""Sources that block, and calls from threads: who owns them, who waits for whom, and how they stop."""

import asyncio
import contextvars
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from streamops_server import Limits, StreamCancelled, View, event_handler


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


# -- calls from threads --------------------------------------------------------------------

POOL = ThreadPoolExecutor(2)


class Threaded(View):
    """A library calls back from its own thread."""

    seen: list[BaseException]
    inside: threading.Event
    go_on: threading.Event

    def mount(self, request: Any, /) -> None:
        cls = type(self)
        cls.seen, cls.inside, cls.go_on = [], threading.Event(), threading.Event()

    def produce(self, send: Any) -> None:
        for number in range(5):
            send(f"{number} ")

    def token(self, text: str) -> None:
        self.call_from_thread(self.stream_text, "answer", text)

    @event_handler
    async def ask(self, how: str) -> None:
        loop = asyncio.get_running_loop()
        if how == "run_blocking":
            await self.run_blocking(self.produce, self.token)
        elif how == "to_thread":
            await asyncio.to_thread(self.produce, self.token)
        elif how == "pool":
            await loop.run_in_executor(POOL, self.produce, self.thread_callback(self.stream_text, "answer"))
        elif how == "pool and context":
            await loop.run_in_executor(POOL, contextvars.copy_context().run, self.produce, self.token)
        elif how == "thread":
            done = asyncio.Event()
            send, end = self.thread_callback(self.stream_text, "answer"), self.thread_callback(done.set)
            threading.Thread(target=lambda: (self.produce(send), end())).start()
            await done.wait()
        else:
            send = self.thread_callback(self.stream_text, "answer")
            async with asyncio.TaskGroup() as group:
                for _ in range(2):
                    group.create_task(asyncio.to_thread(send, "same "))

    @event_handler
    async def result(self, how: str) -> None:
        def work() -> Any:
            if how == "value":
                return self.call_from_thread(lambda: 3) + 1
            if how == "raises":
                return self.call_from_thread({}.__getitem__, "key")
            if how == "stops":
                return self.call_from_thread(next, iter(()))
            return next(iter(()))

        assert await self.run_blocking(work) == 4

    @event_handler
    async def wrong(self, how: str) -> None:
        if how == "on the loop":
            self.call_from_thread(self.stream_text, "answer", "x")
        elif how == "without a context":
            await asyncio.get_running_loop().run_in_executor(POOL, self.token, "x")
        else:
            send = asyncio.run_coroutine_threadsafe
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(POOL, lambda: send(self.stream_text("a", "x"), loop).result())

    @event_handler
    async def until_cancelled(self) -> None:
        def work() -> None:
            try:
                self.token("first ")
                self.inside.set()
                self.go_on.wait()
                self.token("second ")
            except BaseException as error:
                self.seen.append(error)
            self.inside.set()

        await self.run_blocking(work)

    @event_handler
    async def too_late(self, how: str) -> None:
        call = self.stream_text if how == "stream" else self.seen.append
        send = self.thread_callback(call, *["answer"] * (how == "stream"))

        def work() -> None:
            self.go_on.wait()
            try:
                send("late")
            except BaseException as error:
                self.seen.append(error)
            self.inside.set()

        threading.Thread(target=work).start()


@pytest.mark.parametrize("how", ["run_blocking", "to_thread", "pool", "pool and context", "thread"])
def test_tokens_come_from_threads_of_any_kind(how: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Threaded) as connect, connect() as client:
            await client.hello("Threaded", [])
            assert (await client.run("ask", how=how))["ok"]
            assert client.text("answer") == "0 1 2 3 4 "
            assert [op["op"] for op in client.ops("answer")][-1] == "done"

    go(run())


def test_one_callback_may_be_called_in_several_threads_at_once(serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Threaded) as connect, connect() as client:
            await client.hello("Threaded", [])
            assert (await client.run("ask", how="two at once"))["ok"]
            assert client.text("answer") == "same same "

    go(run())


@pytest.mark.parametrize(
    ("how", "ok"), [("value", True), ("raises", False), ("stops", False), ("own", False)]
)
def test_a_thread_gets_what_its_call_returns_or_raises(how: str, ok: bool, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Threaded) as connect, connect() as client:
            await client.hello("Threaded", [])
            assert (await client.run("result", how=how))["ok"] is ok

    go(run())


@pytest.mark.parametrize(
    ("how", "way_out"),
    [
        ("on the loop", "await the call itself"),
        ("without a context", "self.thread_callback"),
        ("run_coroutine_threadsafe", "self.run_blocking"),
    ],
)
def test_a_wrong_call_names_the_way_out(
    how: str, way_out: str, serve: Any, go: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with serve(Threaded) as connect, connect() as client:
            await client.hello("Threaded", [])
            assert (await client.run("wrong", how=how))["error"]["code"] == "app_error"

    with caplog.at_level(logging.ERROR):
        go(run())
    assert way_out in caplog.text


@pytest.mark.parametrize("how", ["cancel", "leave"])
def test_a_thread_learns_of_a_cancel_by_its_next_call(how: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Threaded) as connect, connect() as client:
            await client.hello("Threaded", [])
            await client.start("until_cancelled")
            await asyncio.to_thread(Threaded.inside.wait)
            Threaded.inside.clear()
            if how == "cancel":
                await client.until("stream")
                await client.send({"type": "cancel", "stream": "answer", "run": 1})
                assert (await client.until("reply"))["error"]["code"] == "cancelled"
            else:
                await client.socket.close(1000)
                while connect.server._host.runners:  # noqa: ASYNC110  # reason: the server has no event for it
                    await asyncio.sleep(0)
            Threaded.go_on.set()
            await asyncio.to_thread(Threaded.inside.wait)
            assert [type(error) for error in Threaded.seen] == [StreamCancelled]

    go(run())


def test_a_thread_that_waits_for_a_slow_client_is_released_by_a_cancel(serve: Any, go: Any) -> None:
    class Full(View):
        seen: list[BaseException] = []  # noqa: RUF012  # reason: the test reads it
        ended = threading.Event()

        @event_handler
        async def pour(self) -> None:
            def work() -> None:
                try:
                    while True:  # between two calls, or waiting in one: the cancel may come at any time
                        self.call_from_thread(self.stream_text, "answer", "x" * 4096, "prepend")
                except BaseException as error:
                    self.seen.append(error)
                self.ended.set()

            await self.run_blocking(work)

    async def run() -> None:
        limits = Limits(max_pending_bytes=8 * 1024)
        async with serve(Full, limits=limits) as connect, connect() as client:
            await client.send(
                {
                    "type": "hello",
                    "caps": ["ack"],
                    "limits": {"window": 1},
                    "view": {"name": "Full", "params": {}},
                }
            )
            await client.receive()
            await client.start("pour")
            await client.until("stream")
            await client.send({"type": "cancel", "stream": "answer", "run": 1})
            await asyncio.to_thread(Full.ended.wait)
            assert [type(error) for error in Full.seen] == [StreamCancelled]

    go(run())


def test_a_thread_that_waits_when_its_handler_ends_is_told_so(serve: Any, go: Any) -> None:
    class Full(View):
        seen: list[BaseException] = []  # noqa: RUF012  # reason: the test reads it
        ended = threading.Event()

        @event_handler
        async def pour(self) -> None:
            send, loop = self.thread_callback(self.stream_text, "answer"), asyncio.get_running_loop()
            backend: Any = self._streamops_backend
            full = asyncio.Event()

            def work() -> None:
                try:
                    while True:
                        if backend._pump.is_full("answer"):
                            loop.call_soon_threadsafe(full.set)
                        send("x" * 4096, "prepend")
                except BaseException as error:
                    self.seen.append(error)
                self.ended.set()

            threading.Thread(target=work).start()
            await full.wait()

    async def run() -> None:
        limits = Limits(max_pending_bytes=8 * 1024)
        async with serve(Full, limits=limits) as connect, connect() as client:
            await client.send(
                {
                    "type": "hello",
                    "caps": ["ack"],
                    "limits": {"window": 1},
                    "view": {"name": "Full", "params": {}},
                }
            )
            await client.receive()
            await client.start("pour")
            await asyncio.to_thread(Full.ended.wait)
            (error,) = Full.seen
            assert "await self.run_blocking()" in str(error)

    go(run())


@pytest.mark.parametrize("how", ["stream", "another function"])
def test_a_thread_that_outlives_its_handler_is_told_so(how: str, serve: Any, go: Any) -> None:
    async def run() -> None:
        async with serve(Threaded) as connect, connect() as client:
            await client.hello("Threaded", [])
            assert (await client.run("too_late", how=how))["ok"]
            Threaded.go_on.set()
            await asyncio.to_thread(Threaded.inside.wait)
            (error,) = Threaded.seen
            assert isinstance(error, RuntimeError)
            assert "await self.run_blocking()" in str(error)

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
