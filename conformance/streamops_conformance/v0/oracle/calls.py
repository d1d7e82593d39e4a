"""Script → the calls on each stream, and what each call must do in v0.

Branches of `parallel` are taken one after another. Generated scripts give each stream to one branch, so
the calls on a stream are the same for every interleaving.
"""

import html as html_lib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

import turbohtml
from streamops_spec import default_target

from streamops_conformance.oracle import script as steps
from streamops_conformance.oracle.document import Document

Wire = dict[str, Any]

REQUIREMENT = {
    "text.append": "CNT-101",
    "text.prepend": "CNT-101",
    "text.replace": "CNT-101",
    "replace": "CNT-102",
    "stream_to": "CNT-103",
    "nested": "CNT-103",
    "insert.append": "CNT-104",
    "insert.prepend": "CNT-104",
    "delete": "CNT-105",
    "start": "LIF-101",
    "done": "LIF-101",
    "error": "ERR-101",
}
"""Kind of call → the requirement on its effect when no other call is near it."""

REPLACING = ("text.replace", "replace", "stream_to", "nested")
RENDERING = ("replace", "stream_to", "nested")
"""Calls of `stream_to`."""
FAR = 40.0
"""Milliseconds from which on two calls are not near each other: more than two batching windows."""

_FIRST = float("inf")
_OWN_ATTRIBUTES = re.compile(r'\s(?:data-)?dj-(?!stream=)[\w-]+="[^"]*"')


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a streaming method."""

    stream: str
    kind: str
    wire: Wire
    """The op that a call alone puts on the wire."""
    order: int
    """Its place among the calls on all streams."""
    pause: float
    """Milliseconds that the program slept since the call before it on the stream."""
    optional: bool = False
    """It may have no effect: a `done` while nothing is open."""

    @property
    def lifecycle(self) -> bool:
        """Whether it is a start, done or error."""
        return self.kind in ("start", "done", "error")

    def said(self) -> str:
        """The call in short, for reports."""
        return said(self.wire)


@dataclass(slots=True)
class Expected:
    """The expected effect of one script."""

    streams: dict[str, list[Call]] = field(default_factory=dict)
    raises: bool = False
    """The script raises, so its reply is a failure."""
    undetermined: bool = False
    """v0 does not define its effect."""


def expected(script: steps.Script, variables: Mapping[str, str], nested: tuple[str, str] | None) -> Expected:
    """The calls of a script that runs in a fresh view with those variables."""
    return _Run(dict(variables), nested).all(script)


def inside(name: str, variables: Mapping[str, str], nested: tuple[str, str] | None) -> str:
    """The HTML that the template has inside the stream's element."""
    value = html_lib.escape(variables.get(name, ""))
    return nested[1].replace("{value}", value) if nested is not None and name == nested[0] else value


def said(op: Wire) -> str:
    """An op in short, for reports."""
    target = f" of {op['target']}" if str(op.get("target", "")).startswith("#") else ""
    match op["op"]:
        case "text":
            mode = op.get("mode", "append")
            return f"text {_short(op['text'])}{'' if mode == 'append' else ' ' + mode}{target}"
        case "replace" | "append" | "prepend":
            return f"{op['op']} {_short(op['html'])}{target}"
        case "error":
            return f"error {_short(op['error'])}"
        case kind:
            return f"{kind}{target}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:40]}…{text[-12:]}")


class Page(Document):
    """The part of the page that one stream writes to. A target is any CSS selector."""

    def find(self, target: str) -> turbohtml.Element | None:
        """The first element that matches the selector; None if there is none, or for an invalid selector."""
        try:
            found = self._root.select_one(target)
        except ValueError:
            return None
        return found if isinstance(found, turbohtml.Element) else None

    def serialized(self) -> str:
        """The page without the attributes that a server adds to what it renders."""
        return unmarked(super().serialized())


