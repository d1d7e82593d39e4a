"""The prefix law over lost connections: random programs, windows, acks, cuts, and clients that come back."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamops_server import Limits

from .test_core_law import STEPS, Recorder

CUTS: list[tuple[Any, ...]] = [
    *[("cut", arriving, away) for arriving in (0, 1, 2) for away in (0, 3)],
    ("ack",), ("ack",), ("flush", 0.02), ("view",), ("view",), ("view",),
    ("text", "s", "a"), ("text", "t", "b"), ("start", "s"), ("done", "s"), ("start", "t"), ("done", "t"),
]  # fmt: skip
CAPS = ["html", "view", "ack", "resume"]


class Traveller(Recorder):
    """A client whose connection is lost while frames are under way, and who resumes."""

    def __init__(self, link: Any, caps: list[str], window: int) -> None:
        super().__init__(link)
        self.caps, self.window = caps, window
        self.version = 0
        self.flying = 0
        self.away: list[tuple[Any, ...]] = []

    def perform(self, call: str, *arguments: Any) -> None:
        if call == "cut":
            self.cut(*arguments)
        elif call == "ack":
            self.link.send({"type": "ack", "cursors": self.cursor, "view": self.version})
            self.flying = 0
        elif call == "view":
            self.link.session.views.push(f"{self.order}", [], [])
        elif call != "reply":
            super().perform(call, *arguments)

    def check(self, arrived: list[dict[str, Any]]) -> None:
        for frame in arrived:
            self.flying += frame["type"] in ("stream", "view")
            if frame["type"] == "view":
                assert frame["version"] > self.version, "a view is sent once"
                self.version = frame["version"]
        if "ack" in self.caps:
            assert self.flying <= self.window  # FLW-1
        super().check(arrived)

    def cut(self, arriving: int, away: int) -> None:
        """Of what is sent now only the first `arriving` frames come through; a while passes."""
        sent = []
        for _ in range(3):  # several views, and what stands between them
            self.link.now += 0.02
            sent += [json.loads(data) for data in self.link.session.flush(self.link.now)]
        del sent[arriving:]
        for frame in sent:
            if frame["type"] == "stream":
                self.link.cursors[frame["stream"]] = frame["seq"] + frame["n"] - 1
        self.check(sent)
        assert self.link.session.lost(self.link.now)
        self.link.now += away
        assert self.link.session.flush(self.link.now) == []
        hello = {
            "type": "hello",
            "caps": self.caps,
            "limits": {"window": self.window},
            "resume": {"session": "an id", "cursors": self.cursor, "view": self.version},
        }
        decoded = self.link.decode(hello)
        assert self.link.session.may_resume(decoded, CAPS)
        self.link.session.resume(decoded, self.link.now, tuple)
        self.flying = 0
        (welcome, *rest) = self.link.arrive()
        assert welcome["resumed"] == {
            name: {"how": "replay", "seq": len(ops)} for name, ops in self.log.items()
        }  # RES-2
        self.check(rest)

    def finish(self) -> None:
        self.link.program.end(self.link.owner, "owner_returns")
        for _ in range(200):
            self.perform("ack")
            self.check(self.link.wait(0.1))
        assert self.cursor == {name: len(ops) for name, ops in self.log.items()}, "nothing is lost"


# The fixture is a class: it has no state that examples could share.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(
    steps=st.lists(st.sampled_from(STEPS + CUTS * 10), max_size=60),
    caps=st.sampled_from([["html", "view", "resume"], CAPS]),
    window=st.sampled_from([9, 1, 2]),
)
def test_every_frame_shows_a_prefix_however_often_the_connection_is_lost(
    new_link: Callable[..., Any], steps: list[tuple[Any, ...]], caps: list[str], window: int
) -> None:
    link = new_link(Limits(max_text_bytes=40)).open(caps=caps, offered=CAPS, view="0", window=window)
    traveller = Traveller(link, caps, window)
    traveller.version = 1
    traveller.perform("ack")
    for step in steps:
        traveller.perform(*step)
    traveller.finish()
