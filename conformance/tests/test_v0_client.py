"""The v0 suite for clients: correct ones pass, each fault fails only its requirement."""

import sys
from pathlib import Path

import pytest
from streamops_conformance.report.baseline import compare, read_baseline
from streamops_conformance.v0.client.generate import exchanges
from streamops_spec import load_requirements

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from client_faults.wire import V0  # noqa: E402  (beside this file, which is not in a package)
from trials import (  # noqa: E402  (as above)
    CLIENT_V0,
    FAULTY_TESTEE,
    ClientDialectV0,
    HostedTestee,
    Plan,
    QuickDialectV0,
    Report,
    TesteeCommand,
    assert_breaks,
    client_faults,
    client_mutated,
    run,
)

pytestmark = pytest.mark.no_cov  # tracing makes it slower; the unit tests reach every branch alone

TESTEES = HERE.parent / "testees"
SOURCE = client_faults("v0")
"""Faults that change the client's source."""
FAULTS = {name: fault["breaks"] for name, fault in SOURCE.items()} | {name: V0[name][0] for name in V0}
"""Name → the requirement that it breaks."""
LAYOUT = frozenset({"CLI-111"})
"""Requirements that need a layout, which jsdom does not have: their faults are tried in Chromium."""
ROLE = frozenset(key for key, each in load_requirements("v0").items() if each.speaks_of("client"))
SOME = len(exchanges()) + 20
"""Enough for the handwritten exchanges and some drawn sequences."""
FEW = 10


def verdict(*command: str, examples: int = SOME, seed: int = 1) -> Report:
    return verdict_on(TesteeCommand(command), examples, seed)


def verdict_on(testee: TesteeCommand | HostedTestee, examples: int, seed: int = 1) -> Report:
    plan = Plan(selected=ROLE, examples=examples, seed=seed, shrink=False)
    dialect = QuickDialectV0 if isinstance(testee, HostedTestee) else ClientDialectV0
    return run(dialect(testee), plan, lambda _: None)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_fails_the_requirement_that_it_breaks_and_no_other(name: str) -> None:
    breaks = FAULTS[name]
    if name in V0:
        plan = Plan(selected=ROLE, examples=SOME, seed=1, shrink=False)
        outcome = client_mutated(name, V0[name][1], QuickDialectV0, plan, v0=True)
    elif breaks in LAYOUT:
        outcome = verdict(*FAULTY_TESTEE, name, "chromium", "--v0", examples=FEW)
    else:
        outcome = verdict_on(HostedTestee(name, v0=True), SOME)
    assert_breaks(outcome, breaks, spec="v0")


def test_every_requirement_has_a_check_and_a_fault() -> None:
    assert ROLE == CLIENT_V0.facts().keys() == {*FAULTS.values()}


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
