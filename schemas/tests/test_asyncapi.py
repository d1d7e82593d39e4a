"""The AsyncAPI document is what its sources make of it, stands alone, and judges frames as they do."""

import json

import jsonschema_rs
import pytest
from streamops_spec import asyncapi, load_protocol, load_shape_vectors

DOCUMENT = json.loads(asyncapi.path().read_text(encoding="utf-8"))
PROTOCOL = load_protocol()


def test_the_committed_document_is_the_generated_one():
    message = "schemas/v1/asyncapi.json is stale: run python -m streamops_spec.asyncapi"
    assert asyncapi.path().read_text(encoding="utf-8") == asyncapi.text(), message


def test_there_is_an_operation_for_every_frame_and_sender():
    verbs = {"client": "receive", "server": "send"}
    wanted = {f"{verbs[side]}_{name}" for name, frame in PROTOCOL.frames.items() for side in frame.from_}
    assert DOCUMENT["operations"].keys() == wanted


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def test_every_reference_points_into_the_document():
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        place = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


@pytest.mark.parametrize("frame", PROTOCOL.frames)
def test_its_payloads_judge_as_the_schemas_do(frame):
    payload = DOCUMENT["components"]["messages"][frame]["payload"]
    judge = jsonschema_rs.Draft7Validator({**payload, "components": DOCUMENT["components"]})
    tests = [
        test
        for _, groups in load_shape_vectors()
        for group in groups
        if group["schema"] == {"$ref": f"urn:streamops:v1:{frame}"}
        for test in group["tests"]
    ]
    assert tests
    assert [test["description"] for test in tests if judge.is_valid(test["data"]) is not test["valid"]] == []
