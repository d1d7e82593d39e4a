"""Sequences for clients: scripts of a server, and how a correct server could send their operations."""

from functools import cache, partial

from hypothesis import strategies as st

from streamops_conformance.model.case import CaseSpec
from streamops_conformance.v1.client.sequence import EXTRAS, HARMLESS, SequenceSpec
from streamops_conformance.v1.generate.cases import cases
from streamops_conformance.v1.oracle.player import APART, FLUSH, HOLD, LONGEST, NOW, SHORTEST

DRIVER = "x-conformance"


@cache
def sequences(agreed: frozenset[str]) -> st.SearchStrategy[SequenceSpec]:
    """Sequences for a client with those capabilities."""
    holds = st.lists(st.sampled_from((NOW, HOLD, HOLD, FLUSH)), max_size=6).map(tuple)
    merges = st.lists(st.sampled_from((APART, LONGEST, LONGEST, SHORTEST)), max_size=6).map(tuple)
    extras = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(EXTRAS)), max_size=3).map(tuple)
    return st.builds(
        partial(_sequence, "ack" in agreed),
        cases(agreed),
        holds,
        merges,
        st.one_of(st.just(()), extras),
        st.sampled_from((True, True, True, False)),
    )


def _sequence(
    acks: bool,
    case: CaseSpec,
    holds: tuple[int, ...],
    merges: tuple[int, ...],
    extras: tuple[tuple[int, str], ...],
    paced: bool,
) -> SequenceSpec:
    changing = [kind for _, kind in extras if kind not in HARMLESS]
    # One kind of change in a sequence: with two, the cause of a failure would not be known.
    extras = tuple(each for each in extras if each[1] in HARMLESS or each[1] == changing[0])
    caps = tuple(name for name in case.caps if name != DRIVER)
    if acks and len(holds) % 2:  # without a new draw, so that the same seed draws the same sequences
        caps = (*caps, "ack")
    return SequenceSpec(caps, case.scripts, case.variables, holds, merges, extras, paced)
