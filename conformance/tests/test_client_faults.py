"""Each fault put into the JavaScript client makes the suite fail the requirement it breaks, and no other."""

import sys
from pathlib import Path

import pytest
from streamops_spec import load_requirements

sys.path.insert(0, str(Path(__file__).parent))

from client_faults.wire import V1
from trials import (
    CLIENT,
    FAULTY_TESTEE,
    HAND_WRITTEN,
    ClientDialect,
    HostedTestee,
    Plan,
    QuickDialect,
    Report,
    TesteeCommand,
    assert_breaks,
    client_faults,
    client_mutated,
    run,
    undefined_names,
)

pytestmark = pytest.mark.no_cov  # tracing makes it slower; the unit tests reach every branch alone

SLOW = frozenset({"CLI-15", "CLI-16", "CLI-25", "CLI-26", "CLI-27", "CON-18"})
"""Requirements whose probes wait for seconds: asked only where the fault is theirs."""
ALONE = frozenset({"CLI-26"})
"""Requirements whose probes measure times: asked in a run of their own, for beside others in one process
every time is as long as those make it. Too little spread is seen then, never too much."""
LAYOUT = frozenset({"CLI-14"})
"""Requirements that need a layout, which jsdom does not have: their faults are tried in Chromium."""
EXAMPLES = HAND_WRITTEN + 30
"""The exchanges by hand, and some drawn sequences."""
FEW = 30

ROLE = frozenset(key for key, each in load_requirements("v1").items() if each.speaks_of("client"))
CHECKED = sorted(ROLE & CLIENT.facts().keys())
SOURCE = client_faults("v1")
"""Faults that change the client's source."""
FAULTS = {name: fault["breaks"] for name, fault in SOURCE.items()} | {name: V1[name][0] for name in V1}
"""Name → the requirement that it breaks."""


def verdict(name: str, breaks: str) -> Report:
    alone = ALONE & {breaks}
    selected = ROLE - (SLOW - {breaks}) - alone
    report = verdict_on(name, selected, layout=breaks in LAYOUT)
    if alone:
        report.results += verdict_on(name, alone).results
    return report


def verdict_on(name: str, selected: frozenset[str], *, layout: bool = False) -> Report:
    plan = Plan(
        selected=selected,
        examples=FEW if layout else EXAMPLES,
        seed=1,
        shrink=False,
    )
    if name in V1:
        return client_mutated(name, V1[name][1], QuickDialect, plan)
    if layout:
        chromium = TesteeCommand((*FAULTY_TESTEE, name, "chromium"))
        return run(ClientDialect(chromium), plan, lambda _: None)
    return run(QuickDialect(HostedTestee(name)), plan, lambda _: None)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_fails_the_requirement_that_it_breaks_and_no_other(name: str) -> None:
    assert_breaks(verdict(name, FAULTS[name]), FAULTS[name], spec="v1")


def test_every_checked_requirement_has_a_fault() -> None:
    assert {*FAULTS.values()} == {*CHECKED}
    assert not SOURCE.keys() & V1.keys()


def test_no_fault_uses_a_name_that_nothing_defines() -> None:
    """Such a fault throws, and the suite's verdict on it is not about its requirement."""
    assert undefined_names() == {}
