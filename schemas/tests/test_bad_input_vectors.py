"""The vectors of bad input show every row of the tables, and answer as the row does."""

import json

import pytest
from streamops_spec import load_protocol, load_rule_vectors, load_shapes

VECTORS = load_rule_vectors("bad-input")
ROWS = {(side, row.input): row for side, rows in load_protocol().bad_input.items() for row in rows}


def test_every_row_has_a_vector_and_every_vector_a_row():
    assert {(vector["side"], vector["input"]) for vector in VECTORS} == ROWS.keys()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["description"])
def test_a_vector_answers_as_its_row(vector):
    assert vector["answer"] == ROWS[vector["side"], vector["input"]].answer


@pytest.mark.parametrize("side", ["server", "client"])
def test_what_comes_before_is_valid(side):
    shapes = load_shapes({"server": "v1:client-frame", "client": "v1:server-frame"}[side])
    for vector in VECTORS:
        for message in vector.get("before", []):
            if vector["side"] == side and not message.startswith("@"):
                assert shapes.explain(json.loads(message)) == ""
