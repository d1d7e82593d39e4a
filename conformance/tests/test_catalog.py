"""Requirements and checks: each id exists, and each server requirement of this version has a check."""

import pytest
from streamops_conformance.catalog import catalog, registry, select
from streamops_spec import load_requirements

LATER = {"FLW", "RES"}
"""Areas whose server and checks come with flow control and resume."""


@pytest.mark.parametrize("spec", ["v1", "v0"])
def test_every_server_requirement_has_a_check(spec: str) -> None:
    missing = [
        entry.requirement.id
        for entry in catalog(spec)
        if entry.requirement.speaks_of("server")
        and entry.requirement.area not in LATER
        and entry.check is None
    ]
    assert not missing


@pytest.mark.parametrize("spec", ["v1", "v0"])
def test_every_check_is_tied_to_a_requirement_and_named_as_a_fact(spec: str) -> None:
    known = load_requirements(spec)
    checks = registry(spec)
    for check in (*checks.rules, *checks.probes):
        assert check.id in known
        assert check.fact.count("_") >= 1, f"{check.fact} is no sentence"
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
