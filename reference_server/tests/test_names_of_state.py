"""State may have any name: a name that the framework uses works, or is refused at once with the way out."""

import inspect
from typing import Any

import pytest
from streamops_server import View, event_handler


class Plain(View):
    template = "{{ value }}<p dj-stream='answer'></p>"

    def mount(self, request: Any, /, name: str | None = None) -> None:
        self.value = "shown"
        if name is not None:
            setattr(self, name, ["state"])

    @event_handler
    async def put(self, name: str) -> None:
        setattr(self, name, ["state"])

    @event_handler
    async def say(self, text: str) -> None:
        await self.stream_text("answer", text)


OURS = sorted(name for name in {*dir(View), *vars(Plain())} if not name.startswith("__"))
OTHERS = [
    "_backend",
    "_mounted",
    "_events",
    "_pump",
    "session",
    "program",
    "name",
    "items",
    "inbox",
    "messages",
]
"""Names that a view of the framework has not, though its parts may."""


def refused(name: str) -> bool:
    """Whether state may not have the name. The error names it, and what to do."""
    said = ""
    try:
        setattr(Plain(), name, ["state"])
    except AttributeError as error:
        said = str(error)
    assert not said or (repr(name) in said and "another" in said)
    return bool(said)


@pytest.mark.parametrize("name", [*OURS, *OTHERS])
@pytest.mark.parametrize("where", ["mount", "handler"])
def test_every_name_of_the_framework_works_as_state_or_is_refused(
    name: str, where: str, serve: Any, go: Any
) -> None:
    async def run() -> None:
        async with serve(Plain) as connect, connect() as client:
            if where == "mount" and refused(name):
                await client.hello("Plain", ["view", "html"], name=name)
                assert (await client.until("error"))["fatal"]
                return
            await client.hello("Plain", ["view", "html"], **({"name": name} if where == "mount" else {}))
            if where == "handler":
                assert (await client.run("put", name=name))["ok"] is not refused(name)
            assert (await client.run("say", text="all works"))["ok"]
            assert client.text("answer") == "all works"
            assert "shown" in (await client_view(client))["html"]

    go(run())


async def client_view(client: Any) -> Any:
    return next(frame for frame in client.frames if frame["type"] == "view")


def test_public_settings_work_as_state_and_methods_are_refused() -> None:
    settings = {"template", "template_name", "templates", "template_renders", "root_tag"}
    assert {name for name in OURS if not refused(name)} == settings
    assert not {name for name in OTHERS if refused(name)}


@pytest.mark.parametrize("name", OURS)
def test_every_name_of_the_framework_is_refused_as_a_class_attribute_of_another_kind(name: str) -> None:
    with pytest.raises(
        TypeError, match=name if not name.startswith("_streamops_") else "_streamops_"
    ) as caught:
        type("Hiding", (View,), {name: 3})
    assert any(
        way in str(caught.value) for way in ("another name", "set in mount", "are the server's", "async def")
    )


@pytest.mark.parametrize("name", [name for name in OURS if not name.startswith("_")])
def test_a_mixin_hides_nothing_either(name: str) -> None:
    mixin = type("Mixin", (), {name: 3})
    with pytest.raises(TypeError, match=name):
        type("Hiding", (mixin, View), {})


@pytest.mark.parametrize("name", ["subscribe", "broadcast", "stream_to", "mount", "from_thread"])
def test_an_event_keeps_its_name_though_a_method_of_the_view_has_it(name: str) -> None:
    async def handler(self: View) -> None: ...

    handler.__name__ = name
    with pytest.raises(TypeError, match=rf'@event_handler\(name="{name}"\)'):
        type("Hiding", (View,), {name: event_handler(handler)})
    kept = type("Kept", (View,), {"on_it": event_handler(name=name)(handler)})
    assert kept._streamops_events == {name: "on_it"}


@pytest.mark.parametrize("names", [["events"], ["events", "messages"], ["turn", "name"]])
def test_class_attributes_of_other_names_are_state_that_the_template_sees(names: list[str]) -> None:
    view = type("Own", (View,), {name: ["a", "b"] for name in names})()
    assert {name: view.get_context()[name] for name in names} == {name: ["a", "b"] for name in names}


@pytest.mark.parametrize("value", [5, b"<p>", ["<p>"]])
def test_a_template_that_is_no_text_is_refused_at_once(value: Any) -> None:
    with pytest.raises(TypeError, match=r"template is .* a str or None"):
        type("Odd", (View,), {"template": value})


def test_methods_may_be_overridden_by_methods() -> None:
    class Counting(View):
        count = 0

        async def stream_text(self, *args: Any, **kwargs: Any) -> None:
            self.count += 1
            await super().stream_text(*args, **kwargs)

        @classmethod
        def has_template(cls) -> bool:
            return False

        @staticmethod
        def allows(*args: Any) -> bool:
            return True

        async def handle_message(self, topic: str, message: Any) -> None: ...

    assert inspect.iscoroutinefunction(Counting().stream_text)


def test_a_message_handler_that_is_not_async_is_refused() -> None:
    with pytest.raises(TypeError, match="handle_message is not async; make it an async def"):

        class Wrong(View):
            def handle_message(self, topic: str, message: Any) -> None:  # type: ignore[override]  # reason: what the test is about
                ...
