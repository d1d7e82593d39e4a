"""The html of a view is parsed as the content of its root, as the browser parses it."""

from typing import Any

import pytest
from streamops_server import View, event_handler
from streamops_server.rendered_html import inner_html, stream_names

ROOTS = {
    "tbody": '<tr dj-stream="one"></tr><tr><td id="two">{{ value }}</td></tr>',
    "table": '<caption id="two">{{ value }}</caption><tbody dj-stream="one"></tbody>',
    "thead": '<tr><th id="two">{{ value }}</th></tr><tr dj-stream="one"></tr>',
    "tr": '<td dj-stream="one"></td><td id="two">{{ value }}</td>',
    "ul": '<li dj-stream="one"></li><li id="two">{{ value }}</li>',
    "select": '<option id="two">{{ value }}</option><optgroup dj-stream="one"></optgroup>',
    "svg": '<circle dj-stream="one" /><text id="two">{{ value }}</text>',
    "g": '<path dj-stream="one" /><text id="two">{{ value }}</text>',
    "main": '<p dj-stream="one"></p><p id="two">{{ value }}</p>',
    "my-chat": '<p dj-stream="one"></p><p id="two">{{ value }}</p>',
}


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("root", ROOTS)
def test_streams_and_targets_are_found_in_any_root(root: str, told: bool, serve: Any, go: Any) -> None:
    class Root(View):
        template = ROOTS[root]
        root_tag = root if told else None
        value = "before"

        @event_handler
        async def change(self) -> None:
            self.value = "after"
            await self.stream_to("one", "#two")
            await self.stream_to("one")

    async def run() -> None:
        async with serve(Root) as connect, connect() as client:
            await client.hello("Root", ["view", "html"])
            view = await client.receive() if client.frames[-1]["type"] != "view" else client.frames[-1]
            assert list(view["streams"]) == ["one"]
            assert (await client.run("change"))["ok"]
            assert [op["html"] for op in client.ops("one") if op["op"] == "replace"] == ["after", ""]

    go(run())


@pytest.mark.parametrize(
    ("root", "html"),
    [
        ("tbody", "{% comment %}"),
        ("tbody", "  <!-- rows -->\n<tr><td dj-stream='x'>1</td></tr>"),
        ("table", "<!-- a --><!-- b --><colgroup></colgroup><tbody><tr><td dj-stream='x'>1"),
        ("colgroup", "<col dj-stream='x'>"),
        ("table", "<tr><td dj-stream='x'>1</td></tr>"),
    ],
)
def test_a_root_that_is_not_told_is_seen_by_the_first_tag(root: str, html: str) -> None:
    assert stream_names(html) == stream_names(html, root)


@pytest.mark.parametrize("told", [True, False])
def test_a_root_that_is_told_is_used_for_streams_and_targets(told: bool, serve: Any, go: Any) -> None:
    class Rows(View):
        template = 'text <tr dj-stream="one"><td>1</td></tr>'
        root_tag = "tbody" if told else None

        @event_handler
        async def change(self) -> None:
            await self.stream_to("one")

    async def run() -> None:
        async with serve(Rows) as connect, connect() as client:
            await client.hello("Rows", ["view", "html"])
            view = await client.receive()
            assert list(view["streams"]) == (["one"] if told else [])
            assert (await client.run("change"))["ok"] is told

    go(run())


def test_the_root_decides_what_the_first_tag_cannot_tell() -> None:
    html = '{#rows#}text <tr id="a"><td>1</td></tr>'
    with pytest.raises(LookupError):
        inner_html(html, "#a")
    assert inner_html(html, "#a", "tbody") == "<td>1</td>"
    assert inner_html('<a id="a"/><b>no child</b>', "#a", "svg") == ""


@pytest.mark.parametrize("tag", ["tbdoy", "", "<tr>"])
def test_a_root_that_is_no_element_is_refused_at_once(tag: str) -> None:
    with pytest.raises(ValueError, match="is not an element of HTML or SVG"):
        type("Wrong", (View,), {"root_tag": tag})
