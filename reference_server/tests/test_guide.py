"""What the server sends for the guide's examples, which are read from examples/guide."""

import asyncio
import importlib.util
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from streamops_server import LiveView

GUIDE = Path(__file__).parents[2] / "examples" / "guide"

Example = Callable[[str], type[LiveView]]
Run = Callable[..., Any]


class FakeOpenAI:
    """What the guide's full example needs of `openai`, with a chunk that has no content."""

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


async def _short_sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / 10)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Example:
    """Imports an example and returns its view, with its templates. Its pauses are a tenth as long."""

    def imported(name: str) -> type[LiveView]:
        folder = GUIDE / name
        monkeypatch.syspath_prepend(folder)  # an example may import a module of its own folder
        spec = importlib.util.spec_from_file_location(f"guide_{name}", folder / "views.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if hasattr(module, "asyncio"):
            monkeypatch.setattr(module, "asyncio", types.SimpleNamespace(sleep=_short_sleep))
        if hasattr(module, "openai"):
            monkeypatch.setattr(module, "openai", FakeOpenAI)
        (view,) = (each for each in vars(module).values() if _is_view_of(each, module))
        monkeypatch.setattr(view, "templates", folder / "templates")
        return view

    return imported


def _is_view_of(value: object, module: types.ModuleType) -> bool:
    return isinstance(value, type) and issubclass(value, LiveView) and value.__module__ == module.__name__


@pytest.fixture
def run(serve: Any, go: Any) -> Run:
    """Mounts a view and sends it events, each after the reply to the one before; returns the client."""

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


def test_quick_start(run: Run, example: Example) -> None:
    client = run(example("01-quick-start"), ("send_message", {"content": "<hi>", "extra": 1}))
    html = last_html(client, "messages")
    assert "&lt;hi&gt;" in html
    assert "Hello! I'm happy to help you with that. " in html
    assert html.count("<div") == html.count("</div>") == 2, "each message is complete"
    assert client.ops("messages")[-1]["reason"] == "complete"


def test_stream_to_rerenders(run: Run, example: Example) -> None:
    client = run(example("02-stream-to"), ("generate_content", {}))
    assert last_html(client, "output") == "Replaced at each chunk: &lt;all&gt; of it."


def test_stream_to_options(run: Run, example: Example) -> None:
    client = run(example("02-stream-to"), ("by_name", {}), ("by_selector", {}), ("by_html", {}))
    assert [(op["target"], op["html"]) for op in client.ops("output") if op["op"] == "replace"] == [
        ("[dj-stream='output']", "By name"),
        ("#custom-id", "By selector"),
        ("[dj-stream='output']", "<p>Custom HTML</p>"),
    ]
    assert "output" not in last_view(client)["streams"], "the caller's html is not the template's"


def test_stream_text(run: Run, example: Example) -> None:
    client = run(example("03-stream-text"), ("stream_log", {}))
    text = "".join(f"line {number} <ok>\n" for number in range(1, 6))
    assert client.text("log") == text
    assert client.ops("log")[-1]["text_len"] == len(text)
    assert "log" not in last_view(client)["streams"]


def test_modes(run: Run, example: Example) -> None:
    client = run(
        example("03-stream-text"),
        ("append", {"token": "t"}),
        ("prepend", {"new_line": "l"}),
        ("replace", {}),
    )
    assert [client.ops(name)[1]["mode"] for name in ("output", "log", "status")] == [
        "append", "prepend", "replace",
    ]  # fmt: skip


def test_stream_insert(run: Run, example: Example) -> None:
    client = run(example("04-stream-insert"), ("load_more", {}), ("load_newer", {}))
    assert [(op["op"], op["html"]) for op in client.ops("items") if "html" in op] == [
        ("append", '<div class="item">Three</div>'),
        ("append", '<div class="item">Four &lt;4&gt;</div>'),
        ("prepend", '<div class="item">Zero</div>'),
    ]


def test_stream_delete(run: Run, example: Example) -> None:
    client = run(example("05-stream-delete"), ("delete_item", {"item_id": 2}))
    assert client.ops("items")[1] == {"op": "delete", "target": "#item-2"}


def test_stream_error(run: Run, example: Example) -> None:
    client = run(example("06-stream-error"), ("generate", {}))
    assert client.text("output") == "The answer begins well and "
    error, done = client.ops("output")[-2:]
    assert (error["error"], error["code"], done["reason"]) == ("The model is away", "app_error", "error")


def test_start_and_done(run: Run, example: Example) -> None:
    client = run(example("07-start-and-done"), ("generate", {}))
    kinds = [op["op"] for op in client.ops("output")]
    assert (kinds[0], kinds[-1], kinds.count("start"), kinds.count("done")) == ("start", "done", 1, 1)


def test_push_state(run: Run, example: Example) -> None:
    client = run(example("08-push-state"), ("process_files", {}))
    views = [frame["html"] for frame in client.frames if frame["type"] == "view"]
    assert [html[: html.index("</p>") + 4] for html in views] == [
        "<p>Ready</p>", "<p>Analyzing...</p>", "<p>Processing...</p>", "<p>Complete!</p>",
    ]  # fmt: skip


@pytest.mark.parametrize("fails", [False, True])
def test_full_example(run: Run, example: Example, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    monkeypatch.setattr(FakeOpenAI.ChatCompletion, "fails", fails)
    client = run(example("11-ai-chat"), ("send_message", {"content": "hello"}))
    html = last_html(client, "messages")
    assert "Hi there" in html
    assert "typing-indicator" in html
    assert html.count("<div") == html.count("</div>") == 7, "nested markup is complete"
    ops = client.ops("messages")
    assert (ops[0]["op"], ops[-1]["op"]) == ("start", "done")
    assert [op["error"] for op in ops if op["op"] == "error"] == (["Error: no answer"] if fails else [])
    assert "typing-indicator" not in last_view(client)["html"], "the final state ends the indicator"
