"""A view: what a client mounts. Its attributes are the state, and its template shows them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import cached_property
from pathlib import Path
from types import NoneType
from typing import Any, ClassVar, TypeVar, overload

from streamops_server.broadcasting import BroadcastMixin
from streamops_server.interfaces.renderer import Template
from streamops_server.rendered_html import check_root_tag
from streamops_server.request import Request
from streamops_server.streaming import StreamingMixin
from streamops_server.threads import ThreadsMixin

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


class View(StreamingMixin, BroadcastMixin, ThreadsMixin):
    """Inherit from it, add a template and handlers, and register the class with the server."""

    template: ClassVar[str | None] = None
    """The source of the template (Jinja2, autoescaped)."""
    template_name: ClassVar[str | None] = None
    """The name of a template file in `templates`; takes precedence over `template`."""
    templates: ClassVar[str | Path | None] = None
    """The folder of template files; by default `templates` beside the module of the class."""
    template_renders: ClassVar[frozenset[str] | set[str]] = frozenset()
    """Streams whose streamed content the template renders too, from state that the handlers keep."""
    root_tag: ClassVar[str | None] = None
    """The tag of the page's element with `dj-view`: `tbody`, `ul`, `svg`. The browser parses a view as that
    element's content, and so does the server. By default it is told from the first tag of the html."""
    _streamops_events: ClassVar[dict[str, str]] = {}
    """Event → the name of the method that handles it; filled from `@event_handler`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _check_class(cls)
        cls._streamops_events = {
            getattr(member, _MARK): attribute
            for base in reversed(cls.__mro__)  # includes mixins that are not views
            for attribute, member in vars(base).items()
            if hasattr(member, _MARK)
        }

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _METHODS or name in type(self)._streamops_events.values():
            raise AttributeError(
                f"{type(self).__name__}.{name} is a method, so the state needs another name than {name!r}"
            )
        if name.startswith(_PREFIX):
            raise AttributeError(
                f"Names that begin with {_PREFIX} are the server's; use another than {name!r}"
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
        return event in type(self)._streamops_events


def _beside(cls: type) -> Path:
    """The folder of the module of a class; the current folder for a class that is not in a file."""
    try:
        return Path(inspect.getfile(cls)).parent
    except (TypeError, OSError):
        return Path()


def _is_method(member: object) -> bool:
    return callable(member) or isinstance(member, classmethod)


_PREFIX = "_streamops_"
"""How the names begin that the server keeps on a view."""
_METHODS = frozenset(
    name for name in dir(View) if not name.startswith(("__", _PREFIX)) and callable(getattr(View, name))
)
"""Names that a view's state cannot have: an attribute would hide the method."""
_SETTINGS: dict[str, tuple[type, ...]] = {
    "template": (str, NoneType),
    "template_name": (str, NoneType),
    "templates": (str, Path, NoneType),
    "template_renders": (set, frozenset, list, tuple),
    "root_tag": (str, NoneType),
}
"""Class attribute → the types that it may have."""


def _check_class(cls: type[View]) -> None:
    """Raises TypeError for a class whose attributes hide what the server uses, and names the way out.

    Raises ValueError for a `root_tag` that no element has.
    """
    for name in _METHODS:
        member = inspect.getattr_static(cls, name)
        if not (callable(member) or isinstance(member, classmethod | staticmethod)):
            raise TypeError(f"{cls.__name__}.{name} hides a method of View; give the attribute another name")
        if hasattr(member, _MARK):
            raise TypeError(
                f"{cls.__name__}.{name} is an event handler and hides a method of View; call the method"
                f' otherwise, and keep the event\'s name: @event_handler(name="{name}")'
            )
    if not inspect.iscoroutinefunction(cls.handle_message):
        raise TypeError(f"{cls.__name__}.handle_message is not async; make it an async def")
    for name, kinds in _SETTINGS.items():
        value = inspect.getattr_static(cls, name)
        if not isinstance(value, kinds):
            wanted = " or ".join("None" if kind is NoneType else kind.__name__ for kind in kinds)
            raise TypeError(
                f"{cls.__name__}.{name} is {value!r:.80}, and View uses the name for a setting, a {wanted};"
                " state of that name is set in mount"
            )
    if cls.root_tag is not None:
        check_root_tag(cls.root_tag)
    for name in vars(cls):
        if name.startswith(_PREFIX):
            raise TypeError(f"Names that begin with {_PREFIX} are the server's; {cls.__name__} has {name}")
