"""The demo's views over a real socket, its text generator, and its talk with a model's endpoint.

Long, because all of them are seen through the same scenes, which are set up once, below.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from streamops_server import View
from streamops_server.demo import completions, log, mistakes, steps, text_generator
from streamops_server.demo.completions import Endpoint, Unavailable
from streamops_server.demo.scenes import PAGES, SCENES

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_TICK", 0.001)
    monkeypatch.setattr(mistakes, "_TICK", 0.0)
    monkeypatch.setattr(log, "LINES", 600)
    monkeypatch.delenv("STREAMOPS_DEMO_OPENAI_URL", raising=False)


@pytest.fixture
def scene(serve: Any, go: Any) -> Run:
    """Mount a scene and let `act(client)` use it; the client, with all that it got."""

    def running(name: str, act: Any, **params: Any) -> Any:
        async def whole() -> Any:
            async with serve(*SCENES.values()) as connect, connect() as client:
                await client.hello(name, **params)
                await act(client)
                return client

        return go(whole())

    return running


def last_view(client: Any) -> str:
    return str([frame["html"] for frame in client.frames if frame["type"] == "view"][-1])


async def until_done(client: Any, stream: str, reason: str) -> None:
    while not any(op.get("reason") == reason for op in client.ops(stream)):
        await client.receive()


async def until_shown(client: Any, text: str) -> None:
    while text not in last_view(client):
        await client.until("view")


# -- the generator -------------------------------------------------------------------------------


def test_the_same_prompt_and_seed_give_the_same_tokens() -> None:
    first = text_generator.tokens("Why is it fast?", seed=3)
    assert first == text_generator.tokens("Why is it fast?", seed=3)
    assert first != text_generator.tokens("Why is it fast?", seed=4)
    assert "".join(token.text for token in first) == text_generator.compose("Why is it fast?", seed=3)
    assert first[0].delay > 0.2, "the model reads the question first"
    assert max(token.delay for token in first[1:]) > 5 * min(token.delay for token in first[1:]), (
        "bursts and pauses"
    )


@pytest.mark.parametrize("prompt", ["", "Tell me about the sea", "errors and speed", "\N{SNOWMAN}"])
def test_an_answer_is_plain_prose(prompt: str) -> None:
    text = text_generator.compose(prompt)
    assert text.endswith(".")
    assert not set("*#`_<>[]") & set(text)


def test_tokens_come_at_their_time(go: Any) -> None:
    async def collect() -> str:
        return "".join([token async for token in text_generator.generate("sea", pace=0)])

    assert go(collect()) == text_generator.compose("sea")


# -- the chat ------------------------------------------------------------------------------------


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    real = text_generator.generate
    monkeypatch.setattr(text_generator, "generate", lambda prompt, seed: real(prompt, seed, pace=0))


@pytest.mark.usefixtures("at_once")
def test_an_answer_is_streamed_and_kept_when_the_next_one_comes(scene: Run) -> None:
    async def act(client: Any) -> None:
        assert (await client.run("ask", content="Why is it fast?"))["ok"]
        await until_done(client, "answer", "complete")
        await client.run("ask", content="<And> errors?")
        while [op.get("reason") for op in client.ops("answer")].count("complete") < 2:
            await client.receive()

    client = scene("AIChat", act, seed=5)
    first = text_generator.compose("Why is it fast?", 6)
    second = text_generator.compose("<And> errors?", 8)
    assert client.text("answer") == first + second
    view = last_view(client)
    assert "&lt;And&gt; errors?" in view
    assert first in view
    assert second not in view, "it stands in its stream"
    assert "chat-send" in view


def test_stop_cancels_the_task_that_writes(scene: Run) -> None:
    async def act(client: Any) -> None:
        await client.run("stop")  # nothing to stop
        await client.run("ask", content="sea")
        await until_shown(client, "chat-stop")
        assert (await client.run("stop"))["ok"]
        await until_done(client, "answer", "cancelled")

    assert "chat-send" in last_view(scene("AIChat", act))


def test_a_new_question_takes_the_place_of_one_that_is_being_answered(scene: Run) -> None:
    async def act(client: Any) -> None:
        await client.run("ask", content="sea")
        while not client.text("answer"):
            await client.receive()
        await client.run("ask", content="errors")
        await until_shown(client, "errors")
        await client.run("stop")

    client = scene("AIChat", act)
    reasons = [op["reason"] for op in client.ops("answer") if op["op"] == "done"]
    assert reasons == ["cancelled", "cancelled"]


@pytest.mark.parametrize("content", ["", " \n", "x" * 2001])
def test_a_question_that_is_none_is_refused(scene: Run, content: str) -> None:
    async def act(client: Any) -> None:
        reply = await client.run("ask", content=content)
        assert reply["error"]["code"] == "bad_params"

    assert scene("AIChat", act).ops("answer") == []


# -- a model's endpoint --------------------------------------------------------------------------


class Model:
    """A tiny endpoint; `lines` is what it answers, `hangs` whether it then goes silent."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self.status = 200
        self.hangs = False
        self.left = threading.Event()
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.asked.append({"path": self.path, "key": self.headers["Authorization"], **body})
                self.send_response(model.status)
                self.end_headers()
                for line in model.lines:
                    self.wfile.write(f"{line}\n\n".encode())
                if model.hangs:
                    self.connection.settimeout(30)
                    assert self.rfile.read(1) == b"", "the client has cut the connection"
                    model.left.set()

            def log_message(self, *_args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def says(self, *contents: str | None) -> None:
        self.lines = [
            "data: " + json.dumps({"choices": [{"delta": {} if text is None else {"content": text}}]})
            for text in contents
        ]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    model = Model()
    thread = threading.Thread(target=model.server.serve_forever)
    thread.start()
    monkeypatch.setenv("STREAMOPS_DEMO_OPENAI_URL", model.url)
    monkeypatch.setenv("STREAMOPS_DEMO_OPENAI_KEY", "key")
    monkeypatch.setenv("STREAMOPS_DEMO_OPENAI_MODEL", "small")
    yield model
    model.server.shutdown()
    model.server.server_close()
    thread.join()


def test_the_environment_names_the_endpoint() -> None:
    assert completions.configured({}) is None
    url = "https://model.example/v1"
    found = completions.configured({"STREAMOPS_DEMO_OPENAI_URL": url + "/"})
    assert found == Endpoint(url + "/chat/completions", "", "gpt-4o-mini")
    assert completions.configured({"STREAMOPS_DEMO_OPENAI_URL": found.url}) == found


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", ""),
        (": a comment", ""),
        ("event: x", ""),
        ("data:", ""),
        ("data: [DONE]", None),
        ('data:{"choices":[{"delta":{"content":"a"}}]}', "a"),
        ('data: {"choices":[{"delta":{"role":"assistant"}}]}', ""),
        ('data: {"choices":[{"delta":{"content":null}}]}', ""),
        ('data: {"choices":[]}', ""),
    ],
)
def test_a_line_of_the_event_stream(line: str, text: str | None) -> None:
    assert completions.parse(line) == text


