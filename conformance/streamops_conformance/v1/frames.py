"""Builders of frames, short to write and to read, for exchanges and probes."""

from hashlib import sha256
from typing import Any

from streamops_spec import default_target

Frame = dict[str, Any]


def on(name: str) -> str:
    """The default target of a stream."""
    return default_target(name)


def start(run: int, name: str = "a") -> Frame:
    return {"op": "start", "target": on(name), "run": run}


def text(said: str, mode: str = "append", target: str = on("a")) -> Frame:
    return {"op": "text", "target": target, "text": said, "mode": mode}


def html(kind: str, said: str, target: str = on("a")) -> Frame:
    return {"op": kind, "target": target, "html": said}


def delete(target: str) -> Frame:
    return {"op": "delete", "target": target}


def prune(limit: int, edge: str = "top", target: str = on("a")) -> Frame:
    return {"op": "prune", "target": target, "limit": limit, "edge": edge}


def error(said: str = "It failed", code: str = "app_error", name: str = "a") -> Frame:
    return {"op": "error", "target": on(name), "error": said, "code": code}


def done(reason: str = "complete", name: str = "a", **members: Any) -> Frame:
    return {"op": "done", "target": on(name), "reason": reason, **members}


def frame(seq: int, *ops: Frame, name: str = "a", n: int = 0, **members: Any) -> Frame:
    """A stream frame; `n` is the number of its ops unless given."""
    return {"type": "stream", "stream": name, "seq": seq, "n": n or len(ops), "ops": list(ops), **members}


def view(version: int, said: str, /, **streams: Frame) -> Frame:
    return {"type": "view", "html": said, "version": version, "streams": streams}


def at(seq: int, state: str = "idle", **members: Any) -> Frame:
    """The entry of a stream in the map of a view."""
    return {"seq": seq, "state": state, **members}


OPEN = frame(1, start(1), text("ab"))
"""A run that begins; the next frame of the stream has seq 3."""


def whole_run(said: str, claimed: str) -> list[Frame]:
    """A run that builds `said` in every mode, and whose `done` claims the sum of `claimed`."""
    sums: dict[str, Any] = {"text_len": len(claimed), "text_sha256": sha256(claimed.encode()).hexdigest()}
    third = len(said) // 3
    first = [frame(1, start(1), text("gone")), frame(3, text(said[third : 2 * third], "replace"))]
    return [*first, frame(4, text(said[:third], "prepend"), text(said[2 * third :]), done(**sums))]
