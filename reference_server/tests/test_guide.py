# ruff: noqa: E501 (examples stand here as the guide has them)
"""Every example of the streaming guide, as it is written there but for import lines."""

import asyncio
import types
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from streamops_server import LiveView, StreamingMixin, event_handler


async def generate_text() -> AsyncIterator[str]:
    for chunk in ("one ", "<two> ", "three"):
        yield chunk
        await asyncio.sleep(0)


llm_stream = read_log_lines = generate_text


class ChatView(LiveView):
    template_name = "chat.html"

    def mount(self, request, **kwargs):
        self.messages = []

    @event_handler
    async def send_message(self, content, **kwargs):
        # Add user message
        self.messages.append({"role": "user", "content": content})

        # Add empty assistant message to stream into
        self.messages.append({"role": "assistant", "content": ""})

        # Stream tokens from LLM
        async for token in self.llm_stream(content):
            self.messages[-1]["content"] += token
            await self.stream_to("messages")

    async def llm_stream(self, prompt):
        """Simulate LLM streaming."""
        import asyncio

        response = "Hello! I'm happy to help you with that."
        for word in response.split():
            yield word + " "
            await asyncio.sleep(0.001)


class MyView(LiveView, StreamingMixin):
    template = (
        '<div dj-stream="output">{{ output }}</div><div id="custom-id">{{ output }}</div>'
        '<pre dj-stream="log"></pre><div dj-stream="status"></div>'
        '<div dj-stream="items">{% for item in items %}<div class="item">{{ item.name }}</div>{% endfor %}</div>'
        "<p>{{ status }}</p>"
    )

    def mount(self, request, **kwargs):
        self.items = []
        self.status = ""
        self.finish = asyncio.Event()

    @event_handler
    async def generate_content(self):
        self.output = ""

        async for chunk in generate_text():
            self.output += chunk
            await self.stream_to("output")  # Updates [dj-stream="output"]

    @event_handler
    async def options(self):
        self.output = "<now>"
        # Target by stream name (default: [dj-stream="name"])
        await self.stream_to("output")

        # Target by CSS selector
        await self.stream_to("output", target="#custom-id")

        # Send pre-rendered HTML directly (skips re-rendering)
        await self.stream_to("output", html="<p>Custom HTML</p>")

    @event_handler
    async def stream_log(self):
        async for line in read_log_lines():
            await self.stream_text("log", line, mode="append")

    @event_handler
    async def modes(self, token, new_line):
        # Append text (default for LLM-style streaming)
        await self.stream_text("output", token, mode="append")

        # Prepend text
        await self.stream_text("log", new_line, mode="prepend")

        # Replace all text
        await self.stream_text("status", "Complete!", mode="replace")

    async def fetch_items(self):
        return [types.SimpleNamespace(name="one"), types.SimpleNamespace(name="two")]

    @event_handler
    async def load_more(self):
        items = await self.fetch_items()
        for item in items:
            html = f'<div class="item">{item.name}</div>'
            await self.stream_insert("items", html, at="append")

    @event_handler
    async def delete_item(self, item_id, **kwargs):
        await self.stream_delete("items", f"#item-{item_id}")

    @event_handler
    async def generate_with_error(self):
        try:
            async for token in llm_stream():
                await self.stream_text("output", token, mode="append")
            raise TimeoutError("the model is away")
        except Exception as e:
            await self.stream_error("output", str(e))

    @event_handler
    async def generate(self):
        await self.stream_start("output")

        async for token in llm_stream():
            await self.stream_text("output", token, mode="append")

        await self.stream_done("output")

    async def analyze(self):
        await asyncio.sleep(0.05)

    process = analyze

    @event_handler
    async def process_files(self):
        self.status = "Analyzing..."
        await self.push_state()

        await self.analyze()

        self.status = "Processing..."
        await self.push_state()

        await self.process()

        self.status = "Complete!"
        # Final state sent automatically when handler returns


class FakeOpenAI:
    """What the guide's full example needs of `openai`."""

    class ChatCompletion:
        fails: ClassVar[bool] = False

        @classmethod
        async def acreate(cls, model, messages, stream):
            assert messages[-1]["role"] == "user"

            async def chunks():
                for content in ("Hi ", None, "there"):
                    delta = types.SimpleNamespace(content=content)
                    yield types.SimpleNamespace(choices=[types.SimpleNamespace(delta=delta)])
                if cls.fails:
                    raise TimeoutError("no answer")

            return chunks()


openai = FakeOpenAI


class AIChatView(LiveView):
    template_name = "ai_chat.html"

    def mount(self, request, **kwargs):
        self.messages = []
        self.is_generating = False
        self.error = None

    @event_handler
    async def send_message(self, content, **kwargs):
        if self.is_generating:
            return

        self.is_generating = True
        self.error = None

        # Add user message
        self.messages.append({"role": "user", "content": content})

        # Add empty assistant message
        self.messages.append({"role": "assistant", "content": ""})

        await self.stream_start("messages")

        try:
            # Stream from OpenAI
            stream = await openai.ChatCompletion.acreate(
                model="gpt-4",
                messages=[
                    {"role": m["role"], "content": m["content"]}
                    for m in self.messages[:-1]  # Exclude empty assistant msg
                ],
                stream=True,
            )

            async for chunk in stream:
                if chunk.choices[0].delta.content:
                    token = chunk.choices[0].delta.content
                    self.messages[-1]["content"] += token
                    await self.stream_to("messages")

        except Exception as e:
            self.error = str(e)
            await self.stream_error("messages", f"Error: {e}")

        finally:
            self.is_generating = False
            await self.stream_done("messages")


