"""Faults in what operations carry: chapter 3."""

import html
from collections.abc import Callable
from typing import Any

from streamops_server import rendered_html, view_runner
from streamops_server.core import framing, integrity, program, stream, text
from streamops_server.core.ops import Append, Op, Replace, Text
from streamops_server.core.program import Program

from .table import FEW, fault, instead

Real = Callable[..., Any]


def _on_the_wire(change: Callable[[Op], Op]) -> None:
    """Change operations at the last moment, merged as they are."""

    @instead(framing, "encode")
    def encode(real: Real, op: Op) -> bytes:
        data: bytes = real(change(op))
        return data


@fault("CNT-1")
def text_is_escaped_as_html() -> None:
    def escaped(op: Op) -> Op:
        return Text(op.target, html.escape(op.text), op.mode) if isinstance(op, Text) else op

    _on_the_wire(escaped)


@fault("CNT-1")
def text_is_trimmed() -> None:
    def trimmed(op: Op) -> Op:
        return Text(op.target, op.text.rstrip(), op.mode) if isinstance(op, Text) else op

    _on_the_wire(trimmed)


@fault("CNT-2")
def html_goes_to_the_end_whatever_the_call_says() -> None:
    program._INSERTS["prepend"] = Append


@fault("CNT-2")
def text_goes_out_as_html() -> None:
    def as_html(op: Op) -> Op:
        plain = isinstance(op, Text) and op.mode == "append" and op.text.startswith("<b>")
        return Append(op.target, op.text) if isinstance(op, Text) and plain else op

    _on_the_wire(as_html)


@fault("CNT-3")
def html_goes_through_a_parser() -> None:
    def tidied(op: Op) -> Op:
        if isinstance(op, Append | Replace):
            return type(op)(op.target, rendered_html._tree(op.html).inner_html)
        return op

    _on_the_wire(tidied)


@fault("CNT-4")
def dots_in_names_become_dashes_in_targets() -> None:
    @instead(stream, "default_target")
    def target(real: Real, name: str) -> object:
        return real(name.replace(".", "-"))


@fault("CNT-5")
def a_split_leaves_room_for_the_envelope() -> None:
    @instead(text, "pieces")
    def pieces(real: Real, whole: str, limit: int) -> object:
        return real(whole, limit - 1000)


@fault("CNT-5")
def the_first_piece_of_a_prepend_goes_first() -> None:
    @instead(program, "split")
    def split(real: Real, target: str, whole: str, mode: str, limit: int) -> object:
        found = real(target, whole, mode, limit)
        return found[::-1] if mode == "prepend" else found


@fault("CNT-6", examples=FEW)
def a_lone_surrogate_becomes_a_question_mark() -> None:
    @instead(program, "split")
    def split(real: Real, target: str, whole: str, mode: str, limit: int) -> object:
        units = whole.encode("utf-16-le", "surrogatepass")
        return real(target, units.decode("utf-16-le", "replace"), mode, limit)


@fault("CNT-7")
def text_len_counts_utf_16_units() -> None:
    def units(value: str | bytearray) -> int:
        return len(value.encode("utf-16-le")) // 2 if isinstance(value, str) else len(value)

    integrity.len = units  # type: ignore[attr-defined]  # reason: it hides the builtin


@fault("CNT-8", examples=FEW)
def targets_need_no_capability() -> None:
    program.TARGET_NEEDS = ""


@fault("CNT-9")
def every_prune_is_at_the_top() -> None:
    @instead(Program, "prune")
    def prune(
        real: Real, self: Program, caller: object, name: str, limit: int, edge: str, *rest: object
    ) -> None:
        real(self, caller, name, limit, "top", *rest)


@fault("CNT-10")
def a_re_render_sends_the_text_of_its_html() -> None:
    @instead(view_runner, "inner_html")
    def inner(real: Real, whole: str, target: str) -> str:
        return html.unescape(real(whole, target))
