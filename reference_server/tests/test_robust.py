"""What neither a client nor a handler can do to the server: large words, exits, floods, mute connections."""

import asyncio
import contextlib
import json
from typing import Any

import pytest
from streamops_server import BadParams, View, event_handler
from websockets.exceptions import ConnectionClosed

LEAST = 65_536
"""The least that a client may take."""


class Leaving(list[int]):
    def __len__(self) -> int:
        raise SystemExit(3)


class Touchy(View):
    template = '<p dj-stream="s"></p>{{ items|length }}'

    async def mount(self, request: Any, /, says: int = 0, *, exits: bool = False) -> None:
        if says:
            raise BadParams("\N{FOX FACE}" * says)
        if exits:
            raise SystemExit(3)

    def __init__(self) -> None:
        self.items = [1, 2]

    @event_handler
    async def leave(self, how: str) -> None:
        await self.stream_start("s")
        raise {"exit": SystemExit(3), "base": BaseException("odd")}[how]

    @event_handler
    async def leave_in_a_task(self, how: str) -> None:
        await self.start_task(self.leave(how))

    @event_handler
    async def leave_while_rendering(self) -> None:
        self.items = Leaving()

    @event_handler
    async def say(self, length: int, word: str = "x") -> None:
        raise BadParams(word * length)


async def refusal(client: Any) -> Any:
    """The fatal error that is the answer to a hello."""
    error = json.loads(await client.socket.recv())
    while error["type"] != "error":
        error = json.loads(await client.socket.recv())
    with pytest.raises(ConnectionClosed):
        await client.socket.recv()
    return error


def test_a_refusal_never_outgrows_the_client(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Touchy) as connect:
            async with connect() as client:
                await client.hello("Touchy", caps=[])
                for event, params in [
                    ("say", {"k" * 100_000: 1}),
                    ("say", {"length": 100_000}),
                    ("say", {"length": 100_000, "word": "\x00"}),
                ]:
                    reply = await client.run(event, **params)
                    assert reply["error"]["code"] == "bad_params"
                    assert 0 < len(reply["error"]["error"]) <= 512
            for params in ({"k" * 100_000: 1}, {"says": 100_000}):
                async with connect() as client:
                    hello = {"name": "Touchy", "params": params}
                    await client.send({"type": "hello", "caps": [], "limits": {}, "view": hello})
                    assert len((await refusal(client))["error"]) == 512

    go(whole())


def test_nothing_that_a_program_raises_ends_the_server(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Touchy) as connect:
            async with connect() as client:
                await client.hello("Touchy")
                for event in ("leave", "leave_in_a_task"):
                    for how in ("exit", "base"):
                        client.frames.clear()
                        reply = await client.run(event, how=how)
                        assert reply["error"] == {"code": "app_error", "error": "The application failed"}
                        assert [op["op"] for op in client.ops("s")] == ["start", "error", "done"]
                assert (await client.run("leave_while_rendering"))["error"]["code"] == "app_error"
            async with connect() as client:
                hello = {"name": "Touchy", "params": {"exits": True}}
                await client.send({"type": "hello", "caps": [], "limits": {}, "view": hello})
                assert (await refusal(client))["code"] == "app_error"

    go(whole())


def test_connections_that_ask_for_nothing_do_not_hold_the_end_up(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Touchy) as connect:
            server = connect.server
            mute = [await asyncio.open_connection(server.host, server.port) for _ in range(2)]
            mute[1][1].write(b"GET / HTTP/1.1\r\nHost: x\r\n")
            await asyncio.sleep(0.05)
            mute.append(await asyncio.open_connection(server.host, server.port))
            async with asyncio.timeout(3), connect() as client:
                await client.hello("Touchy")
                ending = asyncio.create_task(server.__aexit__())
                assert (await client.until("error"))["code"] == "shutting_down"
                await ending
            for reader, writer in mute:
                with contextlib.suppress(ConnectionResetError):
                    assert await reader.read() == b""
                writer.close()

    go(whole())


def test_a_session_that_begins_at_the_end_is_told(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(Touchy) as connect:
            connect.server._host.ending = True
            connect.server._made = lambda connection: None  # as if it had been made before
            async with connect() as client:
                assert (await client.until("error"))["code"] == "shutting_down"

    async def late() -> None:
        async with serve(Touchy) as connect:
            server = connect.server
            server._host.ending = True
            reader, writer = await asyncio.open_connection(server.host, server.port)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()

    go(late())
    go(whole())


def test_who_mounts_nothing_is_told_what_there_is(serve: Any, go: Any) -> None:
    many = {f"View{number:03}": Touchy for number in range(200)}

    async def answer(named: dict[str, type[View]]) -> str:
        async with serve(named=named) as connect, connect() as client:
            await client.hello()
            error = (await client.run("ask"))["error"]
            assert error["code"] == "unknown_event"
            return str(error["error"])

    assert go(answer({"B": Touchy, "A": Touchy})) == "No view is mounted; name one in hello.view: A, B"
    assert go(answer({})) == "No view is mounted; this server has no views"
    assert len(go(answer(many))) == 512
