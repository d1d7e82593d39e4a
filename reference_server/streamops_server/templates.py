"""Rendering a view's template, and finding a target in what it rendered with a real HTML parser."""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jinja2
import turbohtml
from streamops_spec import load_protocol

if TYPE_CHECKING:
    from streamops_server.view import View

_NAME = re.compile(load_protocol().patterns.stream)
_WHOLE_PAGE = re.compile(r"\s*(<!doctype|<html)", re.IGNORECASE)


class Marks(NamedTuple):
    """Names of streams that rendered html marks with `dj-stream`; `ignored` ones never change."""

    marked: list[str]
    ignored: list[str]


@cache
def _environment(folder: Path | None) -> jinja2.Environment:
    loader = None if folder is None else jinja2.FileSystemLoader(folder)
    return jinja2.Environment(autoescape=True, loader=loader)


@cache
def _inline(source: str) -> jinja2.Template:
    return _environment(None).from_string(source)


def _folder(view: type[View]) -> Path:
    return Path(view.templates) if view.templates else Path(inspect.getfile(view)).parent / "templates"


def render(view: View) -> str:
    """The whole view root. Raises what the template raises."""
    cls = type(view)
    if cls.template_name is not None:
        template = _environment(_folder(cls)).get_template(cls.template_name)
    else:
        template = _inline(cls.template or "")
    return template.render(view.get_context())


def _tree(html: str) -> turbohtml.Node:
    if _WHOLE_PAGE.match(html):
        return turbohtml.parse(html)
    return turbohtml.parse_fragment(html)


def marks(html: str) -> Marks:
    """The streams that `html` marks, in document order."""
    found = Marks([], [])
    for element in _tree(html).select("[dj-stream]"):
        name = str(element.attrs["dj-stream"])
        if _NAME.fullmatch(name):
            found[element.attrs.get("dj-update") == "ignore"].append(name)
    return found


def inner(html: str, target: str) -> str:
    """The inner html of the target, a default target or #ID, its nested markup intact.

    Raises LookupError where `html` has no such element.
    """
    selector = target
    if target.startswith("#"):  # an id is looked up as an id, never as a selector
        selector = "[id='{}']".format(target[1:].replace("\\", "\\\\"))
    element = _tree(html).select_one(selector)
    if element is None:
        raise LookupError(
            f"The template renders no element {target}; mark it with dj-stream or give it the id"
        )
    return element.inner_html
