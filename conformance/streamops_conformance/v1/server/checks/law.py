"""Chapter 5: the prefix law, asked when every special rule has had its say."""

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import V1
from streamops_conformance.v1.server.transcript_state import Walk


@V1.rule("ORD-1", "stream", law=True)
def the_document_is_the_one_after_the_first_k_operations(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    walk.apply()
    shown, expected = walk.shown.serialized(), walk.expected.serialized()
    if shown != expected:
        return Wrong(f"{expected[:400]}  by the operations {found.expected}", f"{shown[:400]}  by the frame")
    return SEEN


@V1.rule("BAT-1", "stream", law=True)
def ops_come_from_the_program_by_the_rules(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    if found.unexplained or found.broken == "BAT-1":
        return Wrong(f"a merge that C1 to C5 allow of {found.expected}", found.observed)
    return SEEN


@V1.rule("ORD-1", "view", law=True)
def the_document_after_a_view_is_the_one_of_the_program(walk: Walk) -> Outcome:
    walk.show_view()
    shown, expected = walk.shown.serialized(), walk.expected.serialized()
    return SEEN if shown == expected else Wrong(expected[:400], shown[:400])
