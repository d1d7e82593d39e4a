"""The terminal's client answers bad input as the table of chapter 13 says: the vectors for clients."""

import json
from typing import Any

import pytest
from streamops_conformance.tail.client import Client
from streamops_conformance.tail.effects import Close, Report
from streamops_conformance.v1.client.case import LIMITS
from streamops_spec import load_rule_vectors

VECTORS = [vector for vector in load_rule_vectors("bad-input") if vector["side"] == "client"]


def answer(vector: dict[str, Any]) -> str:
    """What the client does with the message: one of the three answers."""
    client = Client(caps=vector.get("caps", []))
    client.connected(0)
    if vector.get("stage") != "connected":
        welcome = {"type": "welcome", "session": "x" * 22, "caps": vector.get("caps", []), "limits": LIMITS}
        client.received(json.dumps(welcome | {"heartbeat_ms": 25000}), 0)
    for message in vector.get("before", []):
        client.received(message, 0)
    message = vector["message"]
    effects = client.received(message.encode() if vector.get("binary") else message, 0)
    closes = [each.code for each in effects if isinstance(each, Close)]
    reports = [each.kind for each in effects if isinstance(each, Report)]
    if closes:
        assert closes == [4400]
        assert reports
        return "broken"
    return "refused" if "target" in reports else "ignored"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["description"])
def test_bad_input_is_answered_as_the_table_says(vector: dict[str, Any]) -> None:
    allowed = {vector["answer"], "ignored"} if vector.get("if_noticed") else {vector["answer"]}
    assert answer(vector) in allowed
