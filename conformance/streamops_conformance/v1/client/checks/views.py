"""Chapter 12: what a view replaces and what it keeps."""

from collections.abc import Iterator, Mapping
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.oracle import tree
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.dump_check import DumpCheck

Dumped = Mapping[str, Any]


@CLIENT.rule("CLI-12", "dump", observed="document")
def a_view_keeps_the_live_elements_that_it_does_not_list(check: DumpCheck) -> Outcome:
    if not check.only_views() or check.dump is None or not check.html:
        return NOT_SEEN
    if not check.content_is_right():
        return Wrong(check.content_due()[:400], check.content()[:400])
    for name in _kept(check):
        before = tree.stream_element(check.answer_before["document"], name)
        now = tree.stream_element(check.answer["document"], name)
        if before is not None and now is not None and [*_ids(before)] != [*_ids(now)]:
            return Wrong(f"the earlier nodes of {name}", "other nodes")
    return KEPT


def _kept(check: DumpCheck) -> list[str]:
    """The streams with a cursor above 0 that the last view does not list."""
    listed = check.frames[-1]["streams"]
    return [name for name, shown in check.streams_before.items() if shown.cursor and name not in listed]


def _ids(node: Dumped) -> Iterator[int]:
    if "id" in node:
        yield node["id"]
    for child in node.get("children", ()):
        yield from _ids(child)


@CLIENT.rule("CLI-21", "dump")
def the_client_takes_over_the_streams_of_a_view(check: DumpCheck) -> Outcome:
    if not check.only_views() or check.dump is None:
        return NOT_SEEN
    for name in check.frames[-1]["streams"]:
        if check.stream(name) != check.expected.streams[name]:
            return Wrong(f"{name}: {check.expected.streams[name]}", f"{check.stream(name)}")
    return KEPT
