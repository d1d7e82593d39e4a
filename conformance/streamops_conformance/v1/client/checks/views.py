"""Chapter 12: what a view replaces and what it leaves."""

from collections.abc import Iterator, Mapping
from typing import Any

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.oracle import tree
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.judge import Look

Dumped = Mapping[str, Any]


@CLIENT.rule("CLI-12", "look", observed="document")
def a_view_keeps_the_live_elements_that_it_does_not_list(look: Look) -> Outcome:
    if not look.only_views() or look.dump is None or not look.html:
        return None
    if not look.content_is_right():
        return Wrong(look.content_due()[:400], look.content()[:400])
    for name in _kept(look):
        before = tree.stream_element(look.said_before["document"], name)
        now = tree.stream_element(look.said["document"], name)
        if before is not None and now is not None and [*_ids(before)] != [*_ids(now)]:
            return Wrong(f"the nodes of {name} that were there", "other nodes")
    return SEEN


def _kept(look: Look) -> list[str]:
    """Streams that the last view does not list and whose cursor is above 0."""
    listed = look.frames[-1]["streams"]
    return [name for name, shown in look.streams_before.items() if shown.cursor and name not in listed]


def _ids(node: Dumped) -> Iterator[int]:
    if "id" in node:
        yield node["id"]
    for child in node.get("children", ()):
        yield from _ids(child)


@CLIENT.rule("CLI-21", "look")
def the_streams_of_a_view_become_the_clients(look: Look) -> Outcome:
    if not look.only_views() or look.dump is None:
        return None
    for name in look.frames[-1]["streams"]:
        if look.stream(name) != look.expected.streams[name]:
            return Wrong(f"{name}: {look.expected.streams[name]}", f"{look.stream(name)}")
    return SEEN
