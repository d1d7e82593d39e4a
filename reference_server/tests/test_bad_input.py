"""The server answers bad input as the table of chapter 2 says: each vector over a socket."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from streamops_server import Limits
from streamops_spec import load_rule_vectors
from websockets.exceptions import ConnectionClosed

VECTORS = [vector for vector in load_rule_vectors("bad-input") if vector["side"] == "server"]
MAX_EVENTS = 2
HANG = {"event": "conformance.run", "params": {"script": [{"do": "hang"}]}}


def messages(vector: dict[str, Any]) -> list[str]:
    """The messages before the one that the vector is about."""
    hello = json.dumps({"type": "hello", "caps": ["x-conformance", *vector.get("caps", [])], "limits": {}})
    before = [] if vector.get("stage") == "connected" else [hello]
    for message in vector.get("before", []):
        if message == "@max_events":
            before += [json.dumps({"type": "event", "ref": n + 1, **HANG}) for n in range(MAX_EVENTS)]
        else:
            before.append(message)
    return before


async def answer(client: Any, vector: dict[str, Any]) -> str:
    """What the server does with the message: one of the three answers."""
    for message in messages(vector):
        await client.socket.send(message)
    if vector.get("stage") != "connected":
        await client.send({"type": "ping", "t": "before"})
        while (await client.receive()).get("t") != "before":
            pass
    message = vector["message"].replace("@", "x" * vector.get("fill", 1))
    await client.socket.send(message.encode() if vector.get("binary") else message)
    try:
        await client.send({"type": "ping", "t": "after"})
        found = []
        while (frame := await client.receive()).get("t") != "after":
            found.append(frame)
        if vector["answer"] == "refused" and not found:  # a pong does not wait for a handler
            found.append(await client.receive())
    except ConnectionClosed:
        is_fatal = client.frames[-1]["type"] == "error" and client.frames[-1]["fatal"]
        code = client.socket.close_code
        return "broken" if is_fatal and 4400 <= code < 4500 else f"close {code}"
    refused = [frame for frame in found if frame["type"] == "reply" and not frame["ok"]]
    resumes = "resume" in vector["message"] and [frame["type"] for frame in found] == ["welcome"]
    return (
        "refused"
        if refused or (resumes and "nobody-has-this-session" not in found[0]["session"])
        else "ignored"
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["description"])
def test_bad_input_is_answered_as_the_table_says(
    serve: Callable[..., Any], go: Any, vector: dict[str, Any]
) -> None:
    async def talk() -> str:
        async with (
            serve(conformance=True, limits=Limits(max_events=MAX_EVENTS)) as connect,
            connect() as client,
        ):
            return await answer(client, vector)

    allowed = {vector["answer"], "ignored"} if vector.get("if_noticed") else {vector["answer"]}
    assert go(talk()) in allowed
