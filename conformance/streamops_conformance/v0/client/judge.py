"""Judges what a client of v0 showed, and finds the one requirement to blame.

Frames of v0 have no numbers and clients send nothing, so a wrong document alone does not tell which
requirement is broken. The runner therefore plays simpler variants of a wrong sequence first (`Cause`).
What is left has one op in a frame, and that op explains it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import turbohtml

from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.messages import Dump
from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.model.registry import Registry
from streamops_conformance.oracle import tree
from streamops_conformance.oracle.tree import Tree
from streamops_conformance.v0.client.explain import explain
from streamops_conformance.v0.client.sequence import Cause, PlayedSequence, frames_of
from streamops_conformance.v0.oracle.blame import Diagnosis
from streamops_conformance.v0.oracle.calls import Page

Frame = dict[str, Any]


@dataclass
class DumpCheck:
    """One dump, compared with what is expected, and the frames since the previous dump."""

    played: PlayedSequence
    frames: list[Frame]
    earlier: list[Frame]
    dump: Dump
    due: Tree
    held: set[str]
    """What the targets of added texts held before: `text`, `elements`."""
    loading: dict[str, bool | None]
    """Stream → whether it is between `start` and `done`; None if v0 leaves it open."""

    @cached_property
    def ops(self) -> list[Frame]:
        """The ops of all frames since the previous dump."""
        return [op for frame in self.frames for op in frame["ops"]]

    @cached_property
    def shown(self) -> Tree:
        """The document that the client shows."""
        return tree.of_dump(_content(self.dump.answer["document"]))

    @cached_property
    def right(self) -> bool:
        """Whether the client shows the expected document."""
        return agrees(self.shown, self.due)

    def has(self, *kinds: str) -> bool:
        """Whether an op since the previous dump is of one of these kinds."""
        return any(op["op"] in kinds for op in self.ops)

    def after_error(self) -> bool:
        """Whether a text was streamed after an error of its stream."""
        failed: set[str] = set()
        for number, frame in enumerate([*self.earlier, *self.frames]):
            for op in frame["ops"]:
                if op["op"] == "error":
                    failed.add(frame["stream"])
                elif op["op"] == "text" and frame["stream"] in failed and number >= len(self.earlier):
                    return True
        return False

    def streams(self) -> set[str]:
        """The streams that were written to so far."""
        return {frame["stream"] for frame in [*self.earlier, *self.frames]}

    def says(self, requirement: str, *, seen: bool) -> Outcome:
        """The outcome for a requirement; at most one requirement is blamed."""
        if self.fault is None:
            return KEPT if seen else NOT_SEEN
        return (
            Wrong(self.fault.expected, self.fault.observed) if self.fault.broken == requirement else NOT_SEEN
        )

    @cached_property
    def fault(self) -> Diagnosis | None:
        """What is wrong in this dump, and the requirement that it breaks; None if nothing is wrong."""
        found = None
        if not self.right:
            found = Diagnosis("", tree.in_html(self.due)[:400], tree.in_html(self.shown)[:400], None)
        found = found or self._alert() or self._loading()
        if found is None:
            return None
        broken, why = self._blame(found.broken)
        return Diagnosis(broken, found.expected, f"{why}: {found.observed}" if why else found.observed, None)

    def _alert(self) -> Diagnosis | None:
        for op in [frame["ops"][-1] for frame in self.frames[-1:]]:
            alerts = [str(each) for each in self.dump.answer["alerts"]]
            if op["op"] == "error" and not any(op["error"].strip() in alert for alert in alerts):
                return Diagnosis(
                    "CLI-108", f"an alert that says {op['error']!r}", f"the alerts {alerts}", None
                )
        return None

    def _loading(self) -> Diagnosis | None:
        for name, named, classes in self.classes():
            due = self.loading.get(name, False)
            if due is not None and named & classes != (named if due else set()):
                wanted = f"{name}, {'between' if due else 'not between'} start and done, with"
                said = " ".join(sorted(named)) if due else "no loading class"
                seen = f"class={' '.join(sorted(classes))!r}"
                return Diagnosis("CLI-110", f"{wanted} {said}", seen, None)
        return None

    def classes(self) -> Iterator[tuple[str, set[str], set[str]]]:
        """For each stream element with loading classes: the stream, those classes, and the classes it has."""
        for element in tree.elements(self.dump.answer["document"]):
            attrs = element["attrs"]
            named = set(attrs.get("data-loading-class", "").split())
            if named and "dj-stream" in attrs:
                yield attrs["dj-stream"], named, set(attrs.get("class", "").split())

    def _blame(self, mark: str) -> tuple[str, str]:
        """The broken requirement, and the reason; `mark` is the requirement of a wrong mark."""
        cause, last = self.played.cause, self.ops[-1]
        if cause is Cause.OTHERS:
            return "CLI-102", cause
        if cause is Cause.MANY:
            return "CLI-101", cause
        if mark:
            return mark, ""
        if cause is Cause.SILENCE:
            return "CLI-104", cause
        if cause is Cause.ERRORS:
            return ("CLI-108" if last["op"] == "error" else "CLI-109"), cause
        lost = _elements(self.shown) < _elements(self.due)
        return explain(self._before, last, self._shows, lost=lost)

    def _before(self) -> Page:
        """The right page before the last op. It is built from the ops, because HTML loses CR and LF."""
        page = Page(self.played.spec.html)
        for frame in [*self.earlier, {"ops": self.ops[:-1]}]:
            for op in frame["ops"]:
                page.apply(op)
        return page

    def _shows(self, page: Page) -> bool:
        return agrees(self.shown, tree.of_html(page.root))


def agrees(shown: Tree, due: Tree) -> bool:
    """Whether a document shows what is expected; a client may add attributes and classes."""
    return len(shown) == len(due) and all(map(_agrees, shown, due))


def _agrees(shown: tree.Node, due: tree.Node) -> bool:
    if len(shown) == 2 or len(due) == 2:
        return shown == due
    (tag, attrs, children), (tag_due, attrs_due, children_due) = shown, due
    if tag != tag_due or not agrees(children, children_due):
        return False
    there, wanted = dict(attrs), dict(attrs_due)
    classes = set(wanted.pop("class", "").split())
    return wanted.items() <= there.items() and classes <= set(there.get("class", "").split())


def _elements(nodes: Tree) -> int:
    return sum(1 + _elements(node[2]) for node in nodes if len(node) == 3)


def _content(nodes: list[Frame]) -> list[Frame]:
    """Dumped nodes without alerts, at any depth."""
    return [
        {**node, "children": _content(node["children"])} if "tag" in node else node
        for node in nodes
        if node.get("attrs", {}).get("role") != "alert"
    ]


def dump_checks(played: PlayedSequence) -> Iterator[DumpCheck]:
    """Every dump, beginning with the page before the first stream frame."""
    page, frames = Page(played.spec.html), frames_of(played.spec)
    loading: dict[str, bool | None] = {}
    done = 0
    for dump in played.dumps:
        new, held = frames[done : dump.after], set[str]()
        for frame in new:
            for op in frame["ops"]:
                held |= _held(page, op)
                page.apply(op)
                loading[frame["stream"]] = _between(op["op"], loading.get(frame["stream"], False))
        yield DumpCheck(played, new, frames[:done], dump, tree.of_html(page.root), held, dict(loading))
        done = dump.after


def _held(page: Page, op: Frame) -> set[str]:
    target = page.find(op["target"]) if op["op"] == "text" and op["text"] else None
    if target is None:
        return set()
    elements = any(isinstance(child, turbohtml.Element) for child in target.children)
    added = op.get("mode", "append") != "replace"
    return ({"text"} if target.text else set()) | ({"elements"} if elements and added else set())


def _between(kind: str, before: bool | None) -> bool | None:
    """Open for text without a `start`, and between an error and the next `start` or `done`."""
    known = {"start": True, "done": False, "error": None}
    return known.get(kind, before or None)


def judge_v0_client(registry: Registry, played: PlayedSequence) -> Judgement:
    """Ask every rule at each dump, up to the first wrong one."""
    found = Judgement()
    for look in dump_checks(played):
        if look.frames and found.ask(registry.rules, look):
            found.entry = look.dump.entry
            return found
    if played.silent:
        found.broken, found.fact = "CLI-101", "the_client_continues"
        found.wrong = Wrong("a client that continues", played.silent)
    return found
