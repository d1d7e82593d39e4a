"""What the wire alone shows: correct traffic is clean, and each rule finds its broken traffic alone."""

import hashlib
import json

import pytest
from streamops_conformance.capture.lines import read_lines
from streamops_conformance.commands.check import judge, recognize
from streamops_conformance.v1.capture.rules import rules

OWN = "[dj-stream='s']"
LIMITS = {
    "max_frame_bytes": 1 << 20,
    "max_streams": 2,
    "max_text_bytes": 64,
    "max_fps": 60,
    "max_events": 8,
    "cancel_ms": 2000,
    "replay_bytes": 1 << 20,
}
ID = "A" * 32


def text(content, mode="append", target=OWN):
    return {"op": "text", "target": target, "text": content, "mode": mode}


def start(run):
    return {"op": "start", "target": OWN, "run": run}


def done(reason="complete", **members):
    return {"op": "done", "target": OWN, "reason": reason, **members}


def error(code="x_a", message="oops"):
    return {"op": "error", "target": OWN, "error": message, "code": code}


def stream(seq, n, *ops, name="s"):
    return {"type": "stream", "stream": name, "seq": seq, "n": n, "ops": list(ops)}


def hello(*caps, **members):
    limits = {"max_frame_bytes": 1 << 20, "max_fps": 60, "window": 8}
    return {"type": "hello", "caps": list(caps), "limits": limits, **members}


def welcome(*caps, **members):
    resume = {"resume_ttl_ms": 1000} if "resume" in caps else {}
    base = {"type": "welcome", "session": ID, "caps": list(caps), "limits": LIMITS, "heartbeat_ms": 9000}
    return {**base, **resume, **members}


def event(ref=1):
    return {"type": "event", "ref": ref, "event": "ask", "params": {}}


def reply(ref=1, **members):
    return {"type": "reply", "ref": ref, "ok": True, **members}


def view(version, html="<p></p>", **streams):
    return {"type": "view", "html": html, "version": version, "streams": streams}


HASH = hashlib.sha256(b"Hello").hexdigest()
RIGHT = (
    hello(),
    welcome(),
    {"type": "ping", "t": "a"},
    {"type": "pong", "t": "a"},
    event(1),
    stream(1, 2, start(1), text("Hel")),
    stream(3, 4, text("lo"), done(text_len=5, text_sha256=HASH)),
    reply(1),
    event(2),
    stream(7, 2, start(7), error()),
    stream(9, 1, done("error")),
    reply(2),
)
"""Frames of server and client in turn. The type names the sender, except for ping and pong."""
BEFORE = (
    hello("view", "resume"),
    welcome("view", "resume"),
    view(1, s={"seq": 0, "state": "idle"}),
    event(1),
    stream(1, 2, start(1), text("Hel")),
    stream(3, 1, text("lo")),
)
RESUME = {"session": ID, "cursors": {"s": 3}, "view": 1}
AGAIN = (
    hello("view", "resume", resume=RESUME),
    welcome("view", "resume", resumed={"s": {"how": "replay", "seq": 6}}),
    event(1),
    stream(4, 2, text("!")),
    stream(6, 1, done()),
    view(2, s={"seq": 6, "state": "idle"}),
    reply(1),
)


def capture(*connections, every=20.0, close=None):
    """A recording of these connections, each a sequence of frames at a fixed interval in milliseconds."""
    lines = [{"type": "capture", "version": 1, "target": "ws://x/", "began": "2026-11-24T15:00:00+00:00"}]
    ms = 0.0
    for number, frames in enumerate(connections, start=1):
        where = {"connection": number}
        opened = {"path": "/", "subprotocol": "streamops.v1", "extensions": ""}
        lines.append({"type": "open", **where, "ms": ms, **opened})
        pinged = 0
        for frame in frames:
            ms += every
            kind = frame["type"] if isinstance(frame, dict) else ""
            sends = kind in ("hello", "event", "ack", "cancel", "ping")
            pinged += kind == "ping"
            data = frame if isinstance(frame, str) else json.dumps(frame)
            lines.append(
                {"type": "message", **where, "ms": ms, "dir": "send" if sends else "recv", "data": data}
            )
        if close is not None:
            lines.append({"type": "close", **where, "ms": ms, "by": "server", **close})
        lines.append({"type": "end", **where, "ms": ms + 1000, "how": "closed by the client"})
    return read_lines(map(json.dumps, lines))


