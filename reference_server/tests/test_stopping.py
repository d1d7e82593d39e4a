"""Cancel, over real sockets: what a client stops, and what takes a run away from a mount."""

import asyncio
from typing import Any

from streamops_server import Limits, event_handler

from .test_sessions import Talker, greet


def test_stop_ends_the_work(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Talker, default=Talker) as connect, connect() as client:
            await greet(client)
            ref = await client.start("wait")
            await client.until("stream")
            await client.send({"type": "cancel", "stream": "other", "run": 1})
            await client.send({"type": "cancel", "stream": "s", "run": 1})
            reply = await client.until("reply")
            assert (reply["ref"], reply["error"]["code"]) == (ref, "cancelled")  # FLW-12
            assert client.ops("s")[-1]["reason"] == "cancelled"
            ref = await client.start("stubborn")
            frame = await client.until("stream")
            await client.send({"type": "cancel", "stream": "s", "run": frame["seq"]})
            reply = await client.until("reply")
            assert (reply["ref"], reply["error"]["code"]) == (ref, "cancelled"), "whatever it made of it"
            assert [op.get("text") or op.get("reason") for op in client.ops("s")][-3:] == [
                "on ",
                "stopped",
                "cancelled",
            ]

    go(whole())


def test_stop_said_twice_disturbs_no_clean_up(serve: Any, go: Any) -> None:
    class Careful(Talker):
        @event_handler
        async def careful(self) -> None:
            await self.stream_text("s", "on ")
            try:
                await asyncio.sleep(60)
            finally:
                await self.go_on.wait()
                await self.stream_text("s", "stopped")

    async def whole() -> None:
        async with serve(Careful, default=Careful) as connect, connect() as client:
            await greet(client)
            await client.start("careful")
            await client.until("stream")
            for _ in range(3):
                await client.send({"type": "cancel", "stream": "s", "run": 1})
                await client.send({"type": "ping"})
                await client.until("pong")
            await client.start("release")
            while client.ops("s")[-1]["op"] != "done":
                await client.until("stream")
            assert client.text("s") == "on stopped"

    go(whole())


def test_a_mount_that_was_superseded_has_its_first_view(serve: Any, go: Any) -> None:
    class Overtaken(Talker):
        async def mount(self, _request: Any, **_params: Any) -> None:
            await self.stream_text("s", "mounting")
            self.start_task(self._take_over())
            for _ in range(200):
                await asyncio.sleep(0.02)
                await self.stream_text("s", ".")

        async def _take_over(self) -> None:
            await self.stream_start("s")

    async def whole() -> None:
        async with serve(Overtaken, default=Overtaken) as connect, connect() as client:
            await greet(client)
            assert (await client.receive())["type"] == "view"  # CON-8

    go(whole())


def test_stop_ends_what_the_mount_began(serve: Any, go: Any) -> None:
    class Slow(Talker):
        async def mount(self, _request: Any, **_params: Any) -> None:
            await self.stream_text("s", "mounting")
            for _ in range(200):
                await asyncio.sleep(0.02)
                await self.stream_text("s", ".")

    async def whole() -> None:
        async with serve(Slow, default=Slow, limits=Limits(cancel_ms=100)) as connect, connect() as client:
            await greet(client, caps=["ack"])
            await client.start("release")
            await client.send({"type": "cancel", "stream": "s", "run": 1})
            reply = await client.until("reply")
            assert not reply["ok"], "the mount never got to make what it waits for"
            assert client.ops("s")[-1]["reason"] == "cancelled"

    go(whole())
