"""What is wrong with one stream frame: the requirement that it breaks, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any

from streamops_spec import default_target, load_protocol

from streamops_conformance.v1.format_ops import in_words
from streamops_conformance.v1.oracle.blame import Following, blame
from streamops_conformance.v1.oracle.coalescing import legal
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.vocabulary import LIFECYCLE

Wire = dict[str, Any]


@dataclass(slots=True)
class Diagnosis:
    """The requirement that a stream frame breaks, with what was expected and observed."""

    broken: str = ""
    """The id of the requirement; empty if the frame is right or `unexplained`."""
    expected: str = ""
    observed: str = ""
    unexplained: bool = False
    """The ops are wrong, and no single rule says why: the documents decide between ORD-1 and BAT-1."""


def diagnose(
    log: Sequence[LoggedOp],
    begin: int,
    n: int,
    ops: Sequence[Wire],
    following: Following,
    *,
    limit: int,
    state: str,
) -> Diagnosis:
    """Compare the ops of a frame with the operations `log[begin:begin + n]` that it covers.

    `state` is the lifecycle state of the stream before the frame, by the earlier frames.
    """
    covered = log[begin : begin + n]
    own = default_target(log[0].stream) if log else ""
    expected, observed = in_words(covered, own), in_words(ops, own)
    if len(covered) < n:
        if blame(log, begin, n, ops, following, limit=limit) == "ORD-3":
            return Diagnosis("ORD-3", expected, f"n {n}: {observed}")
        forbidden = _forbidden(state, ops)
        cause = _of_forbidden(forbidden) if forbidden else _instead(covered, ops)
        return Diagnosis(
            cause or "ORD-3",
            f"at most {len(log) - begin} more operations, as the stream has {len(log)} in all: {expected}",
            f"{forbidden or f'a frame that covers {n}'}: {observed}",
        )
    due, kinds = _lifecycle(covered, ops)
    if [op.kind for op in due] != kinds:
        return Diagnosis(_lifecycle_blame(log, begin, n, ops, following, limit, state), expected, observed)
    member = _members(covered, ops)
    if member is not None:
        return member
    if legal(covered, ops, limit=limit):
        return Diagnosis()
    forbidden = _forbidden(state, ops)
    if forbidden:
        return Diagnosis(_of_forbidden(forbidden), expected, f"{forbidden}: {observed}")
    found = blame(log, begin, n, ops, following, limit=limit)
    return Diagnosis(found or "", expected, observed, unexplained=found is None)


def _lifecycle_blame(
    log: Sequence[LoggedOp],
    begin: int,
    n: int,
    ops: Sequence[Wire],
    following: Following,
    limit: int,
    state: str,
) -> str:
    found = blame(log, begin, n, ops, following, limit=limit)
    forbidden = _forbidden(state, ops)
    covered, kinds = _lifecycle(log[begin : begin + n], ops)
    left = iter([op.kind for op in covered])
    surplus = not all(kind in left for kind in kinds)
    if forbidden and surplus and _of_forbidden(forbidden) == "LIF-6":
        return "LIF-6"
    if found in ("ORD-3", "ORD-4"):
        return found
    gone_on = _run_that_went_on(log[begin : begin + n + 2], ops, limit)
    if gone_on:
        return gone_on
    for position, logged in enumerate(covered):
        if position >= len(kinds) or kinds[position] != logged.kind:
            if found in ("BAT-5",) and not logged.cause.startswith("LIF"):
                return found
            return logged.cause
    return _of_forbidden(forbidden) if forbidden else "ORD-1"


def _run_that_went_on(span: Sequence[LoggedOp], ops: Sequence[Wire], limit: int) -> str:
    """The cause of a missing `done`: without it and the `start` after it, the ops would be right."""
    for index, (op, after) in enumerate(pairwise(span)):
        ended = op.kind == "done" and after.kind == "start" and op.cause.startswith("LIF")
        if ended and legal([*span[:index], *span[index + 2 :]], ops, limit=limit):
            return op.cause
    return ""


def _lifecycle(covered: Sequence[LoggedOp], ops: Sequence[Wire]) -> tuple[list[LoggedOp], list[str]]:
    """The expected lifecycle operations, and the kinds of the observed ones."""
    return [op for op in covered if op.kind in LIFECYCLE], [op["op"] for op in ops if op["op"] in LIFECYCLE]


def _instead(covered: Sequence[LoggedOp], ops: Sequence[Wire]) -> str:
    """The cause of the first lifecycle operation that was replaced by another; empty if none was."""
    pairs = zip(*_lifecycle(covered, ops), strict=False)
    return next((logged.cause for logged, kind in pairs if logged.kind != kind), "")


def _of_forbidden(what: str) -> str:
    """The requirement that a forbidden operation breaks: a `done` on an idle stream has its own."""
    return "LIF-6" if what.startswith("done while the stream is idle") else "LIF-1"


def _forbidden(state: str, ops: Sequence[Wire]) -> str:
    """The first operation that the wire table forbids, in words; empty if there is none (LIF-1)."""
    table = load_protocol().lifecycle.wire
    for op in ops:
        column = op["op"] if op["op"] in LIFECYCLE else "content"
        following = table[state][column]  # type: ignore[index]  # reason: str, not Literal
        if following is None:
            return f"{op['op']} while the stream is {state}"
        state = following
    return ""


def _members(covered: Sequence[LoggedOp], ops: Sequence[Wire]) -> Diagnosis | None:
    """Compare the members of the lifecycle operations one by one; None if all are right."""
    seen_ops = [op for op in ops if op["op"] in LIFECYCLE]
    logged_ops = [op for op in covered if op.kind in LIFECYCLE]
    for logged, seen in zip(logged_ops, seen_ops, strict=True):
        wire = logged.wire
        if seen["target"] != wire["target"]:
            return _member("CNT-4", "target", wire["target"], seen)
        if logged.kind == "start" and seen["run"] != wire["run"]:
            return _member("LIF-2", "run", wire["run"], seen)
        if logged.kind == "done" and seen["reason"] != wire["reason"]:
            return _member(logged.cause, "reason", wire["reason"], seen)
        if logged.kind == "error":
            if seen["code"] != wire["code"]:
                return _member("LIF-8" if logged.generic else "ERR-2", "code", wire["code"], seen)
            if not logged.generic and seen["error"] != wire["error"]:
                return _member("ERR-2", "error", wire["error"], seen)
        if logged.kind == "done":
            wrong = _integrity(wire["_text"], seen)
            if wrong is not None:
                return wrong
    return None


def _integrity(text: str | None, seen: Wire) -> Diagnosis | None:
    if text is None:
        for field in ("text_len", "text_sha256"):
            if field in seen:
                return _member("CNT-7", field, "no such member, because the run had more than text", seen)
        return None
    if "text_len" in seen and seen["text_len"] != len(text):
        return _member("CNT-7", "text_len", len(text), seen)
    if "text_sha256" in seen and seen["text_sha256"] != sha256(text.encode()).hexdigest():
        return _member("CNT-7", "text_sha256", sha256(text.encode()).hexdigest(), seen)
    return None


def _member(requirement: str, field: str, value: object, seen: Wire) -> Diagnosis:
    return Diagnosis(requirement, f"{field} {value!r} on this {seen['op']}", f"{field} {seen.get(field)!r}")
