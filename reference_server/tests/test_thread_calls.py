"""Calls from threads: which are right, who waits for whom, and how they stop."""

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from streamops_server import Limits, StreamCancelled, View, event_handler

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


class Full(View):
    """Its threads make more than the client takes."""

    seen: list[BaseException]
    ended: threading.Event

    def mount(self, request: Any, /) -> None:
        type(self).seen = []
        type(self).ended = threading.Event()

    def call_until_it_raises(self, call: Callable[[], object]) -> None:
        """Between two calls, or waiting in one: the end may come at any time."""
        try:
            while True:
                call()
        except BaseException as error:
            self.seen.append(error)
        self.ended.set()

    @event_handler
    async def pour(self) -> None:
        def call() -> None:
            self.call_from_thread(self.stream_text, "answer", "x" * 4096, "prepend")

        await self.run_blocking(self.call_until_it_raises, call)

    @event_handler
    async def leave(self) -> None:
        """Returns when its thread has filled the stream."""
        send, loop = self.thread_callback(self.stream_text, "answer"), asyncio.get_running_loop()
        backend: Any = self._streamops_backend
        full = asyncio.Event()

        def call() -> None:
            if backend._pump.is_full("answer"):
                loop.call_soon_threadsafe(full.set)
            send("x" * 4096, "prepend")

        threading.Thread(target=self.call_until_it_raises, args=[call]).start()
        await full.wait()


@pytest.mark.parametrize("how", ["pour", "leave"])
def test_a_thread_that_waits_for_a_slow_client_is_released_by_the_end_of_its_handler(
    how: str, serve: Any, go: Any
) -> None:
    async def run() -> None:
        limits = Limits(max_pending_bytes=8 * 1024)
        async with serve(Full, limits=limits) as connect, connect() as client:
            view = {"name": "Full", "params": {}}
            await client.send({"type": "hello", "caps": ["ack"], "limits": {"window": 1}, "view": view})
            await client.receive()
            await client.start(how)
            if how == "pour":
                await client.until("stream")
                await client.send({"type": "cancel", "stream": "answer", "run": 1})
            await asyncio.to_thread(Full.ended.wait)
            (error,) = Full.seen
            if how == "pour":
                assert type(error) is StreamCancelled
            else:
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
