"""Shrinking has a limited number of rounds, so its result does not depend on the machine's speed."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from streamops_conformance.engine import shrink as shrinking
from streamops_conformance.engine.shrink import BUDGET, ROUNDS, SILENT_BUDGET, WIDTH, Failing, shrink
from streamops_conformance.model.judgement import Judgement

JUDGEMENT = Judgement()


@dataclass
class Played:
    spec: int
    silent: str = ""


def size(spec: int) -> tuple[int, ...]:
    return (spec,)


def one_less(spec: int) -> Iterator[int]:
    return iter(() if spec == 0 else (spec - 1,))


class Machine:
    """A machine on which each trial fails and takes `seconds`."""

    def __init__(self, seconds: float, monkeypatch: pytest.MonkeyPatch, silent: str = "") -> None:
        self.now = 0.0
        self.rounds = 0
        self._seconds = seconds
        self._silent = silent
        monkeypatch.setattr(shrinking.time, "perf_counter", lambda: self.now)

    async def trial(self, specs: list[Any]) -> list[Failing | None]:
        assert len(specs) <= WIDTH
        self.now += self._seconds
        self.rounds += 1
        return [Failing(Played(spec, self._silent), JUDGEMENT) for spec in specs]

    def shrunk(self, spec: int) -> Any:
        failing = Failing(Played(spec, self._silent), JUDGEMENT)
        return asyncio.run(shrink(failing, self.trial, size, one_less)).case.spec


@pytest.mark.parametrize("seconds", [0.0, 0.4])
def test_a_slow_machine_finds_the_same_case(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(seconds, monkeypatch)
    assert machine.shrunk(1000) == 1000 - ROUNDS
    assert machine.rounds == ROUNDS


def test_shrinking_ends_at_a_case_that_cannot_become_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(0.4, monkeypatch)
    assert machine.shrunk(5) == 0
    assert machine.rounds == 5


@pytest.mark.parametrize(("silent", "budget"), [("", BUDGET), ("no reply", SILENT_BUDGET)])
def test_shrinking_ends_when_its_time_is_used_up(
    silent: str, budget: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(8.0, monkeypatch, silent)
    machine.shrunk(1000)
    assert machine.now - 8.0 <= budget < machine.now