def unmarked(html: str) -> str:
    """The HTML without the `dj-…` attributes that the server added."""
    return _OWN_ATTRIBUTES.sub("", html) if "dj-" in html else html


def page(name: str, inner: str) -> Page:
    return Page(f'<div dj-stream="{name}">{inner}</div>')


def states(calls: list[Call], name: str, inner: str) -> list[str]:
    """The page after 0, 1, … all calls."""
    shown = page(name, inner)
    found = [shown.serialized()]
    for call in calls:
        if not call.lifecycle:
            shown.apply(call.wire)
        found.append(found[-1] if call.lifecycle else shown.serialized())
    return found


class _Run:
    def __init__(self, variables: dict[str, str], nested: tuple[str, str] | None) -> None:
        self._variables = variables
        self._nested = nested
        self._made = Expected()
        self._clock = 0.0
        self._last: dict[str, float] = {}
        self._live: set[str] = set()
        self._order = 0

    def all(self, script: steps.Script) -> Expected:
        for step in script:
            if isinstance(step, steps.Parallel):
                self._parallel(step)
            elif isinstance(step, steps.Finally):
                self._made.undetermined = True  # what no guide of v0 promises
            else:
                self._step(step)
            if self._made.raises:
                break
        return self._made

    def _parallel(self, step: steps.Parallel) -> None:
        began, ended, raised = self._clock, self._clock, False
        used = [set(steps.streams_of(branch)) for branch in step.branches]
        self._made.undetermined |= sum(map(len, used)) > len(set().union(*used))
        for branch in step.branches:
            self._clock = began
            for each in branch:
                self._step(each)
                if self._made.raises:
                    break
            raised, self._made.raises = raised or self._made.raises, False
            ended = max(ended, self._clock)
        self._clock, self._made.raises = ended, raised

    def _step(self, step: steps.Simple) -> None:
        match step:
            case steps.Sleep():
                self._clock += step.ms
            case steps.Set():
                self._variables[step.var] = step.value * step.repeat
            case steps.Raise():
                self._made.raises = True
            case steps.Hang() | steps.PushState() | steps.Prune() | steps.TextUnits():
                self._made.undetermined = True
            case steps.Start():
                self._add(step.stream, "start", {"op": "start"}, "")
            case steps.Done():
                self._add(step.stream, "done", {"op": "done"}, "", optional=step.stream not in self._live)
                self._live.discard(step.stream)
            case steps.Error():
                self._add(step.stream, "error", {"op": "error", "error": step.error}, "")
            case steps.Text():
                wire = {"op": "text", "text": step.text * step.repeat, "mode": step.mode}
                self._add(step.stream, f"text.{step.mode}", wire, step.target)
            case steps.Replace():
                self._add(
                    step.stream, "replace", {"op": "replace", "html": step.html * step.repeat}, step.target
                )
            case steps.Insert():
                self._add(
                    step.stream,
                    f"insert.{step.at}",
                    {"op": step.at, "html": step.html * step.repeat},
                    step.target,
                )
            case steps.Delete():
                self._add(step.stream, "delete", {"op": "delete"}, step.target)
            case steps.StreamTo():
                self._made.undetermined |= step.stream not in self._variables
                special = self._nested is not None and step.stream == self._nested[0]
                html = inside(step.stream, self._variables, self._nested)
                self._add(
                    step.stream, "nested" if special else "stream_to", {"op": "replace", "html": html}, ""
                )
            case _ as never:
                assert_never(never)

    def _add(self, name: str, kind: str, wire: Wire, target: str, *, optional: bool = False) -> None:
        self._order += 1
        if kind != "done":
            self._live.add(name)
        made = {**wire, "target": target or default_target(name)}
        pause = self._clock - self._last[name] if name in self._last else _FIRST
        self._last[name] = self._clock
        self._made.streams.setdefault(name, []).append(Call(name, kind, made, self._order, pause, optional))
