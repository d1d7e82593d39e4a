"""What a class of views is made of: its state for the template, its handlers by name."""

from functools import cached_property
from typing import Any

import pytest
from streamops_server import View, event_handler
from streamops_server.jinja_renderer import JinjaRenderer


class Greets:
    """A plain mixin, no view."""

    word = "hello"

    @event_handler
    async def greet(self) -> None: ...

    @event_handler(name="x.leave")
    async def leave(self) -> None: ...


class Mixed(Greets, View):
    template = "{{ word }} {{ total }} {{ doubled }} {{ own }} {{ hidden }}{{ build }}{{ act }}{{ check }}"
    prices = (1, 2)

    def mount(self, request: Any, /, **kwargs: Any) -> None:
        self.own = "mine"

    @property
    def total(self) -> int:
        return sum(self.prices)

    @cached_property
    def doubled(self) -> int:
        return 2 * self.total

    @property
    def _hidden(self) -> str:
        raise AssertionError("nobody asks for what is private")

    @classmethod
    def build(cls) -> None: ...

    @staticmethod
    def check() -> None: ...

    @event_handler
    async def act(self) -> None: ...


class Dearer(Mixed):
    prices = (10, 20)

    @property
    def total(self) -> int:
        return 1 + super().total

    async def leave(self) -> None:
        """Still the handler of x.leave."""


def mounted(view: View) -> View:
    view.mount(None)  # type: ignore[arg-type]  # reason: nobody looks at the request
    return view


def render(view: View) -> str:
    return JinjaRenderer().render(view.get_template(), view.get_context())


def test_templates_see_properties_and_class_attributes() -> None:
    assert render(mounted(Mixed())) == "hello 3 6 mine "
    assert render(mounted(Dearer())) == "hello 31 62 mine "
    assert not {"build", "check", "act", "_hidden"} & mounted(Mixed()).get_context().keys()


def test_what_a_property_raises_the_rendering_raises() -> None:
    class Broken(View):
        template = ""

        @property
        def total(self) -> int:
            raise LookupError("no total yet")

    with pytest.raises(LookupError, match="no total"):
        render(Broken())


def test_handlers_of_plain_mixins_are_events() -> None:
    assert Mixed._streamops_events == {"greet": "greet", "x.leave": "leave", "act": "act"}
    assert Dearer._streamops_events == Mixed._streamops_events
    assert View._streamops_events == {}
