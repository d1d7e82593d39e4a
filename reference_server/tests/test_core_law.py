"""The prefix law: random programs, flushed at random instants, through the coalescer."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamops_server import Limits
from streamops_server.core.ops import encode

Model = dict[str, list[Any]]
TARGETS = [None, "#a", "#b"]
STEPS: list[tuple[Any, ...]] = [
    *[("text", name, text, mode, target)
      for name in ("s", "t") for text in ("a", "bc", "", "🦊é" * 7)
      for mode in ("append", "prepend", "replace") for target in TARGETS],
    *[("insert", name, "<b>x", at) for name in ("s", "t") for at in ("append", "prepend")],
    *[("replace", name, "<b>x") for name in ("s", "t")],
    *[(call, name) for name in ("s", "t") for call in ("start", "done", "delete")],
    *[("prune", name, 1) for name in ("s", "t")],
    *[("error", name, "oh") for name in ("s", "t")],
    *[("token", name, text) for name in ("s", "t") for text in ("a", "🦊", "")],
    ("view",), ("flush", 0.0), ("flush", 0.001), ("flush", 0.02), ("flush", 1.0), ("reply",),
]  # fmt: skip


def apply(document: Model, op: dict[str, Any]) -> None:
    """An independent, simple document: each target is a list of pieces, adjacent texts one piece."""
    kind, target = op["op"], op["target"]
    if kind in ("start", "error", "done"):
        document.setdefault("lifecycle", []).append((kind, op.get("run"), op.get("reason")))
        return
    if kind == "delete":
        document[target] = ["gone"]
        return
    content = document.setdefault(target, [])
    if content == ["gone"]:
        return
    piece = op.get("text", ("html", op.get("html")))
    mode = op.get("mode", kind)
    if kind == "prune":
        content.append(("pruned", op["limit"]))
    elif mode == "replace":
        content[:] = [piece]
    elif mode == "append":
        content.append(piece)
    else:
        content.insert(0, piece)
    joined: list[Any] = []
    for each in content:
        if each == "":
            continue
        if joined and isinstance(each, str) and isinstance(joined[-1], str):
            joined[-1] += each
        else:
            joined.append(each)
    content[:] = joined


class Recorder:
    """Performs steps, and holds each frame against the operations as the program made them."""

    def __init__(self, link: Any) -> None:
        self.link = link
        self.log: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        self.cursor: dict[str, int] = {}
        self.shown: dict[str, Model] = {}
        self.expected: dict[str, Model] = {}
        self.order = 0
        self.replies = 0
        add = link.session.outbox.add

        def record(queue: Any, op: Any, size: int) -> None:
            self.order += 1
            self.log.setdefault(queue.name, []).append((self.order, json.loads(encode(op))))
            add(queue, op, size)

        link.session.outbox.add = record

    def perform(self, call: str, *arguments: Any) -> None:
        if call == "flush":
            self.link.now += arguments[0]
            self.check(self.link.arrive())
        elif call == "view":
            self.link.session.views.push(f"{self.order}", [], [])
        elif call == "reply":
            self.replies += 1
            self.link.answer(self.replies)
        elif call == "token":
            program, (name, text) = self.link.program, arguments
            if program.extend(self.link.owner, name, text):
                self.order += 1
                op = {"op": "text", "target": f"[dj-stream='{name}']", "text": text, "mode": "append"}
                self.log[name].append((self.order, op))
            else:
                program.text(self.link.owner, name, text)
        else:
            getattr(self.link.program, call)(self.link.owner, *arguments)

    def finish(self) -> None:
        self.link.program.end(self.link.owner, "owner_returns")
        self.check(self.link.wait(60))
        assert self.cursor == {name: len(ops) for name, ops in self.log.items()}, "nothing is lost"
        assert sum(frame["type"] == "reply" for frame in self.link.frames) == self.replies

    def check(self, arrived: list[dict[str, Any]]) -> None:
        for frame in arrived:
            if frame["type"] == "stream":
                self.check_stream(frame)
            elif frame["type"] == "view":
                order = int(frame["html"])
                self.check_all_arrived(order)  # VIEW-5
                last = [self.log[name][end - 1][0] for name, end in self.cursor.items()]
                assert all(each <= order for each in last), "nothing later came before the view"

    def check_stream(self, frame: dict[str, Any]) -> None:
        name, end = frame["stream"], frame["seq"] + frame["n"] - 1
        covered = self.log[name][frame["seq"] - 1 : end]
        shown, expected = self.shown.setdefault(name, {}), self.expected.setdefault(name, {})
        for op in frame["ops"]:
            apply(shown, op)
        for _, op in covered:
            apply(expected, op)
        assert shown == expected  # ORD-1
        assert all(len(op.get("text", "").encode()) <= 40 for op in frame["ops"])  # BAT-6
        for order, op in covered:
            if op["op"] == "start":
                self.check_all_arrived(order, but=name)  # ORD-6
        self.cursor[name] = end

    def check_all_arrived(self, order: int, but: str = "") -> None:
        """Everything accepted up to `order` has arrived, of all streams but one."""
        for name, ops in self.log.items():
            assert name == but or all(other > order for other, _ in ops[self.cursor.get(name, 0) :])


# The fixture is a class: it has no state that examples could share.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), max_size=40))
def test_every_frame_shows_a_prefix_of_the_program(
    new_link: Callable[..., Any], steps: list[tuple[Any, ...]]
) -> None:
    recorder = Recorder(new_link(Limits(max_text_bytes=40, max_events=99)).open(view="0"))
    for step in steps:
        recorder.perform(*step)
    recorder.finish()
