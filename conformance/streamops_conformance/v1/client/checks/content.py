"""Chapter 13: content. A wrong document that one known error explains."""

from collections.abc import Iterator
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.oracle import tree
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.dump_check import DumpCheck
from streamops_conformance.v1.client.wrong_readers import (
    ErrorIsContent,
    HtmlWithoutContext,
    TextFlattens,
    TextParsed,
)

Frame = dict[str, Any]


@CLIENT.rule("CLI-6", "dump")
def text_is_not_parsed(check: DumpCheck) -> Outcome:
    if check.dump is None or not any(op["op"] == "text" and _markup(op["text"]) for op in check.ops):
        return NOT_SEEN
    if check.content_is_right():
        return KEPT
    return _explained(check, TextParsed, "text was parsed as HTML")


def _markup(text: str) -> bool:
    return any(sign in text for sign in "<&\r\0")


@CLIENT.rule("CLI-7", "dump", observed="document")
def added_content_keeps_the_existing_nodes(check: DumpCheck) -> Outcome:
    if not _has_document(check) or not check.ops or check.has("view"):
        return NOT_SEEN
    if not check.content_is_right() and any(map(_adds_text, check.ops)):
        flattened = _explained(check, TextFlattens, "elements became text")
        if flattened is not None:
            return flattened
    if not all(_adds_text(op) or op["op"] in ("append", "prepend", "start", "done") for op in check.ops):
        return NOT_SEEN
    if not any(op.get("text") or op.get("html") for op in check.ops):
        return NOT_SEEN
    before = list(_places(check.answer_before["document"]))
    if not before:
        return NOT_SEEN
    now = dict(_places(check.answer["document"]))
    gone = [place for place in before if place[0] not in now]
    if gone or any(now[node] != parent for node, parent in before):
        return Wrong(
            f"the {len(before)} earlier nodes in their places", f"{len(gone)} are gone, or some have moved"
        )
    return KEPT if check.content_is_right() else NOT_SEEN


def _adds_text(op: Frame) -> bool:
    return op["op"] == "text" and op["mode"] in ("append", "prepend")


def _places(nodes: list[Frame], parent: int = 0) -> Iterator[tuple[int, int]]:
    """The id of each node with that of its parent, without the alerts of the client."""
    for node in nodes:
        if node.get("attrs", {}).get("role") != "alert" and "id" in node:
            yield node["id"], parent
            yield from _places(node.get("children", []), node["id"])


@CLIENT.rule("CLI-8", "dump", observed="document")
def html_is_parsed_in_the_context_of_its_target_and_runs_no_script(check: DumpCheck) -> Outcome:
    if not _has_document(check):
        return NOT_SEEN
    if check.answer.get("executed", 0):
        return Wrong("no script runs", f"{check.answer['executed']} ran")
    if not any("html" in op for op in check.ops):
        return NOT_SEEN
    if check.content_is_right():
        return KEPT
    return _explained(check, HtmlWithoutContext, "HTML was parsed without the context of its target")


@CLIENT.rule("CLI-9", "dump")
def an_error_is_an_alert_beside_the_content(check: DumpCheck) -> Outcome:
    if check.dump is None or check.has("violation", "malformed"):
        return NOT_SEEN
    shown = any(stream.error is not None for stream in check.expected.streams.values())
    if not shown and not any(op["op"] == "error" for op in check.ops):
        return NOT_SEEN
    if not check.content_is_right():
        if not check.html:
            errors = [op["error"] for op in check.ops if op["op"] == "error" and op["error"]]
            mixed = any(text in each for text in errors for each in check.answer["text"].values())
            return Wrong(check.content_due()[:400], check.content()[:400]) if mixed else NOT_SEEN
        if _without_alerts(check.answer["document"]) == check.expected.tree:
            return Wrong("an alert outside of every target", check.content()[:400])
        return _explained(check, ErrorIsContent, "the error replaced the content")
    return KEPT


def _without_alerts(nodes: list[Frame]) -> tree.Tree:
    def kept(children: list[Frame]) -> list[Frame]:
        return [
            {**node, "children": kept(node["children"])} if "tag" in node else node
            for node in children
            if node.get("attrs", {}).get("role") != "alert"
        ]

    return tree.of_dump(kept(nodes))


def _has_document(check: DumpCheck) -> bool:
    return check.html and check.dump is not None


def _explained(check: DumpCheck, reader: type, cause: str) -> Outcome:
    if check.explained_by(reader):
        return Wrong(check.content_due()[:400], f"{cause}: {check.content()[:400]}")
    return NOT_SEEN
