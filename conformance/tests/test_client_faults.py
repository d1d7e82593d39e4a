"""Each fault put into the JavaScript client makes the suite fail the requirement it breaks, and no other."""

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest
from streamops_conformance.engine.engine import Plan, run
from streamops_conformance.engine.events import Report
from streamops_conformance.testee.command import TesteeCommand
from streamops_conformance.v1.client.checks import CLIENT
from streamops_conformance.v1.client.dialect import ClientDialect
from streamops_spec import load_requirements

HERE = Path(__file__).parent
FAULTY = ("node", str(HERE / "faulty_testee.mjs"))
SLOW = frozenset({"CLI-15", "CLI-16", "CLI-25", "CLI-26"})
"""Requirements whose probes wait for seconds: asked only where the fault is theirs."""
ALONE = frozenset({"CLI-26"})
"""Requirements whose probes measure times: asked in a run of their own, for beside others in one process
every time is as long as those make it. Too little spread is seen then, never too much."""
LAYOUT = frozenset({"CLI-14"})
"""Requirements that need a layout, which jsdom has not: their faults are tried in Chromium."""
EXAMPLES = 190
"""The exchanges by hand, and some drawn sequences."""
FEW = 30

ROLE = frozenset(key for key, each in load_requirements("v1").items() if each.speaks_of("client"))
CHECKED = sorted(ROLE & CLIENT.facts().keys())


@cache
def faults() -> dict[str, dict[str, str]]:
    """Name → what it breaks, from the table; fails where a fault no longer fits the client's source."""
    table: dict[str, dict[str, str]] = json.loads(subprocess.check_output(FAULTY, timeout=60))
    return table


def verdict(name: str, breaks: str) -> Report:
    alone = ALONE & {breaks}
    outcome = verdict_on(name, ROLE - (SLOW - {breaks}) - alone, layout=breaks in LAYOUT)
    if alone:
        outcome.results += verdict_on(name, alone).results
    return outcome


def verdict_on(name: str, selected: frozenset[str], *, layout: bool = False) -> Report:
    plan = Plan(selected=selected, examples=FEW if layout else EXAMPLES, seed=1, shrink=False)
    where = ("chromium",) if layout else ()
    return run(ClientDialect(TesteeCommand((*FAULTY, name, *where))), plan, lambda _: None)


def broken(outcome: Report, verdict: str) -> dict[str, list[str]]:
    """The ids with that verdict, and why, for whoever reads a failing test."""
    return {
        result.requirement.id: [
            f"expected {each.expected[:600]}, observed {each.observed[:600]}, script {each.script}"
            for each in result.failures
        ]
        for result in outcome.results
        if result.verdict == verdict
    }


@pytest.mark.parametrize("name", faults())
def test_a_fault_fails_the_requirement_that_it_breaks_and_no_other(name: str) -> None:
    breaks = faults()[name]["breaks"]
    outcome = verdict(name, breaks)
    must = load_requirements("v1")[breaks].keyword == "MUST"
    fails, warns = broken(outcome, "fail"), broken(outcome, "warn")
    assert set(fails) == ({breaks} if must else set()), fails
    assert set(warns) == (set() if must else {breaks}), warns


def test_every_checked_requirement_has_a_fault() -> None:
    assert {fault["breaks"] for fault in faults().values()} == {*CHECKED}
