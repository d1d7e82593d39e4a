"""How the suite drives a v0 server: its target file, bounded waits, limits, drawn cases."""

import asyncio
import copy
import runpy
import time
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from streamops_conformance.catalog import select
from streamops_conformance.generate.drawing import draw
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle import script as s
from streamops_conformance.report.baseline import read_baseline
from streamops_conformance.target.config import Target, read
from streamops_conformance.target.process import Running
from streamops_conformance.target.started import Unreachable
from streamops_conformance.v0.oracle.calls import expected
from streamops_conformance.v0.server import runner as run_v0
from streamops_conformance.v0.server import session as wire_v0
from streamops_conformance.v0.server.described import Described, filled, matches
from streamops_conformance.v0.server.dialect import ServerDialect
from streamops_conformance.v0.server.generate import alone, cases, classics
from streamops_conformance.v0.server.session import Session
from streamops_spec import load_shapes

SMALL = runpy.run_path(str(Path(__file__).with_name("v0_server.py")))
TABLES, V0Server = SMALL["TABLES"], SMALL["V0Server"]
DJUST = Path(__file__).parents[1] / "targets" / "djust"
EVERYTHING = frozenset(alone())
TEXTS = CaseSpec((), ((s.Text("a", "1"), s.Text("a", "2")),), (("a", "0"),))


def dialect(server, **changes):
    tables = copy.deepcopy(TABLES) | changes
    target = Target(name="small", url=server.url, spec="v0", v0=tables)
    running = Running(target)
    return ServerDialect(running), running


def judged(server, specs, **changes):
    """The judgements of drawn cases."""
    made, _ = dialect(server, **changes)

    async def drive():
        try:
            return [made.judge(case) for case in await made.run(specs)]
        finally:
            await made.close()

    return asyncio.run(drive())


def test_the_target_file_of_djust_is_valid_and_describes_it():
    target = read(DJUST / "target.toml")
    described = Described.of(target.v0)
    assert (target.spec, target.connections, target.burst) == ("v0", 8, 15)
    assert target.start.command[0] == ".djust-venv/bin/python"
    assert (target.start.folder / "conformance/targets/djust/serve.py").is_file()
    assert described.answer({"type": "noop", "ref": 3, "source": "event"}, 3) == "ok"
    assert described.answer({"type": "patch", "patches": []}, 3) == ""
    assert described.answer({"type": "error", "error": "x"}, 3) == "failed"
    assert described.answer({"type": "rate_limit_exceeded"}, 3) == "limited"
    assert described.nested[1].count("{value}") == 1


def test_the_baseline_of_djust_is_valid_and_names_v0():
    target = read(DJUST / "target.toml")
    known = read_baseline(target.baseline).known
    assert known.keys() <= select("v0", "")
    assert tomllib.loads(target.baseline.read_text(encoding="utf-8"))["spec"] == "v0"
    assert all("\n" not in reason and len(reason) > 40 for reason in known.values())


def test_the_tables_of_the_small_server_match_the_schema_of_target_files():
    assert (
        load_shapes("v1:target").explain({"name": "x", "url": "ws://x", "dialect": "v0", "v0": TABLES}) == ""
    )


def test_templates_and_patterns():
    template = {"a": ["{ref}", {"b": "{vars}"}], "c": "ref {ref}", "d": "{other}"}
    assert filled(template, ref=3, vars={}) == {"a": [3, {"b": {}}], "c": "ref {ref}", "d": "{other}"}
    assert matches({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3})
    for other in ({"a": 1}, {"a": {"b": True}}, {"a": {}}, {}, None):
        assert not matches({"a": {"b": 1}}, other)


