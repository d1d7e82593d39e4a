"""Faults in what operations carry: chapter 3.

Patches, because these are not on the wire: where a text is cut, what is refused, and the text of a whole run.
"""

import html
from collections.abc import Callable
from typing import Any

from streamops_server import view_runner
from streamops_server.core import integrity, program, text

from .table import FEW, fault, instead

Real = Callable[..., Any]


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


@fault("CNT-10")
def a_re_render_sends_the_text_of_its_html() -> None:
    @instead(view_runner, "inner_html")
    def inner(real: Real, whole: str, target: str, *more: Any) -> str:
        return html.unescape(real(whole, target, *more))


@fault("CNT-11", examples=FEW)
def what_the_template_does_not_mark_is_rendered_empty() -> None:
    @instead(view_runner.ViewRunner, "render_target")
    def render_target(real: Real, self: object, name: str, target: str) -> str:
        try:
            return str(real(self, name, target))
        except LookupError:
            return ""