MESSAGES = """<div class="chat-container">
    <div id="messages" dj-stream="messages" class="messages-list">
        {% for msg in messages %}
        <div class="message {{ msg.role }}">
            <div class="avatar">
                {% if msg.role == "user" %}👤{% else %}🤖{% endif %}
            </div>
            <div class="content">{{ msg.content }}</div>
        </div>
        {% endfor %}

        {% if is_generating %}
        <div class="typing-indicator">
            <span></span><span></span><span></span>
        </div>
        {% endif %}
    </div>
    <form dj-submit="send_message" class="message-form"></form>
</div>"""


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, view in [("chat.html", ChatView), ("ai_chat.html", AIChatView)]:
        (tmp_path / name).write_text(MESSAGES, encoding="utf-8")
        monkeypatch.setattr(view, "templates", tmp_path)


Run = Callable[..., Any]


@pytest.fixture
def run(serve: Any, go: Any) -> Run:
    """Mount a view, run its events one after another; the client that saw it, and the replies."""

    def running(view: type[LiveView], *events: tuple[str, dict[str, Any]]) -> Any:
        async def whole() -> Any:
            async with serve(view) as connect, connect() as client:
                await client.hello(view.__name__)
                client.replies = [await client.run(event, **params) for event, params in events]
                assert all(reply["ok"] for reply in client.replies), client.replies
                return client

        return go(whole())

    return running


def last_html(client: Any, stream: str) -> str:
    return str([op["html"] for op in client.ops(stream) if op["op"] == "replace"][-1])


def last_view(client: Any) -> Any:
    return [frame for frame in client.frames if frame["type"] == "view"][-1]


@pytest.mark.usefixtures("templates")
def test_quick_start(run: Run) -> None:
    client = run(ChatView, ("send_message", {"content": "<hi>", "extra": 1}))
    html = last_html(client, "messages")
    assert "&lt;hi&gt;" in html
    assert "Hello! I'm happy to help you with that. " in html
    assert html.count("<div") == 6, "nested markup is whole"
    assert client.ops("messages")[-1]["reason"] == "complete"


def test_stream_to_rerenders(run: Run) -> None:
    client = run(MyView, ("generate_content", {}))
    assert last_html(client, "output") == "one &lt;two&gt; three"


def test_stream_to_options(run: Run) -> None:
    client = run(MyView, ("options", {}))
    assert [(op["target"], op["html"]) for op in client.ops("output") if op["op"] == "replace"] == [
        ("[dj-stream='output']", "&lt;now&gt;"),
        ("#custom-id", "&lt;now&gt;"),
        ("[dj-stream='output']", "<p>Custom HTML</p>"),
    ]
    assert "output" not in last_view(client)["streams"], "the caller's html is not the template's"


def test_stream_text(run: Run) -> None:
    client = run(MyView, ("stream_log", {}))
    assert client.text("log") == "one <two> three"
    assert client.ops("log")[-1]["text_len"] == 15
    assert "log" not in last_view(client)["streams"]


def test_modes(run: Run) -> None:
    client = run(MyView, ("modes", {"token": "t", "new_line": "l"}))
    assert [client.ops(name)[1]["mode"] for name in ("output", "log", "status")] == [
        "append", "prepend", "replace",
    ]  # fmt: skip


def test_stream_insert(run: Run) -> None:
    client = run(MyView, ("load_more", {}))
    assert [op["html"] for op in client.ops("items") if op["op"] == "append"] == [
        '<div class="item">one</div>', '<div class="item">two</div>',
    ]  # fmt: skip


def test_stream_delete(run: Run) -> None:
    client = run(MyView, ("delete_item", {"item_id": 7}))
    assert client.ops("items")[1] == {"op": "delete", "target": "#item-7"}


def test_stream_error(run: Run) -> None:
    client = run(MyView, ("generate_with_error", {}))
    assert client.text("output") == "one <two> three"
    error, done = client.ops("output")[-2:]
    assert (error["error"], error["code"], done["reason"]) == ("the model is away", "app_error", "error")


def test_start_and_done(run: Run) -> None:
    client = run(MyView, ("generate", {}))
    kinds = [op["op"] for op in client.ops("output")]
    assert (kinds[0], kinds[-1], kinds.count("start"), kinds.count("done")) == ("start", "done", 1, 1)


def test_push_state(run: Run) -> None:
    client = run(MyView, ("process_files", {}))
    views = [frame["html"] for frame in client.frames if frame["type"] == "view"]
    assert [html[html.index("<p>") :] for html in views] == [
        "<p></p>", "<p>Analyzing...</p>", "<p>Processing...</p>", "<p>Complete!</p>",
    ]  # fmt: skip


@pytest.mark.usefixtures("templates")
@pytest.mark.parametrize("fails", [False, True])
def test_full_example(run: Run, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    monkeypatch.setattr(FakeOpenAI.ChatCompletion, "fails", fails)
    client = run(AIChatView, ("send_message", {"content": "hello"}))
    assert "Hi there" in last_html(client, "messages")
    assert "typing-indicator" in last_html(client, "messages")
    ops = client.ops("messages")
    assert (ops[0]["op"], ops[-1]["op"]) == ("start", "done")
    assert [op["error"] for op in ops if op["op"] == "error"] == (["Error: no answer"] if fails else [])
    assert "typing-indicator" not in last_view(client)["html"], "the final state ends the indicator"
