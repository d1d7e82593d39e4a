"""Faults in views: chapter 12.

Patches, because these are not on the wire: what a map lists, and when a view is rendered.
"""

from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from html import escape
from typing import Any
from weakref import WeakKeyDictionary

from streamops_server.core.errors import Overflow
from streamops_server.core.outbox import Outbox
from streamops_server.core.program import Program
from streamops_server.core.view_queue import PendingView
from streamops_server.core.views import Views
from streamops_server.rendered_html import stream_names
from streamops_server.view_runner import ViewRunner

from .order import no_early_merge
from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("VIEW-2")
def a_view_contains_what_it_does_not_list() -> None:
    """The html has the streamed text in it, and the map leaves the stream out all the same."""
    no_early_merge()
    written: WeakKeyDictionary[Program, dict[str, str]] = WeakKeyDictionary()

    @instead(Program, "text")
    def text(real: Real, self: Program, caller: object, name: str, said: str, *rest: Any) -> None:
        real(self, caller, name, said, *rest)
        texts = written.setdefault(self, {})
        texts[name] = texts.get(name, "") + said

    @instead(Views, "push")
    def push(real: Real, self: Views, html: str, *args: Any, **options: Any) -> None:
        for name, said in written.get(self._program, {}).items():
            mark = f'<div dj-stream="{name}">'
            html = html.replace(mark, mark + escape(said))
        real(self, html, *args, **options)


@fault("VIEW-3")
def the_map_lists_streams_of_other_content() -> None:
    @instead(Views, "push")
    def push(
        real: Real, self: Views, html: str, marked: object, ignored: object, renders: object = ()
    ) -> None:
        real(self, html, marked, ignored, renders=list(self._program.streams))


@fault("VIEW-3")
def the_map_lists_only_what_the_template_marks() -> None:
    @instead(Views, "_accept")
    def accept(real: Real, self: Views, html: str, states: dict[str, Any], **options: Any) -> None:
        marked = {*stream_names(html).marked}
        real(self, html, {name: state for name, state in states.items() if name in marked}, **options)


@fault("VIEW-6")
def a_view_replaces_the_one_that_waits() -> None:
    """Only where nothing can be resumed: the view of a resume would come too late then, which is RES-5's."""

    @instead(Outbox, "add_view")
    def add_view(real: Real, self: Outbox, *args: Any, first: bool = False) -> None:
        if self._views and self.replay is None:
            self._views.pop_last()
        real(self, *args, first=first)


RAISED: ContextVar[bool] = ContextVar("raised", default=False)


@fault("VIEW-9", examples=FEW)
def views_go_as_they_come() -> None:
    @instead(Outbox, "add_view")
    def add_view(
        real: Real, self: Outbox, data: bytes, version: int, cursors: Any = (), *, first: bool = False
    ) -> None:
        self.seal()
        self._views.add(PendingView(0 if first else self.order, data, version, cursors))

    @instead(Outbox, "flush")
    def flush(real: Real, self: Outbox, now: float) -> list[bytes]:
        out: list[bytes] = []
        while True:
            self._next_view = 0
            more = real(self, now)
            out += more
            if not more or not self._views:
                return out


@fault("VIEW-11")
def a_re_render_leaves_its_stream_out_of_the_map() -> None:
    @instead(Program, "replace")
    def replace(real: Real, self: Program, caller: object, name: str, *args: Any, **options: Any) -> None:
        before = name in self.streams and self.streams[name].has_streamed_content
        real(self, caller, name, *args, **options)
        self.streams[name].has_streamed_content |= before


@fault("VIEW-12", examples=FEW)
def a_push_of_a_view_that_cannot_fit_does_nothing() -> None:
    @instead(ViewRunner, "push_view")
    def push_view(real: Real, self: ViewRunner) -> None:
        with suppress(Overflow):
            real(self)


@fault("VIEW-12", examples=FEW)
def a_final_view_that_cannot_fit_fails_its_event() -> None:
    @instead(ViewRunner, "_final_view")
    def final_view(real: Real, self: ViewRunner) -> None:
        try:
            real(self)
        except Overflow as overflow:
            raise RuntimeError(str(overflow)) from None
