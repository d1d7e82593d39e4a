"""A view: what a client mounts. Its attributes are the state, and its template shows them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar, overload

from streamops_server.interfaces.renderer import Template
from streamops_server.request import Request
from streamops_server.streaming import StreamingMixin

Handler = Callable[..., Awaitable[Any]]
H = TypeVar("H", bound=Handler)
_MARK = "__streamops_event__"
_COMPUTED = (property, cached_property)


@overload
def event_handler(handler: H, /) -> H: ...
@overload
def event_handler(*, name: str) -> Callable[[H], H]: ...
def event_handler(handler: H | None = None, /, *, name: str | None = None) -> H | Callable[[H], H]:
    """Let clients run this async method as an event; its params are keyword arguments.

    The event has the method's name unless `name` gives another.
    Raises TypeError for a function that is not `async def`.
    """

    def mark(function: H) -> H:
        is_async: bool = inspect.iscoroutinefunction(function)
        if not is_async:
            raise TypeError(f"{function.__qualname__} is not async; an event handler is an async def")
        setattr(function, _MARK, name or function.__name__)
        return function

    return mark if handler is None else mark(handler)


class View(StreamingMixin):
    """Inherit from it, add a template and handlers, and register the class with the server."""

    template: ClassVar[str | None] = None
    """The source of the template (Jinja2, autoescaped)."""
    template_name: ClassVar[str | None] = None
    """The name of a template file in `templates`; takes precedence over `template`."""
    templates: ClassVar[str | Path | None] = None
    """The folder of template files; by default `templates` beside the module of the class."""
    template_renders: ClassVar[frozenset[str] | set[str]] = frozenset()
    """Streams whose streamed content the template renders too, from state that the handlers keep."""
    events: ClassVar[dict[str, str]] = {}
    """Event → the name of the method that handles it; filled from `@event_handler`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.events = {
            getattr(member, _MARK): attribute
            for base in reversed(cls.__mro__)  # includes mixins that are not views
            for attribute, member in vars(base).items()
            if hasattr(member, _MARK)
        }

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _METHODS or name in type(self).events.values():
            raise AttributeError(
                f"{type(self).__name__}.{name} is a method, so the state needs another name than {name!r}"
            )
        super().__setattr__(name, value)

    def mount(self, request: Request, /, **kwargs: Any) -> Any:
        """Set up the state; may be async. `kwargs` are the params of the client's `hello.view`.

        Raise BadParams for params that the view cannot take.
        """

    @classmethod
    def has_template(cls) -> bool:
        """Whether there is anything to render."""
        return cls.template is not None or cls.template_name is not None

    @classmethod
    def get_template(cls) -> Template:
        """The template, as a renderer takes it."""
        folder = Path(cls.templates) if cls.templates else _beside(cls) / "templates"
        return Template(cls.template or "", cls.template_name, folder)

    def get_context(self) -> dict[str, Any]:
        """What the template sees: the public attributes of the view and of its class.

        Every rendering computes every property. If one raises, the rendering raises.
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

    def allows(self, event: str, caps: frozenset[str]) -> bool:  # noqa: ARG002 (views may override it)
        """Whether a client with these `caps` may run `event`; if not, the event counts as unknown."""
        return event in type(self).events


def _beside(cls: type) -> Path:
    """The folder of the module of a class; the current folder for a class that is not in a file."""
    try:
        return Path(inspect.getfile(cls)).parent
    except (TypeError, OSError):
        return Path()


def _is_method(member: object) -> bool:
    return callable(member) or isinstance(member, classmethod)


_METHODS = frozenset(name for name in dir(View) if not name.startswith("_") and callable(getattr(View, name)))
"""Names that a view's state cannot have: an attribute would hide the method."""
