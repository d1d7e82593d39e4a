"""Wrong ways to apply one op of v0. The first that explains the document names the broken requirement.

The document before the op was right, and its frame holds no other op.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from streamops_conformance.v0.oracle.calls import Page

Op = Mapping[str, Any]
Before = Callable[[], Page]
Shows = Callable[[Page], bool]
MODES = ("append", "prepend", "replace")
KINDS = {
    "replace": "CLI-106",
    "append": "CLI-106",
    "prepend": "CLI-106",
    "delete": "CLI-107",
    "error": "CLI-108",
}
"""Ops with a requirement of their own: any other effect of such an op breaks it."""


def explain(before: Before, op: Op, shows: Shows, *, lost: bool) -> tuple[str, str]:
    """The requirement that `op` on the page of `before` broke, and how.

    `shows` returns whether a page equals what the client shows; `lost` says that elements are missing.
    """
    if op["op"] != "text":
        return KINDS.get(op["op"], "CLI-101"), ""
    mode = op.get("mode", "append")
    for requirement, said, page in _wrong_pages(before, op, mode):
        if shows(page):
            return requirement, said
    if lost and mode != "replace":
        return "CLI-105", "elements are gone"
    return "CLI-101", ""


def _wrong_pages(before: Before, op: Op, mode: str) -> Iterator[tuple[str, str, Page]]:
    page = before()
    page.apply({"op": mode, "target": op["target"], "html": op["text"]})
    yield "CLI-103", "text was parsed as html", page
    target = before().find(op["target"])
    empty = target is None or not target.text
    for other in MODES:
        # Without a text before it, replacing the content and joining it into one text look the same.
        if other != mode and not (other == "replace" and empty):
            page = before()
            page.apply({**op, "mode": other})
            yield "CLI-104", f"as if `mode` were {other}", page
