"""One dump of a client, held against what a right client shows."""

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
    """One dump against what a right client shows, with the messages since the dump before."""

    sequence: PlayedSequence
    steps: list[Step]
    dump: Dump | None
    """None where the client was gone before it could be asked."""
    said_before: Frame
    tree_before: Tree
    streams_before: dict[str, Shown]
    html: bool = True
    effects: list[Effect] = field(init=False)

    def __post_init__(self) -> None:
        self.effects = [step.effect for step in self.steps]
        self.html = self.sequence.shows == "document"

    @property
    def said(self) -> Frame:
        assert self.dump is not None
        return self.dump.said

    @property
    def closed(self) -> Closed | None:
        return self.sequence.closed if self.dump is None or self.is_last else None

    @property
    def is_last(self) -> bool:
        return self.dump is None or self.dump is self.sequence.dumps[-1]

    def has(self, *kinds: str) -> bool:
        """Whether some message since the last dump is one of these."""
        return any(set(kinds) & effect.kinds for effect in self.effects)

    def only(self, kind: str) -> bool:
        """Whether every message since the last dump is of this kind and no other."""
        return bool(self.effects) and all(effect.kinds == {kind} for effect in self.effects)

    def only_views(self) -> bool:
        """Whether every message since the last dump is a view, members of the future in it or not."""
        return bool(self.effects) and all({"view"} <= e.kinds <= {"view", "unknown"} for e in self.effects)

    @property
    def frames(self) -> list[Frame]:
        return [step.message.frame or {} for step in self.steps]

    @property
    def ops(self) -> list[Frame]:
        """The ops of the stream frames that were to be applied."""
        return [
            op
            for step in self.steps
            if "next" in step.effect.kinds
            for op in (step.message.frame or {}).get("ops", ())
        ]

    # What is due and what was seen

    @property
    def expected(self) -> Step:
        return self.steps[-1]

    def shown(self) -> Tree:
        return tree.of_dump(self.said["document"])

    def content_is_right(self) -> bool:
        if self.html:
            return self.shown() == self.expected.tree
        return all(self.said["text"].get(name, "") == text for name, text in self.expected.texts.items())

    def content(self) -> str:
        """What was shown, for people."""
        return tree.in_html(self.shown()) if self.html else repr(self.said["text"])

    def content_due(self) -> str:
        return tree.in_html(self.expected.tree) if self.html else repr(self.expected.texts)

    def content_changed(self) -> bool:
        """Whether what is shown is other than what was right before."""
        if self.html:
            return self.shown() != self.tree_before
        return bool(self.said["text"] != self.said_before["text"])

    def explained_by(self, reader: type[Reader], *, states: bool = False) -> bool:
        """Whether a client that reads in this wrong way would show, and with `states` know, what was seen."""
        assert self.dump is not None
        if not self.html:
            return False
        found = reads(self.sequence.spec, reader, self.dump.after)
        if found is None or found.tree != self.shown():
            return False
        return not states or _states(found.streams) == self.states()

    def stream(self, name: str) -> Shown:
        """A stream as the client says that it knows it."""
        found = self.said["streams"].get(name)
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
        """Every stream that was used, without its cursor, as the client says that it knows it."""
        return _states({name: self.stream(name) for name in self.expected.streams})

    def states_due(self) -> dict[str, Shown]:
        return _states(self.expected.streams)

    def states_are_right(self) -> bool:
        return self.states() == self.states_due()

    @property
    def fired(self) -> list[Frame]:
        """The events since the last dump."""
        new: list[Frame] = self.said["events"][len(self.said_before["events"]) :]
        return new

    @property
    def fired_due(self) -> list[Fired]:
        return [fired for effect in self.effects for fired in effect.fired]

    @property
    def reported(self) -> int:
        return len(self.said["reports"]) - len(self.said_before["reports"])

    @property
    def ignored(self) -> int:
        return int(self.said["ignored"]) - int(self.said_before["ignored"])

    def changed(self) -> str:
        """What is other than before, in words; empty where nothing is."""
        changes = []
        if self.content_changed():
            changes.append(f"the document: {self.content()[:300]}")
        if self.said["streams"] != self.said_before["streams"]:
            changes.append(f"the streams: {self.said['streams']}")
        if fired := [each for each in self.fired if each["event"] != "stream:integrity"]:
            changes.append(f"events fired: {_events(fired)}")
        return "; ".join(changes)

    def lifecycle(self, seen: bool) -> dict[str, list[str]]:
        """The lifecycle events of each stream in order, those seen or those due."""
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
    """Every dump after the first, which is of the page before anything happened, and the client's end."""
    if not sequence.dumps:
        return []
    found = []
    done = 0
    before = sequence.dumps[0].said
    shown, streams = Reader(page_of(sequence.spec)).tree(), dict[str, Shown]()
    for dump in sequence.dumps[1:]:
        steps = sequence.steps[done : dump.after]
        found.append(DumpCheck(sequence, steps, dump, before, shown, streams))
        done, before = dump.after, dump.said
        shown, streams = steps[-1].tree, steps[-1].streams
    if sequence.closed is not None and done < len(sequence.steps):
        rest = sequence.steps[done:] if not sequence.spec.paced else sequence.steps[done : done + 1]
        found.append(DumpCheck(sequence, rest, None, before, shown, streams))
    return found
