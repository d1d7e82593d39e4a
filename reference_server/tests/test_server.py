"""The server over real sockets: upgrades, mounts, handlers, concurrency, pressure, the end."""

import asyncio
import json
from typing import Any

import pytest
from streamops_server import BadParams, Limits, StreamCancelled, View, event_handler
from websockets.exceptions import ConnectionClosed


class Worker(View):
    template = '<p dj-stream="s">{{ shown }}</p><b dj-stream="kept" dj-update="ignore"></b>'
    shown = "class"
    template_renders = frozenset({"rendered"})

    async def mount(self, request: Any, raises: str = "", early: bool = False, **_kwargs: Any) -> None:
        await asyncio.sleep(0)
        self.path = request.path
        self.go_on = asyncio.Event()
        if early:
            await self.stream_text("s", "early")
            await self.push_state()
        if raises:
            raise {"params": BadParams("no"), "secret": RuntimeError("the secret")}[raises]

    @event_handler
    async def echo(self, text: str) -> None:
        self.shown = text
        await self.stream_text("s", text)

    @event_handler
    async def fail(self) -> None:
        await self.stream_text("s", "x")
        raise RuntimeError("the secret")

    @event_handler
    async def wait(self) -> None:
        await self.stream_start("w")
        await self.go_on.wait()
        await self.stream_text("w", "late")

    @event_handler
    async def release(self) -> None:
        self.go_on.set()

    @event_handler
    async def supersede(self) -> None:
        await self.stream_start("w")
        self.go_on.set()
        await asyncio.sleep(0.05)

    @event_handler
    async def outlive(self) -> None:
        async def after() -> None:
            await self.go_on.wait()
            await self.stream_text("s", "after")

        await self.stream_start("s")
        self.start_task(after())

    @event_handler
    async def cancel_at_once(self) -> None:
        await self.stream_start("s")
        self.start_task(self._take("t")).cancel()

    @event_handler
    async def leak(self) -> None:
        async def stray() -> None:
            await asyncio.sleep(0.01)
            try:
                await self.stream_text("s", "stray")
            except RuntimeError as error:
                self.stray = str(error)
            self.go_on.set()

        self.task = asyncio.create_task(stray())

    @event_handler
    async def pour(self, total: int) -> None:
        for number in range(total):
            await self.stream_text("s", f"{number} ".rjust(1000))

    @event_handler
    async def pour_views(self, count: int) -> None:
        for number in range(count):
            self.shown = str(number) * 50_000
            await self.stream_start("s")
            await self.push_state()

    @event_handler
    async def missing(self) -> None:
        await self.stream_to("nowhere")

    @event_handler
    async def every_call(self) -> None:
        for call in (
            lambda: self.stream_to("s"),
            lambda: self.stream_to("s", html="x"),
            lambda: self.stream_insert("s", "x"),
            lambda: self.stream_delete("s"),
            lambda: self.stream_prune("s", 1),
            lambda: self.stream_text("s", "x"),
            lambda: self.stream_error("s", "x"),
        ):
            with pytest.raises(StreamCancelled):
                await call()
        await self.stream_done("s")

    @event_handler
    async def fenced_everywhere(self) -> None:
        await self.stream_start("s")
        await self.start_task(self._take("s"))
        await self.every_call()

    async def _take(self, name: str) -> None:
        await self.stream_start(name)

    async def not_a_handler(self) -> None:
        raise AssertionError("clients cannot get here")


async def ending(client: Any) -> tuple[Any, int, str]:
    """The fatal error, and the close after it."""
    error = await client.until("error")
    with pytest.raises(ConnectionClosed):
        await client.receive()
    return error, client.socket.close_code, client.socket.close_reason


