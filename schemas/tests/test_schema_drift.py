"""Schemas repeat patterns and vocabularies, as JSON Schema needs; here they are held to protocol.json."""

import json
import re

import jsonschema
import pytest
from streamops_spec import (
    AREAS,
    data_root,
    default_target,
    load_protocol,
    load_requirements,
    load_schema,
    load_shapes,
    schema_names,
)

PROTOCOL = load_protocol()
COMMON = load_schema("v1:common")["$defs"]
OPS = load_schema("v1:ops")["$defs"]


def walk(schema, path=""):
    """Every object of a schema with its path."""
    if isinstance(schema, dict):
        yield path, schema
        for name, value in schema.items():
            yield from walk(value, f"{path}/{name}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from walk(value, f"{path}/{index}")


@pytest.mark.parametrize("name", schema_names())
def test_every_schema_is_valid_2020_12_and_its_references_resolve(name):
    schema = load_schema(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:streamops:{name}"
    assert schema["title"]
    jsonschema.Draft202012Validator.check_schema(schema)
    load_shapes(name)


@pytest.mark.parametrize("name", schema_names())
def test_a_schemas_file_is_named_after_its_id(name):
    version, _, stem = name.partition(":")
    assert list((data_root() / version).rglob(f"{stem}.schema.json"))


def test_protocol_json_fits_its_schema_and_its_types():
    document = json.loads((data_root() / "v1" / "protocol.json").read_text(encoding="utf-8"))
    assert (data_root() / "v1" / document["$schema"]).is_file()
    assert load_shapes("v1:protocol").explain(document) == ""
    assert PROTOCOL.version == document["version"]


@pytest.mark.parametrize(
    ("definition", "pattern"),
    [
        (COMMON["stream_name"], PROTOCOL.patterns.stream),
        (COMMON["target_default"], PROTOCOL.patterns.target_default),
        (COMMON["target_id"], PROTOCOL.patterns.target_id),
        (COMMON["code"]["then"], PROTOCOL.patterns.application_code),
    ],
    ids=["stream", "target_default", "target_id", "application_code"],
)
def test_a_pattern_is_that_of_protocol_json(definition, pattern):
    assert definition["pattern"] == pattern
    assert definition["$ref"] == "#/$defs/one_line", "$ alone lets a last line feed pass in some engines"


@pytest.mark.parametrize(
    ("enum", "source"),
    [
        (COMMON["code"]["else"]["enum"], PROTOCOL.codes),
        (COMMON["state"]["enum"], PROTOCOL.states),
        (load_schema("v1:ops")["properties"]["op"]["enum"], PROTOCOL.ops),
        (load_schema("v0:ops")["properties"]["op"]["enum"], PROTOCOL.ops),
        (OPS["text"]["properties"]["mode"]["enum"], PROTOCOL.text_modes),
        (OPS["prune"]["properties"]["edge"]["enum"], PROTOCOL.prune_edges),
        (OPS["done"]["properties"]["reason"]["enum"], PROTOCOL.done_reasons),
        (load_schema("v1:report")["$defs"]["requirement"]["properties"]["area"]["enum"], AREAS),
        *(
            (
                load_schema(f"v1:{side}-frame")["properties"]["type"]["enum"],
                [name for name, frame in PROTOCOL.frames.items() if side in frame.from_],
            )
            for side in ("client", "server")
        ),
    ],
    ids=[*("code", "state", "op", "v0 op", "mode", "edge", "reason", "area", "client frame", "server frame")],
)
def test_a_vocabulary_is_that_of_its_source(enum, source):
    assert list(enum) == list(source)


@pytest.mark.parametrize("name", ["v1:ops", "v0:ops", "v1:client-frame", "v1:server-frame", "v1:script"])
def test_a_dispatch_has_one_branch_per_word_of_its_vocabulary(name):
    schema = load_schema(name)
    schema = schema["$defs"]["simple"] if name == "v1:script" else schema
    (member, vocabulary), *others = [
        (key, value["enum"]) for key, value in schema["properties"].items() if "enum" in value
    ]
    assert not others
    conditions = [branch["if"]["properties"][member] for branch in schema["allOf"]]
    words = [word for condition in conditions for word in condition.get("enum", [condition.get("const")])]
    assert words == vocabulary


def test_every_frame_has_a_schema_of_its_type():
    for name in PROTOCOL.frames:
        assert load_schema(f"v1:{name}")["properties"]["type"] == {"const": name}


def test_lifecycle_operations_go_to_the_default_target_and_content_to_any():
    for name, kind in PROTOCOL.ops.items():
        wanted = "target_default" if kind.kind == "lifecycle" else "target"
        assert OPS[name]["properties"]["target"]["$ref"].endswith(f"#/$defs/{wanted}"), name


def test_a_default_target_matches_its_pattern_and_no_other_name_does():
    assert re.fullmatch(PROTOCOL.patterns.target_default, default_target("a.b:c-1"))
    assert not re.fullmatch(PROTOCOL.patterns.target_default, default_target("1a"))


def test_the_ranges_of_close_codes_cover_every_code_once():
    covered = [code for row in PROTOCOL.close_ranges for code in range(row.first, row.last + 1)]
    assert covered == list(range(1000, 5000))


def test_a_named_close_code_says_what_its_range_says_except_where_the_client_may_be_late_or_too_fast():
    differs = {
        name
        for name, row in PROTOCOL.close_codes.items()
        for code in (row.close, *row.also)
        for range_ in PROTOCOL.close_ranges
        if range_.first <= code <= range_.last and range_.retryable != row.retryable
    }
    assert differs == {"hello_timeout", "rate_limited"}


def test_a_client_closes_with_codes_that_have_a_meaning():
    named = {row.close for row in PROTOCOL.close_codes.values()}
    assert {row.close for row in PROTOCOL.client_closes} <= {*named, 1000}


def test_each_kind_of_bad_input_is_answered_by_a_requirement_of_its_receiver():
    requirements = load_requirements("v1")
    for side, rows in PROTOCOL.bad_input.items():
        for row in rows:
            assert requirements[row.rule].speaks_of(side), row


def test_an_unknown_value_is_replaced_by_a_known_one():
    resumed = load_schema("v1:welcome")["properties"]["resumed"]["additionalProperties"]
    known = {
        "mode": PROTOCOL.text_modes,
        "edge": PROTOCOL.prune_edges,
        "state": PROTOCOL.states,
        "how": resumed["properties"]["how"]["enum"],
    }
    for member, value in PROTOCOL.unknown_values.items():
        assert value in known[member] if value else member == "reason", member


def test_an_application_code_is_a_code_with_the_prefix():
    assert PROTOCOL.patterns.application_code.startswith(f"^{PROTOCOL.application_code_prefix}")


def test_limits_are_those_of_protocol_json():
    limits = PROTOCOL.limits
    hello, welcome = load_schema("v1:hello"), load_schema("v1:welcome")
    assert COMMON["frame_bytes"]["minimum"] == limits.min_frame_bytes
    html_limit = hello["then"]["properties"]["limits"]["properties"]["max_frame_bytes"]
    assert html_limit["minimum"] == limits.min_frame_bytes_html
    assert welcome["properties"]["limits"]["properties"]["max_text_bytes"]["maximum"] == limits.max_text_bytes
    assert COMMON["heartbeat"]["maxLength"] == limits.ping_t_bytes
    for name in ("natural", "positive", "frame_bytes"):
        assert COMMON[name]["maximum"] == limits.max_safe_integer


@pytest.mark.parametrize("name", [*PROTOCOL.frames, "ops"])
def test_frames_and_operations_are_open_to_members_of_later_versions(name):
    for path, schema in walk(load_schema(f"v1:{name}")):
        assert schema.get("additionalProperties") is not False, path
        assert "unevaluatedProperties" not in schema, path


def test_close_codes_are_of_core_codes():
    assert PROTOCOL.close_codes.keys() <= PROTOCOL.codes.keys()
