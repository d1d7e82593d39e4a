"""The relay of mutations on real sockets: messages, closes, time and the upgrade."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets.asyncio.client
import websockets.asyncio.server
from streamops_conformance.mutate.language import Answer, Delay, Drop, Reclose, Upgrade, Where
from streamops_conformance.mutate.relay import Relay
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

Server = websockets.asyncio.server.ServerConnection
Client = websockets.asyncio.client.ClientConnection


async def echo(connection: Server) -> None:
    """Says each message again; says the address that it knows to `where`, and closes at `end`."""
    async for message in connection:
        if message == "end":
            await connection.close(4400, "bad_frame")
        elif message == "where":
            await connection.send(f"ws://127.0.0.1:{connection.local_address[1]}/case/1")
        elif message == "headers":
            assert connection.request is not None
            await connection.send(",".join(sorted(name for name in connection.request.headers)))
        else:
            await connection.send(message)


def choose(_: Server, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return Subprotocol("b") if "b" in offered else None


def refuse(connection: Server, request: Request) -> Response | None:
    return connection.respond(400, "no such protocol\n") if request.path == "/refused" else None


@asynccontextmanager
async def relayed(*mutations: Any, control: str = "") -> AsyncIterator[Relay]:
    async with websockets.asyncio.server.serve(
        echo, "127.0.0.1", 0, process_request=refuse, select_subprotocol=choose
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with Relay(mutations, f"ws://127.0.0.1:{port}", control=control) as relay:
            yield relay


def talk(
    conversation: Callable[[Client], Awaitable[Any]], *mutations: Any, path: str = "/", **options: Any
) -> Any:
    """What a conversation with the echo behind these mutations returns."""

    async def through() -> Any:
        async with (
            relayed(*mutations, control="/control") as relay,
            websockets.asyncio.client.connect(relay.url(path), proxy=None, **options) as client,
        ):
            return await conversation(client)

    return asyncio.run(through())


def saying(*messages: str | bytes) -> Callable[[Client], Awaitable[list[Any]]]:
    async def conversation(client: Client) -> list[Any]:
        for message in messages:
            await client.send(message)
        return [await client.recv() for _ in messages]

    return conversation


async def closed(client: Client) -> tuple[int, str]:
    await client.send("end")
    with pytest.raises(ConnectionClosed):
        await client.recv()
    assert client.close_code is not None
    return client.close_code, client.close_reason or ""


def test_texts_and_bytes_pass_both_ways() -> None:
    assert talk(saying("{}", b"\x00", "x" * 500_000)) == ["{}", b"\x00", "x" * 500_000]


def test_a_mutation_acts_on_what_passes() -> None:
    assert talk(saying("{}"), Answer(where=Where(way="up"), frames=({"a": 1},))) == ['{"a":1}']


def test_a_delayed_message_comes_by_itself() -> None:
    assert talk(saying("{}"), Delay(where=Where(way="up"), seconds=0.05)) == ["{}"]


def test_a_close_passes_with_its_code_and_may_have_another() -> None:
    assert talk(closed) == (4400, "bad_frame")
    assert talk(closed, Reclose(code=4500, reason="internal")) == (4500, "internal")
    assert talk(closed, Answer(where=Where(way="up", shape="other"), code=1003)) == (1003, "")


def test_a_connection_that_the_client_drops_is_dropped_at_the_server_too() -> None:
    async def drop() -> None:
        gone = asyncio.Event()

        async def serve(connection: Server) -> None:
            await connection.wait_closed()
            gone.set()

        async with websockets.asyncio.server.serve(serve, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with Relay([Drop(where=Where())], f"ws://127.0.0.1:{port}") as relay:
                client = await websockets.asyncio.client.connect(relay.url(), proxy=None)
                client.transport.abort()
                await gone.wait()

    asyncio.run(drop())


def test_control_connections_name_the_relay_instead_of_the_upstream() -> None:
    async def named(client: Client) -> bool:
        await client.send("where")
        return str(await client.recv()) == f"ws://127.0.0.1:{client.remote_address[1]}/case/1"

    assert talk(named, path="/control")
    assert not talk(named, path="/case/2")


def test_headers_reach_the_server_unless_a_mutation_takes_them() -> None:
    options = {"additional_headers": {"X-Mine": "1", "Authorization": "Bearer x"}}
    (headers,) = talk(saying("headers"), **options)
    assert "authorization" in headers
    (headers,) = talk(saying("headers"), Upgrade(without=("authorization",)), **options)
    assert "authorization" not in headers
    assert "x-mine" in headers


@pytest.mark.parametrize(
    ("upgrade", "told"),
    [
        (Upgrade(), "b"),
        (Upgrade(subprotocol="first"), "x"),
        (Upgrade(subprotocol="none"), None),
        (Upgrade(offer="none"), None),
    ],
)
def test_the_subprotocol_is_what_the_server_chose_or_what_the_mutation_says(
    upgrade: Upgrade, told: str | None
) -> None:
    async def agreed(client: Client) -> str | None:
        return client.subprotocol

    offers = [Subprotocol("x"), Subprotocol("b")]
    assert talk(agreed, upgrade, subprotocols=offers) == told


@pytest.mark.parametrize(("statuses", "status"), [({}, 400), ({400: 426}, 426)])
def test_a_refusal_passes_and_may_have_another_status(statuses: dict[int, int], status: int) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        talk(saying("{}"), Upgrade(statuses=statuses), path="/refused")
    assert refusal.value.response.status_code == status
    assert refusal.value.response.body == b"no such protocol\n"


def test_a_server_that_does_not_answer_is_a_bad_gateway() -> None:
    async def alone() -> None:
        async with Relay([], "ws://127.0.0.1:1") as relay:
            await websockets.asyncio.client.connect(relay.url(), proxy=None)

    with pytest.raises(InvalidStatus) as refusal:
        asyncio.run(alone())
    assert refusal.value.response.status_code == 502


@pytest.mark.parametrize(
    ("compression", "agreed"),
    [("", None), ("alone", "server_no_context_takeover"), ("context", "permessage-deflate")],
)
def test_compression_is_agreed_where_a_mutation_says_so(compression: Any, agreed: str | None) -> None:
    async def extensions(client: Client) -> str | None:
        assert client.response is not None
        return client.response.headers.get("Sec-WebSocket-Extensions")

    found = talk(extensions, Upgrade(compression=compression))
    assert found is None if agreed is None else agreed in found