@pytest.mark.parametrize(
    ("view", "params", "code"),
    [
        ("Nobody", {}, "bad_params"),
        ("Worker", {"raises": "params"}, "bad_params"),
        ("Worker", {"raises": "secret"}, "app_error"),
        ("Strict", {"unknown": 1}, "bad_params"),
    ],
)
def test_a_mount_that_fails_ends_the_session(serve: Any, go: Any, view: str, params: Any, code: str) -> None:
    class Strict(View):
        def mount(self, request: Any) -> None:  # type: ignore[override]  # reason: takes no params on purpose
            pass

    async def whole() -> None:
        async with serve(Worker, Strict) as connect, connect() as client:
            await client.send(
                {"type": "hello", "caps": [], "limits": {}, "view": {"name": view, "params": params}}
            )
            error, close, reason = await ending(client)
            assert (error["code"], error["retryable"], close, reason) == (code, False, 4500, code)
            assert "secret" not in json.dumps(client.frames)

    go(whole())


def test_what_a_mount_streams_comes_after_the_first_view(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            await client.hello("Worker", early=True)
            view, stream = await client.receive(), await client.receive()
            assert view["streams"] == {"s": {"seq": 0, "state": "idle"}}
            assert "class" in view["html"]
            assert [op["op"] for op in stream["ops"]] == ["start", "text", "done"]

    go(whole())


def test_without_a_view_there_is_nothing_to_run(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            welcome = await client.hello()
            assert "view" not in welcome["caps"]
            reply = await client.run("echo", text="x")
            assert reply["error"]["code"] == "unknown_event"

    go(whole())


def test_the_default_view_is_mounted_where_none_is_named(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker, default=Worker) as connect, connect() as client:
            assert "view" in (await client.hello())["caps"]
            assert (await client.run("echo", text="x"))["ok"]
            assert client.frames[-2]["type"] == "view"

    go(whole())


@pytest.mark.parametrize(
    ("event", "params", "code"),
    [
        ("nothing", {}, "unknown_event"),
        ("not_a_handler", {}, "unknown_event"),
        ("__class__", {}, "unknown_event"),
        ("echo", {}, "bad_params"),
        ("echo", {"text": "x", "self": 1}, "bad_params"),
        ("fail", {}, "app_error"),
        ("missing", {}, "app_error"),
    ],
)
def test_requests_that_fail_are_answered(serve: Any, go: Any, event: str, params: Any, code: str) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            await client.hello("Worker")
            reply = await client.run(event, **params)
            assert reply["error"]["code"] == code
            assert "secret" not in json.dumps(client.frames)
            assert (await client.run("echo", text="y"))["ok"]

    go(whole())


def test_handlers_run_concurrently(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            await client.hello("Worker")
            waiting = await client.start("wait")
            await client.send({"type": "ping", "t": "still there"})
            assert (await client.until("pong"))["t"] == "still there"
            assert (await client.run("release"))["ok"]
            assert await client.until("reply") == {"type": "reply", "ref": waiting, "ok": True}
            assert client.text("w") == "late"

    go(whole())


def test_a_superseded_handler_is_answered_cancelled(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            await client.hello("Worker")
            await client.start("wait")
            await client.start("supersede")
            first, second = await client.until("reply"), await client.until("reply")
            assert (first["ref"], first["error"]["code"]) == (1, "cancelled")
            assert second["ok"]
            assert client.text("w") == ""

    go(whole())


def test_every_call_of_a_fenced_handler_is_a_cancellation(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            await client.hello("Worker")
            assert (await client.run("fenced_everywhere"))["ok"]
            assert [op.get("reason", op["op"]) for op in client.ops("s")] == [
                "start", "superseded", "start", "complete",
            ]  # fmt: skip

    go(whole())


def test_a_task_outlives_its_handler_and_keeps_its_runs_open(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            await client.hello("Worker")
            assert (await client.run("outlive"))["ok"]
            assert [op["op"] for op in client.ops("s")] == ["start"]
            await client.run("release")
            while len(client.ops("s")) < 3:
                await client.receive()
            assert [op["op"] for op in client.ops("s")] == ["start", "text", "done"]

    go(whole())


def test_a_task_that_never_began_keeps_nothing_open(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            await client.hello("Worker")
            assert (await client.run("cancel_at_once"))["ok"]
            while len(client.ops("s")) < 2:
                await client.receive()
            assert client.ops("s")[1]["reason"] == "complete"

    go(whole())


def test_a_stray_task_is_told_how_to_do_it(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            await client.hello("Worker")
            await client.run("leak")
            (runner,) = connect.server._host.runners
            await runner.view_runner.view.go_on.wait()
            assert "start_task" in runner.view_runner.view.stray
            with pytest.raises(RuntimeError, match="start_task"):
                await runner.view_runner.view.stream_text("s", "x")

    go(whole())


def test_a_view_that_is_not_mounted_says_so(go: Any) -> None:
    with pytest.raises(RuntimeError, match="not mounted"):
        go(Worker().stream_text("s", "x"))


def test_handlers_are_async() -> None:
    with pytest.raises(TypeError, match="async def"):

        @event_handler  # type: ignore[type-var]  # reason: wrong on purpose
        def plain(self: Any) -> None:
            pass


@pytest.mark.parametrize("total", [30_000])
def test_nothing_is_lost_to_a_client_that_reads_late(serve: Any, go: Any, total: int) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect(max_queue=1) as client:
            await client.hello("Worker")
            await client.start("pour", total=total)
            await asyncio.sleep(0.5)
            (runner,) = connect.server._host.runners
            queue = runner.program.streams["s"]
            assert queue.pending_bytes <= 300 * 1024, "the producer waits"
            await client.until("reply")
            assert client.text("s") == "".join(f"{number} ".rjust(1000) for number in range(total))

    go(whole())


def test_views_wait_too(serve: Any, go: Any) -> None:
    async def whole() -> None:
        limits = Limits(max_pending_bytes=100_000)
        async with serve(Worker, limits=limits) as connect, connect() as client:
            await client.hello("Worker")
            await client.run("pour_views", count=9)
            views = [frame["html"] for frame in client.frames if frame["type"] == "view"][1:]
            assert [html.index(">") for html in views] == [16] * 9
            assert [html[17] for html in views] == [str(number) for number in range(9)]

    go(whole())


def test_a_final_view_that_cannot_fit_is_left_out(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker) as connect, connect() as client:
            await client.hello("Worker")
            assert (await client.run("echo", text="&" * 300_000))["ok"]
            assert sum(frame["type"] == "view" for frame in client.frames) == 1
            assert len(client.text("s")) == 300_000

    go(whole())


def test_a_silent_client_is_pinged(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Worker, limits=Limits(heartbeat_ms=50)) as connect, connect() as client:
            await client.hello("Worker", caps=[])
            assert json.loads(await client.socket.recv()) == {"type": "ping"}
            error, close, _ = await ending(client)
            assert (error["code"], close) == ("heartbeat_timeout", 4504)

    go(whole())


def test_binary_and_oversized_messages_end_the_session(serve: Any, go: Any) -> None:
    async def whole() -> None:
        limits = Limits(max_frame_bytes=65536)
        for message, code, close in [(b"{}", "bad_frame", 4400), ("x" * 65537, "frame_too_large", 4413)]:
            async with serve(Worker, limits=limits) as connect, connect() as client:
                await client.hello("Worker", caps=[])
                await client.socket.send(message)
                error, code_seen, reason = await ending(client)
                assert (error["code"], code_seen, reason) == (code, close, code)

    go(whole())


def test_the_server_ends_politely(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with connect_all(serve) as (connect, clients):
            await clients[0].start("wait")
            await clients[0].until("stream")
            closing = asyncio.create_task(connect.server.__aexit__())
            for client in clients:
                error, close, reason = await ending(client)
                assert (error["code"], error["retryable"]) == ("shutting_down", True)
                assert (close, reason) == (4503, "shutting_down")
            await closing

    go(whole())


def connect_all(serve: Any) -> Any:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def opened() -> Any:
        async with serve(Worker) as connect, connect() as first, connect() as second:
            for client in (first, second):
                await client.hello("Worker")
            yield connect, (first, second)

    return opened()
