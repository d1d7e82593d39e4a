"""What neither a client nor a handler can do to the server: large words, exits, floods, mute connections."""

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
