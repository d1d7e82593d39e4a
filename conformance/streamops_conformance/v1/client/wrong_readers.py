"""Readers with one error each: the reader that explains a wrong document names the requirement."""

from collections.abc import Callable, Mapping
from typing import Any

import turbohtml

from streamops_conformance.v1.client.sequence import SequenceSpec, Step, steps_of
from streamops_conformance.v1.oracle.client import Effect, Reader
from streamops_conformance.v1.vocabulary import PROTOCOL

Op = Mapping[str, Any]


class TextParsed(Reader):
    """Parses text as HTML (CLI-6)."""

    def _change_by(self, op: Op) -> None:
        if op["op"] == "text":
            kind = op["mode"] if op["mode"] in ("append", "prepend") else "replace"
            op = {"op": kind, "target": op["target"], "html": op["text"]}
        super()._change_by(op)


class TextFlattens(Reader):
    """Joins all text in the target into one node, and drops its elements (CLI-7)."""

    def _change_by(self, op: Op) -> None:
        element = self.document.find(op["target"]) if op["op"] == "text" else None
        if element is not None and op["mode"] != "replace":
            before = element.text
            element.clear()
            text = op["text"] + before if op["mode"] == "prepend" else before + op["text"]
            if text:
                element.insert(0, turbohtml.Text(text))
        else:
            super()._change_by(op)


class HtmlWithoutContext(Reader):
    """Parses HTML as in the body of a page, for every target (CLI-8)."""

    def _change_by(self, op: Op) -> None:
        if op["op"] not in ("replace", "append", "prepend"):
            super()._change_by(op)
            return
        element = self.document.find(op["target"])
        if element is None:
            return
        if op["op"] == "replace":
            element.clear()
        nodes = list(turbohtml.parse_fragment(op["html"]).children)
        at = 0 if op["op"] == "prepend" else len(element.children)
        for offset, node in enumerate(nodes):
            element.insert(at + offset, node)


class ErrorIsContent(Reader):
    """Replaces the content with the text of an error (CLI-9)."""

    def _change_by(self, op: Op) -> None:
        element = self.document.find(op["target"]) if op["op"] == "error" else None
        if element is not None:
            element.clear()
            element.insert(0, turbohtml.Text(op["error"]))
        else:
            super()._change_by(op)


class StopsAtAFailure(Reader):
    """Leaves out the rest of a frame after an op that it cannot apply (CLI-5)."""

    def _op(self, name: str, op: Op, effect: Effect) -> None:
        if not effect.failed:
            super()._op(name, op, effect)


class StopsAtTheUnknown(Reader):
    """Leaves out the rest of a frame after an unknown part (FWD-4)."""

    def _op(self, name: str, op: Op, effect: Effect) -> None:
        if not effect.unknown and not _is_later(op):
            super()._op(name, op, effect)


class SkipsTheUnknown(Reader):
    """Drops a whole frame that has an unknown part (FWD-4)."""

    def _stream(self, frame: Op) -> Effect:
        later = "later" in frame or any(map(_is_later, frame["ops"]))
        return super()._stream({**frame, "ops": []} if later else frame)


def _is_later(op: Op) -> bool:
    return (
        "later" in op
        or op["op"] not in PROTOCOL.ops
        or op.get("reason", "complete") not in PROTOCOL.done_reasons
        or op.get("mode", "append") not in PROTOCOL.text_modes
        or op.get("edge", "top") not in PROTOCOL.prune_edges
    )


def reads(spec: SequenceSpec, reader: Callable[[str], Reader], after: int) -> Step | None:
    """The state of such a reader after `after` messages; None if it fails before."""
    try:
        steps = steps_of(spec, reader)
    except (KeyError, IndexError, TypeError, ValueError):
        return None
    return steps[after - 1] if 0 < after <= len(steps) else None
