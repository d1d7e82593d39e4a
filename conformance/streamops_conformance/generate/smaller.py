"""Smaller cases: fewer scripts, fewer steps, simpler steps."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import msgspec

from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle import script as s
from streamops_conformance.oracle.script import Script


def size_of(spec: CaseSpec) -> tuple[int, int, int]:
    """Number of steps, then bytes of JSON, then number of capabilities."""
    steps = sum(
        len(s.inner(step)) + (not isinstance(step, s.Simple)) for script in spec.scripts for step in script
    )
    return steps, len(msgspec.json.encode(spec.to_json())), len(spec.caps)


def smaller_cases(spec: CaseSpec, is_determined: Callable[[CaseSpec], bool]) -> Iterator[CaseSpec]:
    """Smaller cases, the boldest cut first; only those whose outcome does not depend on chance."""
    found = chain(_fewer_scripts(spec), _fewer_steps(spec), _simpler(spec))
    return (candidate for candidate in found if candidate.scripts and is_determined(candidate))


def _fewer_scripts(spec: CaseSpec) -> Iterator[CaseSpec]:
    if len(spec.scripts) > 1:
        for index in range(len(spec.scripts)):
            yield replace(spec, scripts=(*spec.scripts[:index], *spec.scripts[index + 1 :]))


def _fewer_steps(spec: CaseSpec) -> Iterator[CaseSpec]:
    for number, script in enumerate(spec.scripts):
        length = len(script)
        width = length
        while width >= 1:
            for begin in range(0, length, width):
                yield _with(spec, number, (*script[:begin], *script[begin + width :]))
            width //= 2
        if length <= 12:
            for first in range(length):
                for second in range(first + 1, length):
                    kept = tuple(step for index, step in enumerate(script) if index not in (first, second))
                    yield _with(spec, number, kept)


def _simpler(spec: CaseSpec) -> Iterator[CaseSpec]:
    for number, script in enumerate(spec.scripts):
        for index, step in enumerate(script):
            for simpler in simpler_steps(step):
                yield _with(spec, number, (*script[:index], *simpler, *script[index + 1 :]))


def simpler_steps(step: s.AnyStep) -> Iterator[tuple[s.AnyStep, ...]]:
    """Sequences of steps that may replace `step` in a simpler script."""
    match step:
        case s.Parallel(branches=branches):
            yield from (branch for branch in branches)
            for number, branch in enumerate(branches):
                without = (*branches[:number], *branches[number + 1 :])
                if without:
                    yield (s.Parallel(without),)
                for index in range(len(branch)):
                    shorter = (*branch[:index], *branch[index + 1 :])
                    yield (s.Parallel((*branches[:number], shorter, *branches[number + 1 :])),)
        case s.Finally(script=script, then=then):
            yield (*script, *then)
        case s.Text(text=text, repeat=repeat):
            if repeat > 1:
                yield (msgspec.structs.replace(step, repeat=repeat // 2),)
            if len(text) > 1:
                yield (msgspec.structs.replace(step, text=text[0]),)
        case s.Replace(html=html) | s.Insert(html=html):
            if len(html) > 1:
                yield (msgspec.structs.replace(step, html="x"),)
        case _:
            return


def _with(spec: CaseSpec, number: int, script: Script) -> CaseSpec:
    return replace(spec, scripts=(*spec.scripts[:number], script, *spec.scripts[number + 1 :]))
