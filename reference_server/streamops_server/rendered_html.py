"""Finds streams and targets in rendered html, with a real HTML parser."""

from __future__ import annotations

import re
from typing import NamedTuple

import turbohtml
from streamops_spec import load_protocol

_NAME = re.compile(load_protocol().patterns.stream)
_FIRST_TAG = re.compile(r"\s*(?:<!--.*?-->\s*)*<([a-z]+)", re.IGNORECASE | re.DOTALL)
_INSIDE = {
    "caption": "table", "colgroup": "table", "thead": "table", "tbody": "table", "tfoot": "table",
    "tr": "tbody", "td": "tr", "th": "tr", "col": "colgroup",
    "circle": "svg svg", "ellipse": "svg svg", "line": "svg svg", "path": "svg svg", "polygon": "svg svg",
    "polyline": "svg svg", "rect": "svg svg", "g": "svg svg", "defs": "svg svg", "text": "svg svg",
}  # fmt: skip
"""First tag of a view → what its root has to be: in other elements a browser would drop or misread it."""
_SVG = frozenset({"svg", "g", "defs", "symbol", "marker", "mask", "pattern", "text", "tspan", "switch"})
_WHOLE_PAGE = re.compile(r"\s*(<!doctype|<html)", re.IGNORECASE)


class StreamNames(NamedTuple):
    """Names of the streams that rendered html marks with `dj-stream`.

    `ignored` streams are also marked with `dj-update="ignore"`: the client keeps their content.
    """

    marked: list[str]
    ignored: list[str]


def _tree(html: str, root_tag: str | None) -> turbohtml.Node:
    if root_tag is None and _WHOLE_PAGE.match(html):
        return turbohtml.parse(html)
    return turbohtml.parse_fragment(html, context=_context(html, root_tag))


def _context(html: str, root_tag: str | None) -> str:
    """The element that a browser would parse `html` in; svg and its parts with their namespace."""
    if root_tag is None:
        first = _FIRST_TAG.match(html)
        return _INSIDE.get(first[1].lower(), "div") if first else "div"
    tag = root_tag.lower()
    return f"svg {root_tag}" if tag in _SVG else "div" if "-" in tag else tag


def check_root_tag(root_tag: str) -> None:
    """Raises ValueError for a tag that no element has in whose content html can be parsed."""
    try:
        turbohtml.parse_fragment("", context=_context("", root_tag))
    except ValueError:
        raise ValueError(
            f"root_tag is {root_tag!r}, which is not an element of HTML or SVG; it is the tag of the dj-view"
        ) from None


def stream_names(html: str, root_tag: str | None = None) -> StreamNames:
    """The streams that `html`, the content of a `root_tag`, marks, in document order."""
    found = StreamNames([], [])
    for element in _tree(html, root_tag).select("[dj-stream]"):
        name = str(element.attrs["dj-stream"])
        if _NAME.fullmatch(name):
            found[element.attrs.get("dj-update") == "ignore"].append(name)
    return found


def inner_html(html: str, target: str, root_tag: str | None = None) -> str:
    """The inner html of a default target or an #ID in `html`, the content of a `root_tag`.

    Raises LookupError if `html` has no such element.
    """
    selector = target
    if target.startswith("#"):  # looked up as an id, never as a selector
        selector = "[id='{}']".format(target[1:].replace("\\", "\\\\"))
    element = _tree(html, root_tag).select_one(selector)
    if element is None:
        raise LookupError(
            f"The template does not render {target}; mark an element with dj-stream or give it the id"
        )
    return element.inner_html