def broken(made, written=None):
    return {(each.id, each.side) for account in judge(made, "", written or {}) for each in account.findings}


def seen(made, written=None):
    (account,) = judge(made, "", written or {})
    return set(account.seen["server"])


def swapped(frames, index, *others):
    return (*frames[:index], *others, *frames[index + 1 :])


GONE = welcome("view", "resume", resumed={"s": {"how": "gone", "seq": 6}})
BOTH_GONE = welcome("view", "resume", resumed={name: {"how": "gone", "seq": 6} for name in "as"})
AS_VIEW = welcome("view", "resume", resumed={"s": {"how": "view", "seq": 6}})


@pytest.mark.parametrize(
    "connections",
    [
        (RIGHT,),
        (
            RIGHT,
            tuple({**each, "session": "B" * 32} if each["type"] == "welcome" else each for each in RIGHT),
        ),
        (BEFORE, AGAIN),
        (BEFORE, (*swapped(AGAIN[:3], 1, GONE), stream(9, 1, start(9)))),
        (
            BEFORE,
            (
                *swapped(AGAIN[:3], 1, AS_VIEW),
                view(2, s={"seq": 6, "state": "idle"}),
                stream(7, 1, start(7)),
            ),
        ),
        (
            BEFORE,
            (
                *swapped(AGAIN[:3], 1, GONE),
                view(2, s={"seq": 8, "state": "open", "run": 1}),
                stream(9, 1, text("!")),
            ),
        ),
        # A replay of the missed operations, batched in another way.
        (
            BEFORE,
            (
                hello("view", "resume", resume={"session": ID, "cursors": {"s": 2}, "view": 1}),
                welcome("view", "resume", resumed={"s": {"how": "replay", "seq": 3}}),
                stream(3, 1, text("lo")),
            ),
        ),
        (AGAIN,),  # The beginning of the session is not in the capture.
        ((stream(4, 1, text("x")), reply(3)),),  # Its hello is not in the capture either.
    ],
)
def test_correct_traffic_is_clean(connections):
    assert not broken(capture(*connections))


def test_correct_traffic_shows_these_requirements():
    due = "CON-3 CON-4 CON-8 CON-12 FRM-1 FRM-4 ORD-2 ORD-3 ORD-7 LIF-1 LIF-2 LIF-5 CNT-4 CNT-7 EVT-1 ERR-7"
    assert seen(capture(RIGHT)) >= set(due.split())
    assert seen(capture(BEFORE, AGAIN)) >= {"RES-2", "RES-3", "RES-12", "VIEW-1", "VIEW-5", "VIEW-7"}


FRAMES = [stream(number + 2, 1, text("x")) for number in range(200)]
FAST = (hello(), welcome(), event(), stream(1, 1, start(1)), *FRAMES)
VIEWS = [view(number + 2) for number in range(100)]

