"""Finds streams and targets in rendered html, with a real HTML parser."""

from __future__ import annotations

import re
from typing import NamedTuple

import turbohtml
from streamops_spec import load_protocol

_NAME = re.compile(load_protocol().patterns.stream)
_WHOLE_PAGE = re.compile(r"\s*(<!doctype|<html)", re.IGNORECASE)


class StreamNames(NamedTuple):
    """Names of the streams that rendered html marks with `dj-stream`.

    `ignored` streams are also marked with `dj-update="ignore"`: the client keeps their content.
    """

    marked: list[str]
    ignored: list[str]


def _tree(html: str) -> turbohtml.Node:
    if _WHOLE_PAGE.match(html):
        return turbohtml.parse(html)
    return turbohtml.parse_fragment(html)


def stream_names(html: str) -> StreamNames:
    """The streams that `html` marks, in document order."""
    found = StreamNames([], [])
    for element in _tree(html).select("[dj-stream]"):
        name = str(element.attrs["dj-stream"])
        if _NAME.fullmatch(name):
            found[element.attrs.get("dj-update") == "ignore"].append(name)
    return found


def inner_html(html: str, target: str) -> str:
    """The inner html of a default target or an #ID.

    Raises LookupError if `html` has no such element.
    """
    selector = target
    if target.startswith("#"):  # looked up as an id, never as a selector
        selector = "[id='{}']".format(target[1:].replace("\\", "\\\\"))
    element = _tree(html).select_one(selector)
    if element is None:
        raise LookupError(
            f"The template does not render {target}; mark an element with dj-stream or give it the id"
        )
    return element.inner_html