def test_methods_that_fail_alone_are_not_combined():
    with V0Server("insert raises") as server:
        made, _ = dialect(server)

        async def preflight():
            try:
                return await made.preflight()
            finally:
                await made.close()

        working = asyncio.run(preflight())
    assert EVERYTHING - working == {"insert.append"}
    kinds = {
        call.kind
        for case in [*classics(working, "nested")[7:], *draw(cases(working), 100, 1)]
        for calls in expected(case.scripts[0], {"a": "", "b": "", "c": ""}, None).streams.values()
        for call in calls
    }
    assert "insert.append" not in kinds
    assert "insert.prepend" in kinds


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mount": {key: value for key, value in TABLES["mount"].items() if key != "repeatable"}},
        {"quiet": {"silence_ms": 30}},
        {"quiet": {"fence": [{"do": "delete", "stream": "a"}], "silence_ms": 30}},
    ],
    ids=["as it is", "a connection for each view", "silence", "a fence that fails"],
)
def test_cases_run_on_servers_of_several_kinds(changes):
    twice = CaseSpec((), (TEXTS.scripts[0], TEXTS.scripts[0]), TEXTS.variables)
    fault = "delete raises" if "fence" in changes.get("quiet", {}) else ""
    with V0Server(fault) as server:
        for judgement in judged(server, [twice] * 3, **changes):
            assert not judgement.broken
            assert judgement.kept["ORD-101"] == 1


def test_a_server_without_replies_is_unreachable_and_costs_little(monkeypatch):
    monkeypatch.setattr(wire_v0, "PATIENCE", 0.2)
    asked = Counter()
    mount = Session.mount
    monkeypatch.setattr(Session, "mount", lambda *args: asked.update(["mount"]) or mount(*args))
    with V0Server("answers nothing") as server:
        made, running = dialect(server)
        with pytest.raises(Unreachable, match="did not get through a mount and an empty script"):
            asyncio.run(made.preflight())
        with pytest.raises(Unreachable, match="is wedged"):
            asyncio.run(made.alive())
        with pytest.raises(ExceptionGroup) as caught:
            judged(server, [TEXTS] * 200)
        assert caught.group_contains(Unreachable)
        assert 0 < asked["mount"] <= 3 * running.target.connections, "of 200 cases, each worth two attempts"


def test_after_some_silent_cases_no_more_are_run(monkeypatch):
    with V0Server("insert closes") as server:
        closing = CaseSpec((), ((s.Insert("a", "x"), s.Text("a", "y")),), TEXTS.variables)
        made, _ = dialect(server)

        async def drive():
            return await made.run([closing] * (run_v0.MANY + 40))

        found = asyncio.run(drive())
    assert all(case.silent for case in found)
    assert sum(case.silent.startswith("not run") for case in found) >= 1
    assert not any(made.judge(case).broken for case in found)


def test_a_server_that_limits_the_rate_is_not_blamed(monkeypatch):
    monkeypatch.setattr(run_v0, "REFUSED", 0.05)
    with V0Server("limits the rate") as server:
        with pytest.raises(ExceptionGroup) as caught:
            judged(server, [TEXTS], reply={**TABLES["reply"], "limited": [{"type": "slower"}]})
        assert caught.group_contains(Unreachable, match="sends too much")


def test_messages_are_sent_at_the_rate_of_the_target_file():
    described = Described.of(TABLES)

    async def drive(url):
        session = Session(url, described, headers={}, per_second=100, burst=2)
        began = time.perf_counter()
        async with session:
            await session.mount({"a": "0"})
            for _ in range(10):
                await session.run_script([])
        return time.perf_counter() - began

    with V0Server() as server:
        assert asyncio.run(drive(server.url)) > 0.09  # 12 messages, two of them at once


def test_the_same_seed_draws_the_same_cases_without_what_v0_leaves_open():
    first, second = (draw(cases(EVERYTHING), 200, 7) for _ in range(2))
    assert first == second
    for case in [*first, *classics(EVERYTHING, "nested")]:
        for script in case.scripts:
            found = expected(script, dict(case.variables), ("nested", "{value}"))
            assert not found.undetermined
            assert not found.raises
            several = len(found.streams) > 1
            pauses = [step.ms for step in script if isinstance(step, s.Sleep)]
            assert not several or all(pause in (0, 50) for pause in pauses)
            for calls in found.streams.values():
                kinds = [call.kind for call in calls]
                after_done = {after for before, after in pairwise(kinds) if before == "done"}
                assert after_done <= {"start"}


def test_two_hundred_tokens_at_full_speed_are_among_the_cases():
    scripts = [script for case in classics(EVERYTHING, "nested") for script in case.scripts]
    assert any(len(script) == 200 and all(isinstance(step, s.Text) for step in script) for script in scripts)
