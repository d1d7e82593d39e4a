"""Sessions that outlive their connections, over real sockets: resume, takeover, principals."""

import asyncio
from typing import Any

import pytest
from streamops_server import Limits, Unauthorized, View, event_handler
from streamops_server.interfaces.store import ANONYMOUS
from websockets.exceptions import ConnectionClosed

CAPS = ["html", "view", "ack", "resume"]


class Talker(View):
    template = "<p dj-stream='s'></p><i>{{ said }}</i>"
    said = 0

    def mount(self, _request: Any, **_params: Any) -> None:
        self.go_on = asyncio.Event()
        self.cancelled = 0

    @event_handler
    async def talk(self, count: int = 5, pause: float = 0.0) -> None:
        for number in range(count):
            await self.stream_text("s", f"{number} ")
            await asyncio.sleep(pause)
        self.said += 1

    @event_handler
    async def wait(self) -> None:
        await self.stream_text("s", "waiting")
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    @event_handler
    async def stubborn(self) -> None:
        await self.stream_text("s", "on ")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await self.stream_text("s", "stopped")

    @event_handler
    async def release(self) -> None:
        self.go_on.set()

    @event_handler
    async def flood(self, size: int) -> None:
        for _ in range(size // 1000):
            await self.stream_insert("s", "x" * 1000)


async def greet(client: Any, caps: list[str] | None = None, **members: Any) -> dict[str, Any]:
    await client.send({"type": "hello", "caps": caps or CAPS, "limits": {"window": 64}, **members})
    welcome: dict[str, Any] = await client.until("welcome")
    return welcome


def resuming(welcome: dict[str, Any], **cursors: int) -> dict[str, Any]:
    return {"resume": {"session": welcome["session"], "cursors": cursors, "view": 1}}


async def abandoned(connect: Any, event: str, **params: Any) -> tuple[dict[str, Any], Any]:
    """A session whose connection is lost while a handler streams: its welcome, and the server's side."""
    async with connect() as client:
        welcome = await greet(client)
        await client.start(event, **params)
        await client.until("stream")
        client.socket.transport.abort()
    (runner,) = connect.server._host.runners
    return welcome, runner


async def told(client: Any) -> list[str]:
    """What the connection says until it is closed: its errors' codes, and the close's."""
    codes = []
    try:
        while True:
            frame = await client.receive()
            codes += [frame["code"]] if frame["type"] == "error" else []
    except ConnectionClosed:
        return [*codes, str(client.socket.close_code)]


def test_a_run_goes_on_over_a_lost_connection(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Talker, default=Talker) as connect:
            welcome, runner = await abandoned(connect, "wait")
            while runner.session.attached:  # noqa: ASYNC110 (the server has no event for its tests)
                await asyncio.sleep(0.01)
            runner.view_runner.view.go_on.set()
            async with connect() as client:
                again = await greet(client, **resuming(welcome))
                assert again["session"] == welcome["session"]
                assert again["resumed"] == {"s": {"how": "replay", "seq": 3}}
                await client.send({"type": "event", "ref": 1, "event": "wait", "params": {}})
                reply = await client.until("reply")
                assert (reply["ref"], reply["ok"]) == (1, True)
                assert client.text("s") == "waiting"
                assert [op["op"] for op in client.ops("s")] == ["start", "text", "done"]
            assert runner.view_runner.view.cancelled == 0

    go(whole())


def test_a_live_session_is_taken_over(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Talker, default=Talker) as connect, connect() as old, connect() as new:
            welcome = await greet(old)
            assert (await greet(new, **resuming(welcome)))["session"] == welcome["session"]
            assert await told(old) == ["taken_over", "4409"]  # RES-9
            assert (await new.run("talk", count=1))["ok"]
            assert len(connect.server._host.runners) == 1

    go(whole())


def test_a_late_hello_takes_nothing_over(serve: Any, go: Any) -> None:
    """Its client came back on another connection since, whether that is open or not."""

    async def whole() -> None:
        async with serve(Talker, default=Talker) as connect, connect() as old, connect() as new:
            welcome = await greet(old)
            resume = resuming(welcome)["resume"]
            assert (await greet(new, resume={**resume, "attempt": 2}))["session"] == welcome["session"]
            for attempt in (1, 2):
                async with connect() as late:
                    said = {
                        "type": "hello",
                        "caps": CAPS,
                        "limits": {},
                        "resume": resume | {"attempt": attempt},
                    }
                    await late.send(said)
                    assert await told(late) == ["taken_over", "4409"]  # RES-20
            assert (await new.run("talk", count=1))["ok"]
            new.socket.transport.abort()
            async with connect() as later:
                again = await greet(later, resume={**resume, "attempt": 3})
                assert again["session"] == welcome["session"]
            assert len(connect.server._host.runners) == 1

    go(whole())


def test_a_session_ends_after_its_time(serve: Any, go: Any) -> None:
    async def whole() -> None:
        limits = Limits(resume_ttl_ms=100)
        async with serve(Talker, default=Talker, limits=limits) as connect:
            welcome, runner = await abandoned(connect, "wait")
            while connect.server._host.runners:  # noqa: ASYNC110 (the server has no event for its tests)
                await asyncio.sleep(0.01)
            await asyncio.sleep(0)
            assert runner.view_runner.view.cancelled == 1
            async with connect() as client:
                assert (await greet(client, **resuming(welcome)))["session"] != welcome["session"]

    go(whole())


def test_a_client_that_says_good_bye_does_not_come_back(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Talker, default=Talker) as connect, connect() as other:
            async with connect() as client:
                welcome = await greet(client)
            again = await greet(other, **resuming(welcome))
            assert again["session"] != welcome["session"]
            assert "resumed" not in again

    go(whole())


def test_somebody_elses_session_is_as_unknown_as_none(serve: Any, go: Any) -> None:
    async def whole() -> None:
        def whose(request: Any) -> str:
            return str(request.headers.get("authorization", ANONYMOUS))

        async with serve(Talker, default=Talker, authenticate=whose) as connect:
            mine = {"additional_headers": {"Authorization": "me"}}
            async with connect(**mine) as client, connect() as stranger, connect(**mine) as second:
                welcome = await greet(client)
                answer = await greet(stranger, **resuming(welcome))
                assert answer["session"] != welcome["session"]  # RES-10
                assert "resumed" not in answer
                assert (await greet(second, **resuming(welcome)))["session"] == welcome["session"]

    go(whole())


def test_who_may_not_begin_is_told(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async def nobody(_request: Any) -> str:
            raise Unauthorized("Members only")

        async with serve(Talker, default=Talker, authenticate=nobody) as connect, connect() as client:
            assert await told(client) == ["unauthorized", "4401"]

    go(whole())


def test_without_an_origin_a_cookie_says_nothing(serve: Any, go: Any) -> None:
    async def whole() -> None:
        seen = []

        def whose(request: Any) -> str:
            seen.append(request.headers.get("cookie"))
            return ANONYMOUS

        async with serve(Talker, default=Talker, authenticate=whose) as connect:
            host = connect.server.url.removeprefix("ws://").rstrip("/")
            async with connect(additional_headers={"Cookie": "a=1"}) as client:
                await greet(client)
            async with connect(additional_headers={"Cookie": "a=1"}, origin=f"http://{host}") as client:
                await greet(client)
        assert seen == [None, "a=1"]

    go(whole())


@pytest.mark.parametrize("known", [True, False])
def test_the_oldest_detached_session_goes_first(serve: Any, go: Any, known: bool) -> None:
    async def whole() -> None:
        limits = Limits(max_detached=2, max_detached_anonymous=2)

        def whose(_request: Any) -> str:
            return "me" if known else ANONYMOUS

        async with serve(Talker, default=Talker, limits=limits, authenticate=whose) as connect:
            welcomes = []
            for _ in range(3):
                async with connect() as client:
                    welcomes.append(await greet(client))
                    client.socket.transport.abort()
                while sum(runner.session.attached for runner in connect.server._host.runners):  # noqa: ASYNC110 (as above)
                    await asyncio.sleep(0.01)
            assert {runner.session.id for runner in connect.server._host.runners} == {
                each["session"] for each in welcomes[1:]
            }

    go(whole())


def test_producers_of_an_absent_client_wait(serve: Any, go: Any) -> None:
    async def whole() -> None:
        limits = Limits(replay_bytes=100_000)
        async with serve(Talker, default=Talker, limits=limits) as connect:
            welcome, runner = await abandoned(connect, "flood", size=400_000)
            while not runner.pump._waiting:  # noqa: ASYNC110 (as above)
                await asyncio.sleep(0.01)
            assert runner.session.outbox.pending_bytes < 300_000
            async with connect() as client:
                await greet(client, **resuming(welcome))
                await client.send({"type": "event", "ref": 1, "event": "flood", "params": {"size": 400_000}})
                seen = 0
                while True:
                    frame = await client.receive()
                    if frame["type"] == "reply":
                        break
                    if frame["type"] == "stream":
                        seen += frame["n"]
                        cursor = {frame["stream"]: frame["seq"] + frame["n"] - 1}
                        await client.send({"type": "ack", "cursors": cursor})
                assert seen == 402, "start, 400 pieces, done"

    go(whole())


def test_what_a_client_missed_for_good_is_said_by_a_view(serve: Any, go: Any) -> None:
    class Shown(Talker):
        template_renders = frozenset({"s"})

    class Broken(Talker):
        @property
        def trouble(self) -> str:
            if self.said:
                raise RuntimeError("no html any more")
            return ""

    async def whole(view: type[View]) -> tuple[str, list[str]]:
        limits = Limits(replay_bytes=2000)
        async with serve(view, default=view, limits=limits) as connect:
            async with connect() as client:
                welcome = await greet(client, caps=["html", "view", "resume"])
                for _ in range(3):
                    await client.run("flood", size=2000)
                (runner,) = connect.server._host.runners
                runner.view_runner.view.said = 1
                client.socket.transport.abort()
            async with connect() as client:
                again = await greet(client, caps=["html", "view", "resume"], **resuming(welcome))
                await client.send({"type": "ping"})
                await client.until("pong")
                await asyncio.sleep(0.1)
                await client.send({"type": "ping"})
                await client.until("pong")
                return again["resumed"]["s"]["how"], [
                    frame["html"] for frame in client.frames if frame["type"] == "view"
                ]

    assert go(whole(Shown)) == ("view", ["<p dj-stream='s'></p><i>1</i>"])
    assert go(whole(Broken)) == ("gone", [])


def test_a_client_that_gave_up_takes_nothing_over(serve: Any, go: Any) -> None:
    """Its `hello` may be read when it has come back on another connection long ago."""

    async def whole() -> None:
        doors = [asyncio.Event() for _ in range(3)]
        doors[0].set()
        doors[2].set()
        at_the_door = iter(doors)

        async def slowly(_request: Any) -> str:
            await next(at_the_door).wait()
            return ANONYMOUS

        async with serve(Talker, default=Talker, authenticate=slowly) as connect:
            async with connect() as first:
                welcome = await greet(first)
                first.socket.transport.abort()
            async with connect() as late:
                hello = {"type": "hello", "caps": CAPS, "limits": {}, **resuming(welcome)}
                await late.send(hello)
                await asyncio.sleep(0.05)  # so that it is there, and not read
                late.socket.transport.abort()
            async with connect() as client:
                assert (await greet(client, **resuming(welcome)))["session"] == welcome["session"]
                await asyncio.sleep(0.05)
                doors[1].set()
                await asyncio.sleep(0.05)
                ref = await client.start("talk")
                assert (await client.until("reply"))["ref"] == ref

    go(whole())
