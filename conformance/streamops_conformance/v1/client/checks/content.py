"""Chapter 13: content. Wrong documents that one way of being wrong explains."""

from collections.abc import Iterator
from typing import Any

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.oracle import tree
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.judge import Look
from streamops_conformance.v1.client.wrong_readers import (
    ErrorIsContent,
    HtmlWithoutContext,
    TextFlattens,
    TextParsed,
)

Frame = dict[str, Any]


@CLIENT.rule("CLI-6", "look")
def text_is_not_parsed(look: Look) -> Outcome:
    if look.dump is None or not any(op["op"] == "text" and _markup(op["text"]) for op in look.ops):
        return None
    if look.content_is_right():
        return SEEN
    return _explained(look, TextParsed, "text was parsed as html")


def _markup(text: str) -> bool:
    return any(sign in text for sign in "<&\r\0")


@CLIENT.rule("CLI-7", "look", observed="document")
def what_is_added_leaves_the_nodes_that_are_there(look: Look) -> Outcome:
    if not _document(look) or not look.ops or look.has("view"):
        return None
    if not look.content_is_right() and any(map(_adds_text, look.ops)):
        flattened = _explained(look, TextFlattens, "elements became text")
        if flattened is not None:
            return flattened
    if not all(_adds_text(op) or op["op"] in ("append", "prepend", "start", "done") for op in look.ops):
        return None
    if not any(op.get("text") or op.get("html") for op in look.ops):
        return None
    before = list(_places(look.said_before["document"]))
    if not before:
        return None
    now = dict(_places(look.said["document"]))
    gone = [place for place in before if place[0] not in now]
    if gone or any(now[node] != parent for node, parent in before):
        return Wrong(f"the {len(before)} nodes of before, where they were", f"{len(gone)} are gone, or moved")
    return SEEN if look.content_is_right() else None


def _adds_text(op: Frame) -> bool:
    return op["op"] == "text" and op["mode"] in ("append", "prepend")


def _places(nodes: list[Frame], parent: int = 0) -> Iterator[tuple[int, int]]:
    """Each node with its parent: what a text may not change. Alerts are the client's own."""
    for node in nodes:
        if node.get("attrs", {}).get("role") != "alert" and "id" in node:
            yield node["id"], parent
            yield from _places(node.get("children", []), node["id"])


@CLIENT.rule("CLI-8", "look", observed="document")
def html_is_parsed_in_its_target_and_runs_no_script(look: Look) -> Outcome:
    if not _document(look):
        return None
    if look.said.get("executed", 0):
        return Wrong("no script runs", f"{look.said['executed']} ran")
    if not any("html" in op for op in look.ops):
        return None
    if look.content_is_right():
        return SEEN
    return _explained(look, HtmlWithoutContext, "html was parsed out of its context")


@CLIENT.rule("CLI-9", "look")
def an_error_is_an_alert_beside_the_content(look: Look) -> Outcome:
    if look.dump is None or look.has("violation", "malformed"):
        return None
    shown = any(stream.error is not None for stream in look.expected.streams.values())
    if not shown and not any(op["op"] == "error" for op in look.ops):
        return None
    if not look.content_is_right():
        if not look.html:
            errors = [op["error"] for op in look.ops if op["op"] == "error" and op["error"]]
            mixed = any(text in each for text in errors for each in look.said["text"].values())
            return Wrong(look.content_due()[:400], look.content()[:400]) if mixed else None
        if _without_alerts(look.said["document"]) == look.expected.tree:
            return Wrong("the alert outside of every target", look.content()[:400])
        return _explained(look, ErrorIsContent, "the error took the place of the content")
    return SEEN


def _without_alerts(nodes: list[Frame]) -> tree.Tree:
    def kept(children: list[Frame]) -> list[Frame]:
        return [
            {**node, "children": kept(node["children"])} if "tag" in node else node
            for node in children
            if node.get("attrs", {}).get("role") != "alert"
        ]

    return tree.of_dump(kept(nodes))


def _document(look: Look) -> bool:
    return look.html and look.dump is not None


def _explained(look: Look, reader: type, said: str) -> Outcome:
    if look.explained_by(reader):
        return Wrong(look.content_due()[:400], f"{said}: {look.content()[:400]}")
    return None
