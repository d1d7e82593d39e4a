"""The conformance driver: each step is one public call, and branches are producers of their own."""

import asyncio
from typing import Any

import pytest
from streamops_server import conformance_driver
from streamops_server.conformance_driver import Conformance, HeadlessConformance
from streamops_spec import load_schema

VARS = {"b": "<2>", "a": "1"}


def run(serve: Any, go: Any, *scripts: Any, caps: list[str] | None = None, headless: bool = False) -> Any:
    """Run scripts one after another; the client, with its replies."""

    async def whole() -> Any:
        named = {"conformance": Conformance}
        async with (
            serve(default=HeadlessConformance, named=named, conformance=True) as connect,
            connect() as client,
        ):
            client.welcome = await client.hello(None if headless else "conformance", caps, vars=VARS)
            client.replies = [await client.run("conformance.run", script=script) for script in scripts]
            return client

    return go(whole())


def test_steps_of_every_kind_reach_the_client(serve: Any, go: Any) -> None:
    script = [
        {"do": "start", "stream": "s"},
        {"do": "text", "stream": "s", "text": "ab", "repeat": 2},
        {"do": "text_units", "stream": "s", "units": [0xD83E, 0xDD8A]},
        {"do": "replace", "stream": "s", "html": "<b>x"},
        {"do": "insert", "stream": "s", "html": "<i>", "at": "prepend", "target": "#t"},
        {"do": "delete", "stream": "s", "target": "#t"},
        {"do": "prune", "stream": "s", "limit": 1, "edge": "bottom"},
        {"do": "error", "stream": "s", "error": "oh", "code": "x_oh"},
        {"do": "done", "stream": "s"},
        {"do": "set", "var": "a", "value": "&", "repeat": 2},
        {"do": "stream_to", "stream": "a"},
        {"do": "sleep_ms", "ms": 1},
        {"do": "push_state"},
    ]
    client = run(serve, go, script)
    assert client.replies[0]["ok"]
    assert [op["op"] for op in client.ops("s")] == [
        "start", "replace", "delete", "prune", "error", "done",
    ]  # fmt: skip
    views = [frame for frame in client.frames if frame["type"] == "view"]
    assert views[0]["html"] == '<div dj-stream="a">1</div><div dj-stream="b">&lt;2&gt;</div>'
    assert views[-1]["html"].startswith('<div dj-stream="a">&amp;&amp;</div>')
    assert client.ops("a")[1]["html"] == "&amp;&amp;"


def test_the_first_error_in_branch_order_is_raised_after_all_have_ended(serve: Any, go: Any) -> None:
    branches = [
        [{"do": "sleep_ms", "ms": 20}, {"do": "text", "stream": "a", "text": "late"}, {"do": "push_state"}],
        [{"do": "text", "stream": "b", "text": "x"}, {"do": "raise", "message": "the secret"}],
    ]
    start = {"do": "start", "stream": "h"}
    client = run(serve, go, [start, {"do": "parallel", "branches": branches}], caps=["x-conformance"])
    assert client.replies[0]["error"]["code"] == "unsupported"
    assert client.text("a") == "late"
    assert [op["op"] for op in client.ops("b")] == ["start", "text", "error", "done"]
    assert [op["op"] for op in client.ops("h")] == ["start", "error", "done"]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ([{"do": "raise", "message": "the secret"}], "app_error"),
        ([{"do": "text_units", "stream": "s", "units": [0xD800]}], "app_error"),
        ([{"do": "text", "stream": "1", "text": "x"}], "app_error"),
        ([{"do": "error", "stream": "s", "error": "x", "code": "mine"}], "app_error"),
        ([{"do": "replace", "stream": "s", "html": "x", "repeat": 1_100_000}], "overflow"),
        ([{"do": "dance"}], "bad_params"),
        ("text", "bad_params"),
    ],
)
def test_scripts_that_fail(serve: Any, go: Any, script: Any, code: str) -> None:
    client = run(serve, go, script, [])
    assert client.replies[0]["error"]["code"] == code
    assert client.replies[1]["ok"]
    assert client.ops("s") == []
    assert "secret" not in str(client.frames)


def test_without_the_capability_there_is_no_driver(serve: Any, go: Any) -> None:
    client = run(serve, go, [], caps=["html", "view"])
    assert client.replies[0]["error"]["code"] == "unknown_event"


def test_without_a_view_scripts_run_and_nothing_is_rendered(serve: Any, go: Any) -> None:
    client = run(serve, go, [{"do": "text", "stream": "s", "text": "x"}], headless=True)
    assert client.welcome["caps"] == ["html", "x-conformance"]
    assert client.replies[0]["ok"]
    assert {frame["type"] for frame in client.frames} == {"welcome", "stream", "reply"}


@pytest.mark.parametrize(
    ("params", "code"),
    [({"mount_raises": True}, "app_error"), ({"vars": {"a": 1}}, "bad_params"), ({"vars": 1}, "bad_params")],
)
def test_mounts_that_fail(serve: Any, go: Any, params: Any, code: str) -> None:
    async def whole() -> Any:
        async with (
            serve(named={"conformance": Conformance}, conformance=True) as connect,
            connect() as client,
        ):
            await client.hello("conformance", **params)
            return await client.until("error")

    assert go(whole())["code"] == code


def test_a_script_that_hangs_ends_with_its_connection(serve: Any, go: Any) -> None:
    async def whole() -> None:
        async with serve(named={"conformance": Conformance}, conformance=True) as connect:
            async with connect() as client:
                await client.hello("conformance")
                hang = [
                    {"do": "text", "stream": "s", "text": "x"},
                    {"do": "parallel", "branches": [[{"do": "hang"}]]},
                ]
                await client.start("conformance.run", script=hang)
                await client.until("stream")
                (runner,) = connect.server._host.runners
            while connect.server._host.runners or runner._tasks:  # noqa: ASYNC110 (the server has no event for its tests)
                await asyncio.sleep(0.001)

    go(whole())


def test_the_driver_has_the_steps_of_the_schema() -> None:
    simple = set(load_schema("v1:script")["$defs"]["simple"]["properties"]["do"]["enum"])
    assert set(conformance_driver._STEPS) == simple | {"parallel", "finally"}
