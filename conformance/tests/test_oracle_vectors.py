"""The oracle agrees with the published vectors, and the coalescing rules with the prefix law."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamops_conformance.oracle.document import Document
from streamops_conformance.oracle.script import from_json
from streamops_conformance.v1.oracle.coalescing import legal, reduced
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.oracle.program import Program
from streamops_conformance.v1.oracle.split_text import numbered
from streamops_spec import load_rule_vectors

COALESCING = load_rule_vectors("coalescing")
SPLITS = load_rule_vectors("text-split")
LIFECYCLES = load_rule_vectors("lifecycle")
LIMIT = 8192


def logged(ops: list[dict[str, Any]]) -> list[LoggedOp]:
    return [LoggedOp("s", number, op, "ORD-5", number, number - 1) for number, op in enumerate(ops, start=1)]


@pytest.mark.parametrize("vector", COALESCING, ids=lambda vector: vector["description"])
def test_every_allowed_merge_is_legal_and_no_forbidden_one(vector: dict[str, Any]) -> None:
    log = logged(vector["ops"])
    limit = vector.get("max_text_bytes", LIMIT)
    for allowed in vector["allowed"]:
        assert legal(log, allowed, limit=limit), allowed
    for forbidden in vector.get("forbidden", ()):
        assert not legal(log, forbidden, limit=limit), forbidden


def test_the_vectors_hold_forbidden_merges() -> None:
    assert sum(len(vector.get("forbidden", ())) for vector in COALESCING) > 20


@pytest.mark.parametrize("vector", SPLITS, ids=lambda vector: vector["description"])
def test_texts_are_split_as_in_the_vectors(vector: dict[str, Any]) -> None:
    made = numbered(vector["text"], vector["mode"], vector["max_text_bytes"])
    assert [{"mode": mode, "text": text} for text, mode in made] == vector["pieces"]


STEPS: dict[str, dict[str, Any]] = {
    "start": {"do": "start", "stream": "s"},
    "content": {"do": "text", "stream": "s", "text": "x"},
    "error": {"do": "error", "stream": "s", "error": "e"},
    "done": {"do": "done", "stream": "s"},
    "owner_raises": {"do": "raise"},
}


def scripts(calls: list[str]) -> Iterator[list[dict[str, Any]]]:
    """A call sequence, split at the end of each owner: each part is the script of one event."""
    part: list[dict[str, Any]] = []
    for call in calls:
        if call in STEPS:
            part.append(STEPS[call])
        if call.startswith("owner_"):
            yield part
            part = []
    yield part


@pytest.mark.parametrize(
    "vector",
    [v for v in LIFECYCLES if "owner_cancelled" not in v["calls"]],
    ids=lambda vector: vector["description"],
)
def test_calls_give_the_operations_of_the_vectors(vector: dict[str, Any]) -> None:
    program = Program(frozenset(), {}, max_text_bytes=LIMIT)
    *ended, last = scripts(vector["calls"])
    for script in ended:
        program.run(from_json(script))
    before = len(program.streams["s"].ops) if "s" in program.streams else 0
    program.run(from_json(last))
    ops = program.streams["s"].ops if "s" in program.streams else []
    made = []
    for op in ops[: len(vector["wire"])]:
        kind = "content" if op.kind == "text" else op.kind
        members = {key: op.wire[key] for key in ("run", "reason") if key in op.wire}
        code = {"code": op.wire["code"]} if op.generic else {}
        made.append({"op": kind, **members, **code})
    assert made == vector["wire"]
    # The owner of the last part, which does not end in the vector, ends the open runs: ignore that.
    assert len(ops) - len(vector["wire"]) in (0, 1) or before


DEFAULT = "[dj-stream='s']"
PIECES = st.sampled_from(
    [
        {"op": "text", "target": target, "text": text, "mode": mode}
        for target in (DEFAULT, "#c")
        for mode in ("append", "prepend", "replace")
        for text in ("a", "<b>", "")
    ]
    + [
        {"op": op, "target": target, "html": html}
        for target in (DEFAULT, "#c")
        for op in ("append", "prepend", "replace")
        for html in ("<p id='c'>1", "<b>x", "t")
    ]
    + [{"op": "delete", "target": target} for target in (DEFAULT, "#c")]
    + [{"op": "prune", "target": DEFAULT, "limit": 1, "edge": edge} for edge in ("top", "bottom")]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=8), st.data())
def test_every_legal_merge_gives_the_document_of_the_prefix_law(
    ops: list[dict[str, Any]], data: st.DataObject
) -> None:
    log = logged(ops)
    merged: list[dict[str, Any]] = []
    begin = 0
    while begin < len(log):
        ends = [
            end
            for end in range(begin + 1, len(log) + 1)
            if all(op.wire["target"] == log[begin].wire["target"] for op in log[begin:end])
            and reduced(log[begin:end], limit=LIMIT) is not None
        ]
        end = data.draw(st.sampled_from(ends))
        made = reduced(log[begin:end], limit=LIMIT)
        assert made is not None
        merged.append(made.wire)
        begin = end
    assert legal(log, merged, limit=LIMIT)
    expected, shown = (Document("<div dj-stream='s'><p id='c'>0</p></div>") for _ in range(2))
    for op in ops:
        expected.apply(op)
    for op in merged:
        shown.apply(op)
    assert shown.serialized() == expected.serialized()
