"""Compares one dump of a client with what a correct client shows."""

from dataclasses import dataclass, field, replace
from typing import Any

from streamops_conformance.model.messages import Dump
from streamops_conformance.model.transcript import Closed
from streamops_conformance.oracle import tree
from streamops_conformance.oracle.tree import Tree
from streamops_conformance.v1.client.sequence import PlayedSequence, Step, page_of
from streamops_conformance.v1.client.wrong_readers import reads
from streamops_conformance.v1.oracle.client import LIFECYCLE_EVENTS, Effect, Fired, Reader, Shown

Frame = dict[str, Any]


@dataclass
class DumpCheck:
    """One dump and the messages since the previous dump, with what a correct client shows."""

    sequence: PlayedSequence
    steps: list[Step]
    dump: Dump | None
    """None if the client was gone before it could be asked."""
    answer_before: Frame
    tree_before: Tree
    streams_before: dict[str, Shown]
    html: bool = True
    effects: list[Effect] = field(init=False)

    def __post_init__(self) -> None:
        self.effects = [step.effect for step in self.steps]
        self.html = self.sequence.shows == "document"

    @property
    def answer(self) -> Frame:
        """The dump as the client sent it. There must be one."""
        assert self.dump is not None
        return self.dump.answer

    @property
    def closed(self) -> Closed | None:
        """How the client closed, if it did so before this check."""
        return self.sequence.closed if self.dump is None or self.is_last else None

    @property
    def is_last(self) -> bool:
        """Whether no dump follows this one."""
        return self.dump is None or self.dump is self.sequence.dumps[-1]

    def has(self, *kinds: str) -> bool:
        """Whether a message since the last dump has one of these kinds."""
        return any(set(kinds) & effect.kinds for effect in self.effects)

    def only(self, kind: str) -> bool:
        """Whether every message since the last dump has exactly this kind."""
        return bool(self.effects) and all(effect.kinds == {kind} for effect in self.effects)

    def only_views(self) -> bool:
        """Whether every message since the last dump is a view, with or without unknown members."""
        return bool(self.effects) and all({"view"} <= e.kinds <= {"view", "unknown"} for e in self.effects)

    @property
    def frames(self) -> list[Frame]:
        """The frames since the last dump, in order."""
        return [step.message.frame or {} for step in self.steps]

    @property
    def ops(self) -> list[Frame]:
        """The ops of the `stream` frames that a client must apply."""
        return [
            op
            for step in self.steps
            if "next" in step.effect.kinds
            for op in (step.message.frame or {}).get("ops", ())
        ]

    # Expected and observed

    @property
    def expected(self) -> Step:
        """The state of a correct client after these messages."""
        return self.steps[-1]

    def shown(self) -> Tree:
        """The document that the client shows."""
        return tree.of_dump(self.answer["document"])

    def content_is_right(self) -> bool:
        """Whether the client shows the expected content."""
        if self.html:
            return self.shown() == self.expected.tree
        return all(self.answer["text"].get(name, "") == text for name, text in self.expected.texts.items())

    def content(self) -> str:
        """The shown content, as text for a report."""
        return tree.in_html(self.shown()) if self.html else repr(self.answer["text"])

    def content_due(self) -> str:
        """The expected content, as text for a report."""
        return tree.in_html(self.expected.tree) if self.html else repr(self.expected.texts)

    def content_changed(self) -> bool:
        """Whether the shown content differs from the expected content before these messages."""
        if self.html:
            return self.shown() != self.tree_before
        return bool(self.answer["text"] != self.answer_before["text"])

    def explained_by(self, reader: type[Reader], *, states: bool = False) -> bool:
        """Whether a client with this error would show the observed content, with `states` also know them."""
        assert self.dump is not None
        if not self.html:
            return False
        found = reads(self.sequence.spec, reader, self.dump.after)
        if found is None or found.tree != self.shown():
            return False
        return not states or _states(found.streams) == self.states()

    def stream(self, name: str) -> Shown:
        """The state of a stream in the client."""
        found = self.answer["streams"].get(name)
        if found is None:
            return Shown()
        open_ = found["state"] != "idle"
        error = found.get("error")
        return Shown(
            found["state"],
            found["cursor"],
            found.get("run", 0) if open_ else 0,
            error,
            found.get("code", "") if error is not None else "",
        )

    def states(self) -> dict[str, Shown]:
        """The states of all used streams in the client, without their cursors."""
        return _states({name: self.stream(name) for name in self.expected.streams})

    def states_due(self) -> dict[str, Shown]:
        """The expected states of all used streams, without their cursors."""
        return _states(self.expected.streams)

    def states_are_right(self) -> bool:
        """Whether all used streams have their expected states."""
        return self.states() == self.states_due()

    @property
    def fired(self) -> list[Frame]:
        """The events that fired since the last dump."""
        new: list[Frame] = self.answer["events"][len(self.answer_before["events"]) :]
        return new

    @property
    def fired_due(self) -> list[Fired]:
        """The events that should have fired since the last dump."""
        return [fired for effect in self.effects for fired in effect.fired]

    @property
    def reported(self) -> int:
        """The number of reports since the last dump."""
        return len(self.answer["reports"]) - len(self.answer_before["reports"])

    @property
    def ignored(self) -> int:
        """By how much the counter of ignored parts has grown since the last dump."""
        return int(self.answer["ignored"]) - int(self.answer_before["ignored"])

    def changed(self) -> str:
        """What changed since the last dump, in words; empty if nothing did."""
        changes = []
        if self.content_changed():
            changes.append(f"the document: {self.content()[:300]}")
        if self.answer["streams"] != self.answer_before["streams"]:
            changes.append(f"the streams: {self.answer['streams']}")
        if fired := [each for each in self.fired if each["event"] != "stream:integrity"]:
            changes.append(f"events fired: {_events(fired)}")
        return "; ".join(changes)

    def lifecycle(self, seen: bool) -> dict[str, list[str]]:
        """The lifecycle events of each stream in order: the fired ones if `seen`, else the expected ones."""
        found: dict[str, list[str]] = {}
        if seen:
            for each in self.fired:
                if each["event"] in LIFECYCLE_EVENTS:
                    found.setdefault(each["stream"], []).append(_worded(each["event"], each.get("reason")))
        else:
            for due in self.fired_due:
                if due.event in LIFECYCLE_EVENTS:
                    found.setdefault(due.stream, []).append(_worded(due.event, due.reason))
        return found


def _states(streams: dict[str, Shown]) -> dict[str, Shown]:
    return {name: replace(shown, cursor=0) for name, shown in streams.items()}


def _worded(event: str, reason: str | None) -> str:
    return f"{event} {reason}" if event == "stream:done" and reason else event


def _events(fired: list[Frame]) -> str:
    return ", ".join(f"{each['event']} on {each['stream']}" for each in fired)


def dump_checks(sequence: PlayedSequence) -> list[DumpCheck]:
    """A check for each dump after the first, which shows the initial page, and one for an early close."""
    if not sequence.dumps:
        return []
    found = []
    done = 0
    before = sequence.dumps[0].answer
    shown, streams = Reader(page_of(sequence.spec)).tree(), dict[str, Shown]()
    for dump in sequence.dumps[1:]:
        steps = sequence.steps[done : dump.after]
        found.append(DumpCheck(sequence, steps, dump, before, shown, streams))
        done, before = dump.after, dump.answer
        shown, streams = steps[-1].tree, steps[-1].streams
    if sequence.closed is not None and done < len(sequence.steps):
        rest = sequence.steps[done:] if not sequence.spec.paced else sequence.steps[done : done + 1]
        found.append(DumpCheck(sequence, rest, None, before, shown, streams))
    return found
