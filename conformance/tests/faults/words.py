"""Short words for the tables of wire mutations."""

from typing import Any

from streamops_conformance.mutate.language import (
    Answer,
    Change,
    Edits,
    Mutation,
    Register,
    Remember,
    Set,
    Tally,
    Test,
    Where,
)

KNOWN = ("hello", "event", "ack", "cancel", "ping", "pong")
"""The types of frames that a client sends."""


def up(*types: str, **more: Any) -> Where:
    """Frames of the client."""
    return Where(way="up", type=types, **more)


def down(*types: str, **more: Any) -> Where:
    """Frames of the server."""
    return Where(way="down", type=types, **more)


def ops(*kinds: str, **more: Any) -> Where:
    """Operations of `stream` frames."""
    return Where(type=("stream",), each="ops", kind=kinds, **more)


def that(path: str, relation: Any, value: Any = None, **more: Any) -> tuple[Test, ...]:
    """One test of a member; tests are added with `+`."""
    return (Test(path, relation, value, **more),)


def change(where: Where, *edits: Edits) -> Change:
    return Change(where=where, edits=edits)


def recode(kind: str, path: str, before: str, after: str) -> Change:
    """The code at that path of such frames is another one."""
    return change(down(kind, tests=that(path, "is", before)), Set(path, after))


CLOSES = {"bad_frame": 4400, "hello_timeout": 4408, "internal": 4500}


def refuse(where: Where, code: str) -> Answer:
    """The message ends the session with that fatal error."""
    error = {
        "type": "error",
        "code": code,
        "error": "Refused",
        "fatal": True,
        "retryable": code == "hello_timeout",
    }
    return Answer(where=where, frames=(error,), code=CLOSES[code], reason=code)


AGREED: tuple[Mutation, ...] = (
    Tally(where=down("welcome", tests=that("caps.*", "in", ["ack", "resume"])), name="counts"),
)
"""Goes before what asks for `PLAIN`."""
PLAIN = that("counts", "is", None)
"""Sessions without acks and resumes: with those, wrong numbers break more than one requirement."""
PLAIN_CAPS = that("caps", "in", ["html", "view", "ack", "x-conformance"])

RUNNING: tuple[Mutation, ...] = (
    Tally(where=up("event"), name="running"),
    Tally(where=down("reply"), name="running", by=-1),
)
"""Goes before what asks for `BUSY`."""
BUSY = that("running", "above", 0)
"""A handler runs: an event is not answered yet."""

GREETED = Tally(where=up("hello"), name="greeted")
STRANGER = that("greeted", "is", None)
"""No hello came yet."""

BACK: tuple[Mutation, ...] = (Tally(where=down("welcome", tests=that("resumed", "has", True)), name="back"),)
RESUMED = that("back", "above", 0)

RUNS: tuple[Mutation, ...] = (Remember(where=ops("start"), path="run", name="run", per="stream"),)
THE_RUN = Register("run", per="stream")
"""The run of the last `start` of the stream, behind `RUNS`."""
