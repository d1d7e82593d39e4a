"""What the judge of v0 clients goes through, and how it finds the one requirement to blame.

A client of v0 has no numbers and says nothing, so a wrong document alone tells little. What a
plainer form of the same sequence shows tells more: if each stream by itself is shown right, the
others are the cause. Those forms are run beforehand (`Cause`), most telling first; a form that
is wrong too takes the sequence's place. What is left has one op to a frame and is explained by that op.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import turbohtml

from streamops_conformance.model.registry import SEEN, Outcome, Registry, Wrong
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.oracle import tree
from streamops_conformance.oracle.tree import Tree
from streamops_conformance.v0.client.explain import explain
from streamops_conformance.v0.oracle.blame import Diagnosis
from streamops_conformance.v0.oracle.calls import Page
from streamops_conformance.v1.client.sequence import Beat, Dump, SequenceSpec
from streamops_conformance.v1.server.transcript_state import Judgement

Frame = dict[str, Any]


class Cause(StrEnum):
    """What of a wrong sequence has to go for the client to show it right; in the order of asking."""

    OTHERS = "each of its streams alone is shown right"
    MANY = "with one op to a frame, each waited for, it is shown right"
    SILENCE = "with `mode` said it is shown right"
    ERRORS = "without its errors it is shown right"

    def without(self, spec: SequenceSpec) -> list[SequenceSpec]:
        """The sequence without it; empty where there is none of it."""
        frames = frames_of(spec)
        if self is Cause.OTHERS:
            names = dict.fromkeys(frame["stream"] for frame in frames)
            made = [[frame for frame in frames if frame["stream"] == name] for name in names]
            return [of_frames(spec, each) for each in made] if len(names) > 1 else []
        if self is Cause.MANY:
            ones = [{**frame, "ops": [op]} for frame in frames for op in frame["ops"]]
            return [replace(of_frames(spec, ones), paced=True)] if ones != frames or not spec.paced else []
        said = [{**frame, "ops": list(map(_said, frame["ops"]))} for frame in frames]
        if self is Cause.ERRORS:
            said = [{**frame, "ops": list(filter(_no_error, frame["ops"]))} for frame in frames]
        return [of_frames(spec, [frame for frame in said if frame["ops"]])] if said != frames else []


def _said(op: Frame) -> Frame:
    return {**op, "mode": op.get("mode", "append")} if op["op"] == "text" else op


def _no_error(op: Frame) -> bool:
    return bool(op["op"] != "error")


def frames_of(spec: SequenceSpec) -> list[Frame]:
    """The stream frames of a sequence. Raises ValueError where it has something else."""
    frames = [beat.frame for beat in spec.beats]
    if spec.scripts or not all(frame is not None and frame.get("type") == "stream" for frame in frames):
        raise ValueError("a sequence of v0 is a list of `stream` frames")
    return [frame for frame in frames if frame is not None]


def of_frames(spec: SequenceSpec, frames: list[Frame]) -> SequenceSpec:
    """The same page with other frames."""
    return replace(spec, beats=tuple(Beat(json.dumps(each, ensure_ascii=False)) for each in frames))


@dataclass
class Played:
    """A sequence with what the client under test made of it."""

    spec: SequenceSpec
    transcript: Transcript = field(default_factory=Transcript)
    dumps: list[Dump] = field(default_factory=list)
    """The first is of the page before any stream frame."""
    silent: str = ""
    duration: float = 0.0
    cause: Cause | None = None
    """What it is wrong by, where a form without that is right."""


@dataclass
class Look:
    """One dump against what is due, with the frames since the dump before."""

    played: Played
    frames: list[Frame]
    earlier: list[Frame]
    dump: Dump
    due: Tree
    held: set[str]
    """What the targets of texts that were added held before: `text`, `elements`."""
    loading: dict[str, bool | None]
    """Stream → whether it is between `start` and `done`; None where v0 leaves it open."""

    @cached_property
    def ops(self) -> list[Frame]:
        return [op for frame in self.frames for op in frame["ops"]]

    @cached_property
    def shown(self) -> Tree:
        return tree.of_dump(_content(self.dump.said["document"]))

    @cached_property
    def right(self) -> bool:
        return agrees(self.shown, self.due)

    def has(self, *kinds: str) -> bool:
        """Whether some op since the last dump is one of these."""
        return any(op["op"] in kinds for op in self.ops)

    def after_error(self) -> bool:
        """Whether some text was streamed after an error of its stream."""
        failed: set[str] = set()
        for number, frame in enumerate([*self.earlier, *self.frames]):
            for op in frame["ops"]:
                if op["op"] == "error":
                    failed.add(frame["stream"])
                elif op["op"] == "text" and frame["stream"] in failed and number >= len(self.earlier):
                    return True
        return False

    def streams(self) -> set[str]:
        """Those that were written so far."""
        return {frame["stream"] for frame in [*self.earlier, *self.frames]}

    def says(self, requirement: str, *, seen: bool) -> Outcome:
        """The outcome of a requirement: at most one is to blame."""
        if self.fault is None:
            return SEEN if seen else None
        return Wrong(self.fault.expected, self.fault.observed) if self.fault.broken == requirement else None

    @cached_property
    def fault(self) -> Diagnosis | None:
        """What is wrong here, and the requirement that it breaks."""
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
            alerts = [str(each) for each in self.dump.said["alerts"]]
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
        """The elements of streams that name loading classes: the stream, those named, those there."""
        for element in tree.elements(self.dump.said["document"]):
            attrs = element["attrs"]
            named = set(attrs.get("data-loading-class", "").split())
            if named and "dj-stream" in attrs:
                yield attrs["dj-stream"], named, set(attrs.get("class", "").split())

    def _blame(self, mark: str) -> tuple[str, str]:
        """The requirement that is broken, and why it is that one; `mark` is that of what is no content."""
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
        """A new page as it was right before the last op; html would not give each text back (CR LF)."""
        page = Page(self.played.spec.html)
        for frame in [*self.earlier, {"ops": self.ops[:-1]}]:
            for op in frame["ops"]:
                page.apply(op)
        return page

    def _shows(self, page: Page) -> bool:
        return agrees(self.shown, tree.of_html(page.root))


def agrees(shown: Tree, due: Tree) -> bool:
    """Whether a document shows what is due: a client may have given attributes and classes of its own."""
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
    """Dumped nodes without alerts, wherever they stand."""
    return [
        {**node, "children": _content(node["children"])} if "tag" in node else node
        for node in nodes
        if node.get("attrs", {}).get("role") != "alert"
    ]


def looks(played: Played) -> Iterator[Look]:
    """Every dump, from the page before any stream frame on."""
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
        yield Look(played, new, frames[:done], dump, tree.of_html(page.root), held, dict(loading))
        done = dump.after


def _held(page: Page, op: Frame) -> set[str]:
    target = page.find(op["target"]) if op["op"] == "text" and op["text"] else None
    if target is None:
        return set()
    elements = any(isinstance(child, turbohtml.Element) for child in target.children)
    added = op.get("mode", "append") != "replace"
    return ({"text"} if target.text else set()) | ({"elements"} if elements and added else set())


def _between(kind: str, before: bool | None) -> bool | None:
    """Text without a `start`, and what is between an error and the next `start` or `done`, is left open."""
    known = {"start": True, "done": False, "error": None}
    return known.get(kind, before or None)


def judge_v0_client(registry: Registry, played: Played) -> Judgement:
    """Ask every rule at every dump, up to the first that says no."""
    found = Judgement()
    for look in looks(played):
        for rule in registry.rules if look.frames else ():
            outcome = rule.check(look)
            if isinstance(outcome, Wrong):
                found.broken, found.fact, found.wrong = rule.id, rule.fact, outcome
                found.entry = look.dump.entry
                return found
            if outcome is SEEN:
                found.seen[rule.id] += 1
    if played.silent:
        found.broken, found.fact = "CLI-101", "the_client_goes_on"
        found.wrong = Wrong("a client that goes on", played.silent)
    return found
