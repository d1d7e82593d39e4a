"""Each fault put into the reference server makes the suite fail the requirement it breaks, and no other."""

import sys
from pathlib import Path

import pytest
from streamops_conformance.engine.engine import Plan, run
from streamops_conformance.engine.events import Report
from streamops_conformance.target.config import Start, Target
from streamops_conformance.target.process import Running
from streamops_conformance.v1.server.checks import SERVER
from streamops_conformance.v1.server.dialect import ServerDialect
from streamops_spec import load_requirements

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from faults.table import Fault, all_faults  # noqa: E402  (beside this file, which is no package)

SLOW = frozenset({"CON-7", "CON-11", "CON-14", "EVT-7", "LIM-4", "RES-1"})
"""Requirements whose probes wait for seconds, start a process or send thousands of names: asked
only where the fault is theirs."""

REQUIRED = frozenset(key for key, each in load_requirements("v1").items() if each.speaks_of("server"))
CHECKED = sorted(REQUIRED & SERVER.facts().keys())


PATIENT = ("--heartbeat-ms", "20000")
"""A server that waits for a suite that is kept waiting itself, as on a busy machine: without it a session
may end for want of a pong, which is nobody's fault. Those with a fault of chapter 1 keep their heartbeat."""
SHORT = ("--cancel-ms", "1000")
"""The probes of chapter 10 wait for it to pass, and every one of these runs has them."""


def verdict(fault: Fault) -> Report:
    command = (
        sys.executable,
        str(HERE / "faulty_server.py"),
        fault.name,
        "--conformance",
        "--port",
        "{port}",
        *SHORT,
        *(() if fault.breaks.startswith("CON-") else PATIENT),
    )
    start = Start(command, ready="ready", timeout=60, folder=HERE)
    target = Target(
        name=fault.name,
        url="ws://127.0.0.1:{port}/",
        start=start,
        other_headers={"Authorization": "Bearer other"},
    )
    plan = Plan(selected=REQUIRED - (SLOW - {fault.breaks}), examples=fault.examples, seed=1)
    with Running(target) as running:
        return run(ServerDialect(running), plan, lambda _: None)


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


@pytest.mark.parametrize("name", all_faults())
def test_a_fault_fails_the_requirement_that_it_breaks_and_no_other(name: str) -> None:
    fault = all_faults()[name]
    outcome = verdict(fault)
    must = load_requirements("v1")[fault.breaks].keyword == "MUST"
    fails, warns = broken(outcome, "fail"), broken(outcome, "warn")
    assert set(fails) == ({fault.breaks} if must else set()), fails
    assert set(warns) == fault.warns | (set() if must else {fault.breaks}), warns


def test_every_checked_requirement_has_a_fault() -> None:
    assert {fault.breaks for fault in all_faults().values()} == {*CHECKED}
