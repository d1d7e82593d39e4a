"""The vectors of a resume agree with chapter 11, walked here once more and naively."""

from typing import Any

import pytest
from streamops_spec import load_rule_vectors

Frame = dict[str, Any]
VECTORS = load_rule_vectors("resume")
MAX_FRAME_BYTES = 1 << 20


def end(frame: Frame) -> int:
    return frame["seq"] + frame["n"] - 1


def last_operations(frames: list[Frame]) -> dict[str, int]:
    return {each["stream"]: end(each) for each in frames if "stream" in each}


def is_refused(vector: dict[str, Any]) -> bool:
    """Whether the resume fails: other capabilities, smaller frames, an impossible cursor or view."""
    hello, resume = vector.get("hello", {}), vector["resume"]
    if set(hello.get("caps", vector["caps"])) != set(vector["caps"]):
        return True
    if hello.get("limits", {}).get("max_frame_bytes", MAX_FRAME_BYTES) < MAX_FRAME_BYTES:
        return True
    everything = [*vector["sent"], *vector.get("pending", [])]
    given = {(each["stream"], end(each)) for each in vector["sent"] if "stream" in each}
    versions = [each["view"] for each in everything if "view" in each]
    return any(at and (name, at) not in given for name, at in resume["cursors"].items()) or resume.get(
        "view", 0
    ) > max(versions, default=0)


def replayed(frames: list[Frame]) -> list[Frame]:
    """The frames as the vectors write them: ranges of streams, between views."""
    found: list[Frame] = []
    for each in frames:
        if "view" in each:
            found.append(each)
            continue
        if not found or "view" in found[-1]:
            found.append({})
        first, _ = found[-1].get(each["stream"], (each["seq"], 0))
        found[-1][each["stream"]] = [first, end(each)]
    return found


def answer(vector: dict[str, Any]) -> dict[str, Any]:
    if is_refused(vector):
        return {"fails": True}
    cursors, version = vector["resume"]["cursors"], vector["resume"].get("view", 0)
    lost = vector["sent"][: vector.get("lost", 0)]
    kept = [*vector["sent"][vector.get("lost", 0) :], *vector.get("pending", [])]
    view_is_lost = any(each["view"] > version for each in lost if "view" in each)
    last = last_operations([*lost, *kept])
    fresh = vector.get("fresh")
    whole = {
        name
        for name, at in last.items()
        if cursors.get(name, 0) == at
        or not (view_is_lost or last_operations(lost).get(name, 0) > cursors.get(name, 0))
    }
    resumed = {
        name: {"how": "replay" if name in whole else "view" if name in (fresh or ()) else "gone", "seq": at}
        for name, at in last.items()
    }
    again: list[Frame] = []
    for each in kept:
        if "view" in each:
            again += [each] if each["view"] > version and not view_is_lost else []
        elif each["stream"] in whole and end(each) > cursors.get(each["stream"], 0):
            again.append(each)
    if fresh is not None and (view_is_lost or whole != last.keys()):
        again.append({"view": "fresh"})
    return {"resumed": resumed, "replay": replayed(again)}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["description"])
def test_the_answer_follows_from_the_log_and_the_hello(vector):
    assert answer(vector) == vector["result"]


def test_every_way_to_continue_and_every_reason_to_fail_has_a_vector():
    hows = {each["how"] for vector in VECTORS for each in vector["result"].get("resumed", {}).values()}
    assert hows == {"replay", "view", "gone"}
    failed = [vector for vector in VECTORS if "fails" in vector["result"]]
    assert {key for vector in failed for key in vector.get("hello", {"cursors": 0})} == {
        "caps",
        "limits",
        "cursors",
    }
