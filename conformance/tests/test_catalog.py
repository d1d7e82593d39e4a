"""Requirements and checks: each id exists, and each requirement has a check for each role."""

import pytest
from streamops_conformance.catalog import catalog, registry, select
from streamops_spec import load_requirements

LATER = {"FLW", "RES"}
"""Areas whose server and checks come with flow control and resume."""
SIDES = [(spec, role) for spec in ("v1", "v0") for role in ("server", "client")]


@pytest.mark.parametrize(("spec", "role"), SIDES)
def test_every_requirement_has_a_check_for_each_side_that_it_names(spec: str, role: str) -> None:
    entries = [entry for entry in catalog(spec) if entry.requirement.area not in LATER]
    assert any(entry.requirement.speaks_of(role) for entry in entries)
    assert not [entry.requirement.id for entry in entries if role in entry.missing]


@pytest.mark.parametrize(("spec", "role"), SIDES)
def test_every_check_has_a_requirement_and_is_named_as_a_fact(spec: str, role: str) -> None:
    known = load_requirements(spec)
    checks = registry(spec, role)
    for check in (*checks.rules, *checks.probes):
        assert known[check.id].speaks_of(role)
        assert check.fact.count("_") >= 1, f"{check.fact} is not a sentence"
        assert not check.fact.startswith(("test", "check", "should"))


def test_a_selection_names_ids_and_areas() -> None:
    assert select("v1", "ord-1, BAT") == {
        "ORD-1",
        *(key for key, each in load_requirements("v1").items() if each.area == "BAT"),
    }
    assert select("v1", "") == frozenset(load_requirements("v1"))


@pytest.mark.parametrize("only", ["NOPE", "ORD-1,ORD-999", "ORD-"])
def test_a_selection_that_matches_nothing_is_refused(only: str) -> None:
    with pytest.raises(ValueError, match="names no requirement"):
        select("v1", only)


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="v1 and v0"):
        registry("v2")