@pytest.mark.parametrize(
    "data", ["{", "[]", "7", '{"choices":7}', '{"choices":[{}]}', '{"error":{"message":"the secret"}}']
)
def test_a_chunk_that_cannot_be_read_is_no_answer(data: str) -> None:
    with pytest.raises(Unavailable) as caught:
        completions.parse(f"data: {data}")
    assert "secret" not in str(caught.value)


def test_the_models_words_are_streamed(scene: Run, model: Model) -> None:
    model.says("One ", None, "<two>")
    model.lines += ["data: [DONE]"]

    async def act(client: Any) -> None:
        await client.run("ask", content="Hi")
        await until_done(client, "answer", "complete")

    assert scene("AIChat", act).text("answer") == "One <two>"
    assert model.asked == [
        {
            "path": "/v1/chat/completions",
            "key": "Bearer key",
            "model": "small",
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": True,
        }
    ]


def test_an_answer_that_breaks_off_stays_and_can_be_tried_again(scene: Run, model: Model) -> None:
    model.says("One ")

    async def act(client: Any) -> None:
        await client.run("again")  # there is nothing to try again
        await client.run("ask", content="Hi")
        await until_done(client, "answer", "error")
        assert "Try again" in last_view(client)
        model.says("Two")
        model.lines += ["data: [DONE]"]
        await client.run("again")
        await until_done(client, "answer", "complete")

    client = scene("AIChat", act)
    (error,) = [op for op in client.ops("answer") if op["op"] == "error"]
    assert (error["code"], error["retryable"]) == ("upstream_error", True)
    assert "Try again" not in last_view(client)
    assert len(model.asked) == 2


@pytest.mark.parametrize("status", [401, 500])
def test_a_status_is_told_and_a_body_is_not(go: Any, model: Model, status: int) -> None:
    model.status, model.lines = status, ["the secret"]
    with pytest.raises(Unavailable, match=f"answered {status}"):
        go(ask(Endpoint(model.url, "", "small")))
    assert model.asked[0]["key"] is None


def test_an_endpoint_that_is_not_there(go: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match="cannot be reached"):
        go(ask(Endpoint(f"http://127.0.0.1:{port}/", "", "small")))


async def ask(endpoint: Endpoint) -> list[str]:
    return [token async for token in completions.stream(endpoint, [{"role": "user", "content": "Hi"}])]


