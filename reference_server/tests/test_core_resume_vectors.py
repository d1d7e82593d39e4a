"""The server's core answers a resume as the vectors of chapter 11 say."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from streamops_spec import load_rule_vectors

Frame = dict[str, Any]


def accept(link: Any, frame: Frame) -> None:
    """Let the program make the operations, or the view, of a frame of the vector."""
    if "view" in frame:
        if frame["view"] > 1:  # the first view is that of the mount
            link.session.views.push(
                f"view {frame['view']}", list(link.program.streams), [], link.program.streams
            )
        return
    for number in range(frame["seq"], frame["seq"] + frame["n"]):
        if number == 1:
            link.program.start(link.owner, frame["stream"])
        else:
            link.program.text(link.owner, frame["stream"], ".")


def lose(link: Any, frames: list[Frame]) -> None:
    """The log drops its oldest entries: as many as stand for these frames."""
    replay = link.session.outbox.replay
    for frame in frames:
        if "view" in frame:
            replay._drop_view()
            continue
        stream = link.program.streams[frame["stream"]]
        last = frame["seq"] + frame["n"] - 1
        while stream.sent_log and stream.sent_log.first_end <= last:
            replay._drop_first(stream)


def replayed(frames: list[Frame], fresh: int) -> list[Frame]:
    """What arrived, as the vectors write it."""
    found: list[Frame] = []
    for frame in frames:
        if frame["type"] == "view":
            found.append({"view": "fresh" if frame["version"] == fresh else frame["version"]})
        elif frame["type"] == "stream":
            if not found or "view" in found[-1]:
                found.append({})
            first, _ = found[-1].get(frame["stream"], (frame["seq"], 0))
            found[-1][frame["stream"]] = [first, frame["seq"] + frame["n"] - 1]
    return found


def answer(link: Any, vector: dict[str, Any]) -> dict[str, Any]:
    """The result of the resume in the form of the vectors."""
    views = link.session.views
    fresh: list[int] = []

    def fresh_view() -> list[str] | None:
        if "fresh" not in vector:
            return None
        views.push("fresh", vector["fresh"], [], vector["fresh"])
        fresh.append(views.version)
        return list(vector["fresh"])

    hello = {"type": "hello", "caps": vector["caps"], "limits": {"max_frame_bytes": 1 << 20}}
    hello |= {"resume": {"session": "an id", **vector["resume"]}, **vector.get("hello", {})}
    asked = link.decode(hello)
    if not link.session.may_resume(asked, ["html", "view", "resume"]):
        return {"fails": True}
    link.cursors.clear()
    link.cursors.update(vector["resume"]["cursors"])
    link.session.resume(asked, link.now, fresh_view)
    frames = []
    for _ in range(20):
        link.now += 1
        frames += [json.loads(data) for data in link.session.flush(link.now)]
    return {"resumed": frames[0]["resumed"], "replay": replayed(frames[1:], *fresh or [0])}


@pytest.mark.parametrize("vector", load_rule_vectors("resume"), ids=lambda vector: vector["description"])
def test_a_resume_is_answered_as_the_vector_says(
    new_link: Callable[..., Any], vector: dict[str, Any]
) -> None:
    link = new_link().open(
        caps=vector["caps"], offered=["html", "view", "resume"], view="view 1", max_frame_bytes=1 << 20
    )
    for frame in vector["sent"]:
        accept(link, frame)
        link.wait(1)
    lose(link, vector["sent"][: vector.get("lost", 0)])
    assert link.session.lost(link.now)
    for frame in vector.get("pending", []):
        accept(link, frame)
    assert answer(link, vector) == vector["result"]