FAULTS = {
    "no JSON": ("FRM-1", (swapped(RIGHT, 5, "nonsense"),)),
    "a member twice": ("FRM-2", (swapped(RIGHT, 7, '{"type":"reply","ref":1,"ok":true,"ok":true}'),)),
    "no n": ("FRM-4", (swapped(RIGHT, 5, {"type": "stream", "stream": "s", "seq": 1, "ops": [start(1)]}),)),
    "two welcomes": ("CON-3", (swapped(RIGHT, 1, welcome(), welcome()),)),
    "a capability that was not offered": ("CON-4", (swapped(RIGHT, 1, welcome("html")),)),
    "a pong without a ping": ("CON-12", (swapped(RIGHT, 3, {"type": "pong", "t": "b"}),)),
    "a frame is lost": ("ORD-2", (swapped(RIGHT, 5),)),
    "a repeated frame": ("ORD-2", (swapped(RIGHT, 5, RIGHT[5], RIGHT[5]),)),
    "frames overtake": ("ORD-2", (swapped(RIGHT, 5, RIGHT[6], RIGHT[5]),)),
    "n is too small": ("ORD-3", (swapped(RIGHT, 5, stream(1, 1, start(1), text("Hel"))),)),
    "numbers that begin again": ("ORD-7", (swapped(RIGHT, 9, stream(1, 2, start(1), error())),)),
    "text after done": ("LIF-1", (swapped(RIGHT, 9, stream(7, 1, text("late"))),)),
    "done twice": ("LIF-1", (swapped(RIGHT, 10, stream(9, 2, done("error"), done("error"))),)),
    "a run with another number": (
        "LIF-2",
        (swapped(RIGHT, 9, stream(7, 2, start(8), text("x")), RIGHT[10]),),
    ),
    "complete after an error": ("LIF-5", (swapped(RIGHT, 10, stream(9, 1, done("complete"))),)),
    "error without an error": ("LIF-5", (swapped(RIGHT, 6, stream(3, 4, text("lo"), done("error"))),)),
    "another stream's target": (
        "CNT-4",
        (swapped(RIGHT, 6, stream(3, 4, text("x", target="[dj-stream='t']"))),),
    ),
    "a long text": ("CNT-5", (swapped(RIGHT, 5, stream(1, 2, start(1), text("x" * 65))),)),
    "a long merged text": ("BAT-6", (swapped(RIGHT, 5, stream(1, 3, start(1), text("é" * 33))),)),
    "text is lost inside a frame": ("CNT-7", (swapped(RIGHT, 5, stream(1, 2, start(1), text("He"))),)),
    "one frame per token": ("BAT-7", (FAST,), 1.0),
    "a view per change": ("VIEW-9", ((hello("view"), welcome("view"), view(1), event(), *VIEWS),), 1.0),
    "a traceback": (
        "ERR-4",
        (
            swapped(
                RIGHT, 9, stream(7, 2, start(7), error("app_error", "Traceback (most recent call last): …"))
            ),
        ),
    ),
    "a code of neither kind": ("ERR-7", (swapped(RIGHT, 9, stream(7, 2, start(7), error("mine"))),)),
    "a reply without an event": ("EVT-1", (swapped(RIGHT, 7, reply(7)),)),
    "two replies": ("EVT-1", (swapped(RIGHT, 7, reply(1), reply(1)),)),
    "a third stream of two": (
        "LIM-4",
        ((*RIGHT, *(stream(1, 1, {**start(1), "target": f"[dj-stream='{a}']"}, name=a) for a in "ab")),),
    ),
    "a frame that is too large": (
        "LIM-1",
        (
            (
                hello(limits={"max_frame_bytes": 1 << 16, "max_fps": 60, "window": 1}),
                welcome(),
                stream(1, 2, start(1), error(message="x" * (1 << 16))),
            ),
        ),
    ),
    "a stream is not listed": (
        "RES-2",
        (BEFORE, swapped(AGAIN, 1, welcome("view", "resume", resumed={}))),
    ),
    "a replay begins two later": ("RES-3", (BEFORE, swapped(AGAIN, 3, stream(5, 1, text("!"))))),
    "a replay where a view was due": ("RES-5", (BEFORE, swapped(AGAIN, 1, AS_VIEW))),
    "text where a start was due": ("RES-5", (BEFORE, swapped(AGAIN, 1, GONE))),
    "an earlier number of a gone stream": (
        "RES-5",
        (BEFORE, (*swapped(AGAIN[:3], 1, GONE), view(2, s={"seq": 3, "state": "open", "run": 1}))),
    ),
    "an earlier number of a view stream": (
        "RES-5",
        (BEFORE, (*swapped(AGAIN[:3], 1, AS_VIEW), view(2, s={"seq": 3, "state": "open", "run": 1}))),
    ),
    "an earlier number of one of two streams": (
        "RES-5",
        (
            BEFORE,
            (
                *swapped(AGAIN[:3], 1, BOTH_GONE),
                view(2, a={"seq": 6, "state": "idle"}, s={"seq": 3, "state": "open", "run": 1}),
            ),
        ),
    ),
    "a repeated id": ("RES-12", (RIGHT, RIGHT)),
    "a short id": ("RES-12", (swapped(RIGHT, 1, welcome(session="7")),)),
    "no first view": ("CON-8", (swapped(BEFORE, 2),)),
    "a first view with numbers": ("VIEW-1", (swapped(BEFORE, 2, view(1, s={"seq": 1, "state": "idle"})),)),
    "a view that overtakes operations": ("VIEW-5", (BEFORE, swapped(AGAIN, 4, AGAIN[5]))),
    "a map with an old number": (
        "VIEW-4",
        (BEFORE, swapped(AGAIN, 5, view(2, s={"seq": 5, "state": "idle"}))),
    ),
    "a map with another state": (
        "VIEW-4",
        (BEFORE, swapped(AGAIN, 5, view(2, s={"seq": 6, "state": "open", "run": 1}))),
    ),
    "a repeated version": ("VIEW-7", (BEFORE, swapped(AGAIN, 5, view(1, s={"seq": 6, "state": "idle"})))),
    "a view without the capability": ("VIEW-10", (swapped(RIGHT, 7, view(1)),)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_broken_traffic_has_exactly_one_finding(name):
    requirement, connections, *every = FAULTS[name]
    assert broken(capture(*connections, every=every[0] if every else 20.0)) == {(requirement, "server")}


def test_every_rule_of_this_module_has_traffic_that_breaks_it():
    from streamops_conformance.v1.capture.rules import WIRE

    assert {rule.id for rule in WIRE.rules} <= {fault[0] for fault in FAULTS.values()}
    assert {rule.id for rule in rules()} >= {rule.id for rule in WIRE.rules}


@pytest.mark.parametrize(
    ("frames", "requirement"),
    [
        ((event(), *RIGHT[:4]), "CON-16"),
        (swapped(RIGHT, 4, {**event(), "ref": "1"}), "FRM-10"),
        ((*RIGHT, event(2)), "EVT-9"),
    ],
)
def test_the_frames_of_a_client_are_judged_too(frames, requirement):
    assert (requirement, "client") in broken(capture(frames))


def test_a_fatal_error_is_mirrored_by_its_close():
    fatal = {"type": "error", "code": "internal", "error": "it broke", "fatal": True, "retryable": True}
    right = capture((*RIGHT, fatal), close={"code": 4500, "reason": "internal"})
    assert not broken(right)
    assert "ERR-8" in seen(right)
    assert broken(capture((*RIGHT, fatal), close={"code": 4400, "reason": "bad_frame"})) == {
        ("ERR-8", "server")
    }


def test_a_slow_network_that_delivers_frames_together_is_not_blamed():
    """Frames of 4 s arrive together, and no answer since then shows how late they are."""
    made = capture(FAST, every=1.0)
    for entry in made.connections[0].transcript.entries[4:]:
        entry.ms += 4000
    assert not broken(made)


def test_compression_is_read_from_the_handshake():
    made = capture(RIGHT)
    made.connections[0].extensions = "permessage-deflate; server_no_context_takeover"
    assert broken(made) == {("LIM-6", "server"), ("LIM-7", "server")}
    made.connections[0].extensions += "; client_no_context_takeover"
    assert broken(made) == {("LIM-6", "server")}
    (account,) = judge(made, "", {})
    assert account.clean  # LIM-6 is a SHOULD.


# The text that the program wrote


def test_the_given_text_is_compared_with_the_text_that_arrived():
    right = capture((*RIGHT[:8],))
    assert not broken(right, {"s": "Hello"})
    assert {"ORD-4", "ORD-5"} <= seen(right, {"s": "Hello"})
    assert broken(right, {"s": "Hello, world"}) == {("ORD-5", "server")}
    assert broken(right, {"s": "He said: Hello"}) == {("ORD-5", "server")}
    assert broken(right, {"s": "loHel"}) >= {("ORD-4", "server")}
    assert broken(right, {"s": "Goodbye"}) == {("CNT-1", "server"), ("ORD-5", "server")}
    assert not broken(right, {"another": "x"})


def test_a_text_that_continues_in_a_resumed_session_is_one_text():
    assert not broken(capture(BEFORE, AGAIN), {"s": "Hello!"})
    assert broken(capture(BEFORE, AGAIN), {"s": "Hello?!"}) == {("ORD-5", "server")}


def test_traffic_of_neither_version_is_recognized():
    made = capture(RIGHT)
    made.connections[0].subprotocol = None
    assert recognize(made.connections[0]) == "v1"
    made.connections[0].transcript.entries.clear()
    assert recognize(made.connections[0]) == ""