def test_stop_cuts_the_connection_to_a_silent_model(scene: Run, model: Model) -> None:
    model.says("One ")
    model.hangs = True

    async def act(client: Any) -> None:
        await client.run("ask", content="Hi")
        while not client.text("answer"):
            await client.receive()
        await client.run("stop")
        await until_done(client, "answer", "cancelled")
        assert await asyncio.to_thread(model.left.wait, 30)

    scene("AIChat", act)


def test_a_call_that_is_cut_while_it_connects_asks_nothing(model: Model) -> None:
    call = completions._Call(Endpoint(model.url, "", "small"))
    call.cut()
    call.begin([])
    assert model.asked == []
    secure = completions._Call(Endpoint("https://127.0.0.1:9/x", "", "small"))
    assert type(secure._connection).__name__ == "HTTPSConnection"


# -- the other scenes ----------------------------------------------------------------------------


def test_the_log_writes_every_line_in_order(scene: Run) -> None:
    async def act(client: Any) -> None:
        assert (await client.run("write", lines="600"))["ok"]
        await until_done(client, "log", "complete")
        await client.run("clear")

    client = scene("LiveLog", act)
    lines = "".join(op["html"] for op in client.ops("log") if op["op"] == "append")
    assert [f'<span class="number">{number}</span>' in lines for number in range(602)] == [False] + 600 * [
        True
    ] + [False]
    assert client.ops("count")[-2]["text"] == "0"
    assert "600 lines in" in client.text("summary")
    assert "log-write" in last_view(client)


def test_the_log_prunes_and_keeps_its_pace(scene: Run) -> None:
    async def act(client: Any) -> None:
        await client.run("write", lines="8", pace="500", keep="3")
        await until_done(client, "log", "complete")

    prunes = [op for op in scene("LiveLog", act).ops("log") if op["op"] == "prune"]
    assert prunes
    assert {op["limit"] for op in prunes} == {3}


def test_the_log_stops_and_begins_again(scene: Run) -> None:
    async def act(client: Any) -> None:
        await client.run("stop")
        await client.run("write", pace="1")
        await until_shown(client, "log-stop")
        await client.run("write", pace="1")
        await client.run("stop")
        await until_shown(client, "log-write")

    client = scene("LiveLog", act)
    assert {op["reason"] for op in client.ops("log") if op["op"] == "done"} == {"cancelled"}


@pytest.mark.parametrize("params", [{"keep": "all"}, {"lines": "601"}, {"pace": "-1"}])
def test_a_log_that_cannot_be_is_refused(scene: Run, params: dict[str, str]) -> None:
    async def act(client: Any) -> None:
        assert (await client.run("write", **params))["error"]["code"] == "bad_params"

    scene("LiveLog", act)


def test_the_work_goes_through_its_steps(scene: Run) -> None:
    async def act(client: Any) -> None:
        await client.run("begin")
        await client.run("begin")  # it has begun already
        await until_shown(client, "Complete")

    view = last_view(scene("Progress", act))
    assert 'value="100"' in view
    assert view.count('class="done"') == 4


def test_the_work_stops_where_it_is(scene: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_TICK", 60)

    async def act(client: Any) -> None:
        await client.run("stop")
        await client.run("begin")
        await until_shown(client, "steps-stop")
        await client.run("stop")

    client = scene("Progress", act)
    assert "what was done stays done" in last_view(client)
    assert [op["reason"] for op in client.ops("file") if op["op"] == "done"] == ["cancelled"]


def test_each_mistake_ends_as_it_says(scene: Run) -> None:
    async def act(client: Any) -> None:
        assert (await client.run("raise_error"))["error"]["code"] == "app_error"
        assert (await client.run("recover"))["ok"]
        assert (await client.run("try_it"))["ok"]
        assert (await client.run("try_it"))["ok"]
        for seats in ("", "none", "0", "9", "1.5"):
            assert (await client.run("book", seats=seats))["error"]["code"] == "bad_params"
        assert (await client.run("book", seats="1"))["ok"]

    client = scene("Mistakes", act)
    reasons = {
        name: [op["reason"] for op in client.ops(name) if op["op"] == "done"]
        for name in ("raised", "recovered", "retried")
    }
    assert reasons == {"raised": ["error"], "recovered": ["complete"], "retried": ["error", "complete"]}
    assert "swordfish" not in json.dumps(client.frames)
    assert "1 seat booked" in last_view(client)


def test_every_scene_has_its_place_on_the_page() -> None:
    page = (PAGES / "index.html").read_text(encoding="utf-8")
    for name, view in SCENES.items():
        assert page.count(f'dj-view="{name}"') == 1
        assert issubclass(view, View)
    loaded = "".join(path.read_text(encoding="utf-8") for path in Path(PAGES).iterdir())
    assert "https://" not in loaded, "nothing comes from elsewhere"
