"""A view: what a client mounts. Its attributes are the state, its template shows them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar, overload

import msgspec

from streamops_server.streaming import StreamingMixin

Handler = Callable[..., Awaitable[Any]]
H = TypeVar("H", bound=Handler)
_MARK = "__streamops_event__"
_COMPUTED = (property, cached_property)


class Request(msgspec.Struct, frozen=True):
    """The connection that mounts a view: path and headers (lower-case names) of its upgrade.

    Without an `Origin` there is no `cookie` among the headers. `principal` is what the server's
    `authenticate` made of them, "" for nobody that it knows.
    """

    path: str
    headers: Mapping[str, str]
    session: str
    principal: str = ""


@overload
def event_handler(handler: H, /) -> H: ...
@overload
def event_handler(*, name: str) -> Callable[[H], H]: ...
def event_handler(handler: H | None = None, /, *, name: str | None = None) -> H | Callable[[H], H]:
    """Let clients run this async method as an event, params as keyword arguments.

    The event has the method's name unless `name` gives another.
    Raises TypeError for a function that is not `async def`.
    """

    def mark(function: H) -> H:
        is_async: bool = inspect.iscoroutinefunction(function)
        if not is_async:
            raise TypeError(f"{function.__qualname__} is not async; an event handler is an async def")
        setattr(function, _MARK, name or function.__name__)
        return function

    return mark if handler is None else mark(handler)  # bare, or with arguments


class View(StreamingMixin):
    """Inherit, give it a template and handlers, and pass its class to the server."""

    template: ClassVar[str | None] = None
    """The template itself (Jinja2, autoescaped), or"""
    template_name: ClassVar[str | None] = None
    """the name of a file in `templates`."""
    templates: ClassVar[str | Path | None] = None
    """A folder; without one, `templates` beside the module of the class."""
    template_renders: ClassVar[frozenset[str] | set[str]] = frozenset()
    """Streams whose streamed content the template renders too, from state that the handlers keep."""
    events: ClassVar[dict[str, str]] = {}
    """Names of events, and of the methods that handle them; filled from `@event_handler`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.events = {
            getattr(member, _MARK): attribute
            for base in reversed(cls.__mro__)  # plain mixins too
            for attribute, member in vars(base).items()
            if hasattr(member, _MARK)
        }

    def mount(self, request: Request, /, **kwargs: Any) -> Any:
        """Set up the state; may be async. `kwargs` are the params of the client's `hello.view`."""

    def get_context(self) -> dict[str, Any]:
        """What the template sees: the public attributes of the view, those of its class too.

        Every property is computed, at every rendering; what one raises, the rendering raises.
        """
        members: dict[str, Any] = {}
        for cls in reversed(type(self).__mro__):
            members |= vars(cls)
        of_class = {
            name: getattr(self, name) if isinstance(member, _COMPUTED) else member
            for name, member in members.items()
            if not name.startswith("_") and not _is_method(member)
        }
        return of_class | {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def allows(self, event: str, caps: frozenset[str]) -> bool:  # noqa: ARG002 (for views that ask)
        """Whether a client with these `caps` may run `event`; no means it is unknown."""
        return event in self.events

    def _view(self) -> View:
        return self


def _is_method(member: object) -> bool:
    return callable(member) or isinstance(member, classmethod)
