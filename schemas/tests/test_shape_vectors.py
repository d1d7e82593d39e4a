"""Every shape vector has its verdict from both validators; every shape requirement has vectors."""

import re
from collections import defaultdict

import pytest
from streamops_spec import Shapes, load_protocol, load_requirements, load_shape_vectors, load_shapes

GROUPS = [
    pytest.param(group, id=f"{path.parts[-3]}/{path.stem}: {group['description']}")
    for path, groups in load_shape_vectors()
    for group in groups
]


@pytest.mark.parametrize("group", GROUPS)
def test_each_vector_has_its_verdict_from_both_validators(group):
    shapes = Shapes(group["schema"])
    slow = shapes.slow()
    wrong = [
        f"{test['description']}: valid should be {test['valid']}, is {fast} (fast), {explained} (slow)"
        for test in group["tests"]
        for fast, explained in [(shapes.is_valid(test["data"]), slow.is_valid(test["data"]))]
        if not fast == explained == test["valid"]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("group", GROUPS)
def test_a_refusal_is_explained_and_an_acceptance_is_not(group):
    shapes = Shapes(group["schema"])
    for test in group["tests"]:
        assert bool(shapes.explain(test["data"])) is not test["valid"], test["description"]


@pytest.mark.parametrize(
    ("path", "groups"), load_shape_vectors(), ids=lambda value: getattr(value, "stem", "")
)
def test_a_file_of_vectors_has_the_shape_of_such_files(path, groups):
    assert load_shapes("vectors:shapes").explain(list(groups)) == "", path


def test_descriptions_are_unique_in_a_group():
    for parameter in GROUPS:
        descriptions = [test["description"] for test in parameter.values[0]["tests"]]
        assert len(descriptions) == len(set(descriptions)), parameter.id


def test_there_are_at_least_300_vectors():
    assert sum(len(parameter.values[0]["tests"]) for parameter in GROUPS) >= 300


def shape_requirements():
    """Requirements of FRM that speak of a shape or name a schema, with the schemas that they name."""
    for spec in ("v1", "v0"):
        for requirement in load_requirements(spec).values():
            named = re.findall(r"`(v[01]:[a-z-]+)`", requirement.text)
            if requirement.area == "FRM" and (named or "shape" in requirement.text):
                yield pytest.param(requirement, named, id=requirement.id)


@pytest.mark.parametrize(("requirement", "named"), list(shape_requirements()))
def test_a_requirement_about_a_shape_has_valid_and_invalid_vectors_of_each_schema_it_names(
    requirement, named
):
    verdicts = defaultdict(set)
    for parameter in GROUPS:
        group = parameter.values[0]
        if group.get("requirement") == requirement.id:
            verdicts[group["schema"]["$ref"]] |= {test["valid"] for test in group["tests"]}
    assert verdicts, f"no group of vectors is tagged {requirement.id}"
    for name in named:
        assert verdicts[f"urn:streamops:{name}"] == {True, False}, f"{requirement.id} names {name}"


def test_the_search_for_shape_requirements_finds_some():
    assert len(list(shape_requirements())) >= 10


def test_every_tag_names_a_requirement():
    known = {**load_requirements("v1"), **load_requirements("v0")}
    tags = {parameter.values[0].get("requirement") for parameter in GROUPS} - {None}
    assert tags <= known.keys()


def test_every_frame_has_vectors():
    judged = {parameter.values[0]["schema"]["$ref"] for parameter in GROUPS}
    assert {f"urn:streamops:v1:{name}" for name in load_protocol().frames} <= judged
