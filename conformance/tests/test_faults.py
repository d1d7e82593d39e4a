"""Each fault put into the reference server makes the suite fail the requirement it breaks, and no other."""

import sys
from pathlib import Path

import pytest
from streamops_spec import load_requirements

sys.path.insert(0, str(Path(__file__).parent))

from faults.table import Fault, all_faults
from trials import SERVER, HostedServer, Plan, Report, ServerDialect, assert_breaks, mutated, run

pytestmark = pytest.mark.no_cov  # tracing makes it slower; the unit tests reach every branch alone

SLOW = frozenset({"CON-7", "CON-11", "CON-14", "EVT-7", "LIM-4", "RES-1"})
"""Requirements whose probes wait for seconds, start a process or send thousands of names: asked
only where the fault is theirs."""

REQUIRED = frozenset(key for key, each in load_requirements("v1").items() if each.speaks_of("server"))
CHECKED = sorted(REQUIRED & SERVER.facts().keys())


PATIENT = ("--heartbeat-ms", "20000")
"""A server that waits for a suite that is kept waiting itself, as on a busy machine: without it a session
may end for want of a pong, which is nobody's fault. Those whose probes wait for it keep their heartbeat."""
SHORT = ("--cancel-ms", "1000")
"""The probes of chapter 10 wait for it to pass, and every one of these runs has them."""


def verdict(fault: Fault) -> Report:
    selected = REQUIRED - (SLOW - {fault.breaks})
    plan = Plan(selected, examples=fault.examples, seed=1, shrink=False)
    hears_silence = fault.breaks.startswith("CON-") or fault.breaks == "RES-1"
    options = (*SHORT, *(() if hears_silence else PATIENT))
    if fault.mutations:
        return mutated(fault.name, fault.mutations, plan, *options)
    with HostedServer(fault.name, *options) as running:
        return run(ServerDialect(running), plan, lambda _: None)


@pytest.mark.parametrize("name", all_faults())
def test_a_fault_fails_the_requirement_that_it_breaks_and_no_other(name: str) -> None:
    fault = all_faults()[name]
    assert_breaks(verdict(fault), fault.breaks, spec="v1", warns=fault.warns)


def test_every_checked_requirement_has_a_fault() -> None:
    assert {fault.breaks for fault in all_faults().values()} == {*CHECKED}
