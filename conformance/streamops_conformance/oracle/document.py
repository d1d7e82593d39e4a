"""The document that operations make: an HTML tree, changed as chapters 3 and 12 describe.

Documents are compared by their serialization. The same parser makes both, so an error of the parser
affects both sides in the same way.
"""

from collections.abc import Callable, Mapping
from typing import Any

import turbohtml

Op = Mapping[str, Any]


class Document:
    """The view root and everything in it.

    `missing` counts the operations whose target did not exist. They change nothing.
    """

    def __init__(self, html: str) -> None:
        self._root = turbohtml.parse_fragment(html)
        self.missing = 0

    @property
    def root(self) -> turbohtml.Element:
        """The node that holds the content."""
        return self._root

    def serialized(self) -> str:
        """The HTML of the document."""
        return self._root.inner_html

    def apply(self, op: Op) -> None:
        """Apply one operation in its wire form. Lifecycle operations change no content."""
        change = _CHANGES.get(op["op"])
        if change is None:
            return
        element = self.find(op["target"])
        if element is None:
            self.missing += 1
            return
        change(element, op)

    def find(self, target: str) -> turbohtml.Element | None:
        """The first element of the target in document order inside the root."""
        if target.startswith("#"):
            return self._root.find(attrs={"id": target[1:]})
        return self._root.find(attrs={"dj-stream": target[len("[dj-stream='") : -len("']")]})

    def show_view(self, html: str, live: list[str]) -> None:
        """Replace the content by a view's HTML; the elements of the streams in `live` stay as they are.

        `live` names the streams that the view does not list and whose cursor is above 0.
        """
        old, self._root = self._root, turbohtml.parse_fragment(html)
        for name in live:
            place = self._root.find(attrs={"dj-stream": name})
            kept = old.find(attrs={"dj-stream": name})
            if place is not None and kept is not None:
                place.replace_with(kept)


def normalized(html: str) -> str:
    """HTML as its tree serializes: equal for two spellings of the same tree."""
    return turbohtml.parse_fragment(html).inner_html


def _text(element: turbohtml.Element, op: Op) -> None:
    mode = op.get("mode", "append")
    if mode == "replace":
        element.clear()
    if op["text"]:
        element.insert(0 if mode == "prepend" else len(element.children), turbohtml.Text(op["text"]))


def _replace(element: turbohtml.Element, op: Op) -> None:
    element.set_inner_html(op["html"])


def _append(element: turbohtml.Element, op: Op) -> None:
    element.insert_adjacent_html("beforeend", op["html"])


def _prepend(element: turbohtml.Element, op: Op) -> None:
    element.insert_adjacent_html("afterbegin", op["html"])


def _delete(element: turbohtml.Element, op: Op) -> None:  # noqa: ARG001  # reason: one signature for all ops
    element.extract()


def _prune(element: turbohtml.Element, op: Op) -> None:
    children = [child for child in element.children if isinstance(child, turbohtml.Element)]
    surplus = max(0, len(children) - op["limit"])
    if surplus:
        for child in children[:surplus] if op["edge"] == "top" else children[-surplus:]:
            child.extract()


_CHANGES: dict[str, Callable[[turbohtml.Element, Op], None]] = {
    "text": _text,
    "replace": _replace,
    "append": _append,
    "prepend": _prepend,
    "delete": _delete,
    "prune": _prune,
}
