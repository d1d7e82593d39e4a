"""Chapter 5: the prefix law. Its rules are asked after all special rules."""

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.transcript_state import TranscriptState


@SERVER.rule("ORD-1", "stream", needs_program=True)
def the_document_is_the_state_after_the_first_k_operations(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    state.apply()
    shown, expected = state.shown.serialized(), state.expected.serialized()
    if shown != expected:
        return Wrong(
            f"{expected[:400]}  after the operations {found.expected}", f"{shown[:400]}  after the frame"
        )
    return KEPT


@SERVER.rule("BAT-1", "stream", needs_program=True)
def ops_are_an_allowed_merge_of_the_operations(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    if found.unexplained or found.broken == "BAT-1":
        return Wrong(f"a merge, allowed by C1 to C5, of {found.expected}", found.observed)
    return KEPT


@SERVER.rule("ORD-1", "view", needs_program=True)
def the_document_after_a_view_matches_the_program(state: TranscriptState) -> Outcome:
    state.show_view()
    shown, expected = state.shown.serialized(), state.expected.serialized()
    return KEPT if shown == expected else Wrong(expected[:400], shown[:400])
