"""No operation is lost or repeated: 100 scripts and over 200 drawn cuts, on the reference server."""

import asyncio

import pytest
from streamops_conformance.generate.drawing import draw
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.proxy.faults import Plan
from streamops_conformance.target.config import embedded
from streamops_conformance.target.process import Running
from streamops_conformance.v1.generate.cases import cases
from streamops_conformance.v1.server.case import Case
from streamops_conformance.v1.server.cuts import CutCase, drawn_cuts, ending, run_cut, wrong_with
from streamops_conformance.v1.server.runner import run_case

SCRIPTS, CUTS, SEED = 100, 9, 7
AGREED = frozenset({"html", "view", "ack", "resume", "x-conformance"})


@pytest.fixture(scope="module")
def server():
    with Running(embedded()) as running:
        yield running.url


def determined(spec: CaseSpec) -> bool:
    caps = frozenset({*spec.caps, "resume", "x-conformance"})
    return not Case(spec, agreed=caps).program().undetermined


def specs(count, seed):
    return [spec for spec in draw(cases(AGREED), count * 2, seed) if determined(spec)][:count]


async def tried(url, drawn):
    gate = asyncio.Semaphore(8)

    async def one(number, spec):
        async with gate:
            found = await run_cut(url, {}, spec, drawn_cuts(SEED * 1000 + number, CUTS))
            uncut = await run_case(url, {}, found.case.spec)
            return found, wrong_with(found, uncut)

    return await asyncio.gather(*(one(number, spec) for number, spec in enumerate(drawn)))


def test_two_hundred_cuts_over_a_hundred_scripts_change_nothing(server):
    found = asyncio.run(tried(server, specs(SCRIPTS, SEED)))
    wrong = [(each.case.spec.to_json(), why) for each, why in found if why is not None]
    assert not wrong, wrong[:3]
    assert len(found) == SCRIPTS
    assert sum(each.cuts for each, _ in found) >= 300
    resumed = [
        frame for each, _ in found for frame in each.case.transcript.frames("welcome") if "resumed" in frame
    ]
    assert len(resumed) >= 200  # The other cuts came before the session began.


def test_without_cuts_there_is_one_connection(server):
    (spec,) = specs(1, 1)
    found = asyncio.run(run_cut(server, {}, spec, [Plan()]))
    assert (found.cuts, found.connections) == (0, 1)


SPEC = CaseSpec.from_json(
    {"caps": ["resume"], "scripts": [[{"do": "text", "stream": "s", "text": each} for each in "abc"]]}
)


def test_lost_and_repeated_frames_are_found(server):
    """The property can fail: a transcript without a frame, with a repeated frame, or without its reply."""
    found = asyncio.run(run_cut(server, {}, SPEC, []))
    uncut = asyncio.run(run_case(server, {}, found.case.spec))
    assert wrong_with(found, uncut) is None
    entries = found.case.transcript.entries
    streams = [index for index, entry in enumerate(entries) if entry.type == "stream"]
    last, reply = streams[-1], next(i for i, entry in enumerate(entries) if entry.type == "reply")
    for changed in (
        entries[:last] + entries[last + 1 :],
        entries[: last + 1] + entries[last:],
        entries[:reply] + entries[reply + 1 :],
    ):
        found.case.transcript.entries = changed
        assert wrong_with(found, uncut) is not None


def test_a_different_ending_is_found_although_no_rule_fails(server):
    found = asyncio.run(run_cut(server, {}, SPEC, []))
    other = asyncio.run(run_case(server, {}, CaseSpec.from_json({**SPEC.to_json(), "scripts": [[]]})))
    assert ending(found.case) != ending(other)
    assert wrong_with(found, other) is not None


def test_a_session_that_is_gone_is_not_a_cut(server):
    broken = CutCase(Case(SPEC, silent="the session is gone"))
    assert "is gone" in wrong_with(broken, broken.case).observed
