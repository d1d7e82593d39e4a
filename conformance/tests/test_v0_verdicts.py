"""The whole v0 suite against a small server: without a fault it passes, each fault fails its requirement."""

import runpy
from pathlib import Path

import pytest
from streamops_conformance.catalog import select
from streamops_conformance.engine.engine import Plan, run
from streamops_conformance.target.config import Target
from streamops_conformance.target.process import Running
from streamops_conformance.v0.server.dialect import ServerDialect
from streamops_spec import load_requirements

SMALL = runpy.run_path(str(Path(__file__).with_name("v0_server.py")))
TABLES, V0Server = SMALL["TABLES"], SMALL["V0Server"]

FAULTS = {
    "keeps the last token": "ORD-101",
    "swaps": "ORD-102",
    "error overtakes": "ORD-102",
    "text twice": "ORD-102",
    "done overtakes": "ORD-103",
    "two streams share a slot": "ORD-104",
    "prepend appends": "CNT-101",
    "replaced text stays": "CNT-101",
    "replace appends": "CNT-102 CNT-103",
    "cuts markup": "CNT-103",
    "renders an old state": "CNT-103",
    "insert raises": "CNT-104",
    "insert at the wrong end": "CNT-104",
    "insert closes": "CNT-104",
    "delete raises": "CNT-105",
    "delete does nothing": "CNT-105",
    "text drops a replacement": "CNT-106",
    "no done": "LIF-101",
    "no start": "LIF-101",
    "start is late": "LIF-101",
    "no error": "ERR-101",
    "error clears": "ERR-101",
    "error is content": "ERR-101",
    "sends a list": "FRM-101",
    "a type that is a number": "FRM-101",
    "ops is not a list": "FRM-102",
}


def verdicts(fault, *, tables=TABLES, examples=45, seed=1):
    with V0Server(fault) as server:
        target = Target(name=fault, url=server.url, spec="v0", v0=tables)
        plan = Plan(selected=select("v0", ""), examples=examples, seed=seed)
        with Running(target) as running:
            return run(ServerDialect(running), plan, lambda _: None)


def failing(outcome):
    return {
        result.requirement.id: result.failures[0] for result in outcome.results if result.verdict == "fail"
    }


@pytest.mark.parametrize("variant", ["", "one by one", "adds lifecycle"])
def test_a_correct_server_passes_everything(variant):
    outcome = verdicts(variant, examples=150)
    of_servers = [key for key, each in load_requirements("v0").items() if each.speaks_of("server")]
    assert {result.requirement.id: result.verdict for result in outcome.results} == dict.fromkeys(
        of_servers, "pass"
    )


@pytest.mark.parametrize(("fault", "requirement"), FAULTS.items())
def test_a_fault_fails_exactly_its_requirement(fault, requirement):
    failures = failing(verdicts(fault))
    assert failures.keys() == set(requirement.split())
    for failure in failures.values():
        assert failure.expected
        assert failure.observed
        assert failure.entries
        assert sum(map(len, failure.script["scripts"])) <= 3
