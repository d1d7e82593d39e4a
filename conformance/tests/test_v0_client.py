"""The v0 suite for clients: correct ones pass, each fault fails only its requirement."""

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest
from streamops_conformance.engine.engine import Plan, run
from streamops_conformance.model.outcome import Outcome
from streamops_conformance.report.baseline import compare, read_baseline
from streamops_conformance.testee.command import TesteeCommand
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.dialect import ClientDialect
from streamops_conformance.v0.client.generate import exchanges
from streamops_spec import load_requirements

HERE = Path(__file__).parent
TESTEES = HERE.parent / "testees"
FAULTY = ("node", str(HERE / "faulty_testee_v0.mjs"))
LAYOUT = frozenset({"CLI-111"})
"""Requirements that need a layout, which jsdom does not have: their faults run in Chromium."""
ROLE = frozenset(key for key, each in load_requirements("v0").items() if each.speaks_of("client"))
SOME = len(exchanges()) + 20
"""Enough for the handwritten exchanges and some drawn sequences."""
FEW = 10


@cache
def faults() -> dict[str, dict[str, str]]:
    """Name → the requirement that it breaks. Fails if a fault no longer fits the source of the client."""
    table: dict[str, dict[str, str]] = json.loads(subprocess.check_output(FAULTY, timeout=60))
    return table


def verdict(*command: str, examples: int = SOME, seed: int = 1) -> Outcome:
    plan = Plan(selected=ROLE, examples=examples, seed=seed, shrink=False)
    return run(ClientDialect(TesteeCommand(command)), plan, lambda _: None)


def failing(outcome: Outcome) -> dict[str, list[str]]:
    """The ids that fail, with the reasons for the message of a failing test."""
    return {
        result.requirement.id: [
            f"expected {each.expected[:600]}, observed {each.observed[:600]}, script {each.script}"
            for each in result.failures
        ]
        for result in outcome.results
        if result.verdict == "fail"
    }


@pytest.mark.parametrize("name", faults())
def test_a_fault_fails_the_requirement_that_it_breaks_and_no_other(name: str) -> None:
    breaks = faults()[name]["breaks"]
    where, examples = (("chromium",), FEW) if breaks in LAYOUT else ((), SOME)
    fails = failing(verdict(*FAULTY, name, *where, "--v0", examples=examples))
    assert set(fails) == {breaks}, fails


def test_every_requirement_has_a_check_and_a_fault() -> None:
    assert ROLE == CLIENT.facts().keys() == {fault["breaks"] for fault in faults().values()}


def test_the_client_of_this_project_meets_every_requirement() -> None:
    outcome = verdict("node", str(TESTEES / "chromium" / "testee.mjs"), "--v0")
    assert {result.requirement.id: result.verdict for result in outcome.results} == dict.fromkeys(
        ROLE, "pass"
    )


def test_in_jsdom_only_requirements_that_need_a_layout_are_left_out() -> None:
    outcome = verdict("node", str(TESTEES / "jsdom" / "testee.mjs"), "--v0", examples=150, seed=2)
    verdicts = {result.requirement.id: result.verdict for result in outcome.results}
    assert verdicts == dict.fromkeys(ROLE, "pass") | dict.fromkeys(LAYOUT, "not applicable")


@pytest.mark.skipif(
    not (HERE.parents[1] / ".djust-venv").is_dir(), reason="conformance/targets/djust/setup.sh has not run"
)
def test_djust_fails_exactly_its_baseline() -> None:
    djust = TESTEES / "djust"
    comparison = compare(verdict("node", str(djust / "testee.mjs")), read_baseline(djust / "baseline.toml"))
    assert (comparison.new, comparison.stale, comparison.unknown) == ((), (), ())
