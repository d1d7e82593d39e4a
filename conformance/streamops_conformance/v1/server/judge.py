"""Reads a transcript once, entry by entry, and asks the rules at each entry of the server."""

from streamops_conformance.model.judgement import Judgement
from streamops_conformance.model.registry import Registry, Rule
from streamops_conformance.model.transcript import Transcript
from streamops_conformance.v1.server.case import Case
from streamops_conformance.v1.server.transcript_state import TranscriptState


def judge(registry: Registry, transcript: Transcript, case: Case | None = None) -> Judgement:
    """Judge a transcript up to its first wrong entry.

    With a `case` the program is known, and the rules that need it are asked too. A transcript blames one
    requirement, because later entries may be wrong only as a consequence.
    """
    state = TranscriptState(transcript, case)
    found = Judgement()
    by_type: dict[str, list[Rule]] = {}
    for index, entry in enumerate(transcript.entries):
        state.index = index
        if entry.direction != "send":
            is_end = entry.direction in ("close", "cut")
            kind = entry.direction if is_end else entry.type
            rules = by_type.get(kind)
            if rules is None:
                kinds = (kind,) if is_end or kind == "end" else (kind, "*")
                rules = by_type[kind] = registry.rules_on(*kinds, program=case is not None)
            if found.ask(rules, state):
                found.entry = index
                return found
        state.advance()
    found.ask(registry.rules_on("end", program=case is not None), state)
    return found
