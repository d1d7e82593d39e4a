"""The operations that have not arrived when a reply or a view arrives."""

from dataclasses import dataclass

from streamops_conformance.model.outcome import Wrong
from streamops_conformance.oracle.document import normalized
from streamops_conformance.v1.oracle.coalescing import legal
from streamops_conformance.v1.oracle.log import LoggedOp
from streamops_conformance.v1.server.transcript_state import TranscriptState


def is_first_after_resume(state: TranscriptState) -> bool:
    """Whether this is the first frame of its stream after a resume."""
    return state.here.resumed is not None and state.name not in state.here.begun


@dataclass(slots=True)
class Missing:
    """The first operation that has not arrived before a reply or a view."""

    op: LoggedOp
    expected: str
    observed: str
    late: bool
    """It arrives later: EVT-2 or VIEW-5 is broken, not the requirement of the operation itself."""


def missing_here(state: TranscriptState) -> Missing | None:
    """The first operation that should have come before this reply or view; None if all have."""
    return missing_of(state, _due(state))


def missing_of(state: TranscriptState, counts: dict[str, int]) -> Missing | None:
    """The first missing one of the first `counts[name]` operations of each stream; None if all arrived."""
    for name, due in counts.items():
        assert state.program is not None
        at = state.cursors.get(name, 0)
        if at < due:
            log = state.program.streams[name].ops
            kinds = ", ".join(op.kind for op in log[at:due][:6])
            return Missing(
                log[at],
                f"{due} operations of stream {name}; missing: {kinds}",
                f"{at} arrived",
                _comes_late(state, log, at),
            )
    return None


def _due(state: TranscriptState) -> dict[str, int]:
    """The number of operations of each stream that come before this frame."""
    assert state.program is not None
    if state.entry.type == "reply":
        done = len(state.replies)
        return state.program.events[done].counts if done < len(state.program.events) else {}
    ahead = state.program.views[state.next_view :]
    within = [
        view for view in ahead if all(at <= view.counts.get(name, 0) for name, at in state.cursors.items())
    ]
    html = normalized(state.frame["html"])
    alike = [view.counts for view in within if normalized(view.html) == html]
    here = [view.counts for view in ahead if _reached(state, view.counts)]
    if here and not (alike and not any(_reached(state, counts) for counts in alike)):
        return {}
    return next(iter(alike), within[0].counts if within else {})


def _reached(state: TranscriptState, counts: dict[str, int]) -> bool:
    return all(state.cursors.get(name, 0) == due for name, due in counts.items())


def _comes_late(state: TranscriptState, log: list[LoggedOp], at: int) -> bool:
    assert state.case is not None
    for frame in state.later("stream"):
        if frame.get("stream") == log[at].stream:
            begin, n = frame["seq"] - 1, frame["n"]
            covered = log[begin : begin + n]
            return begin == at and legal(covered, frame["ops"], limit=state.case.limits.max_text_bytes)
    return False


def lost_operation(state: TranscriptState, requirement: str) -> Wrong | None:
    """Wrong if an operation whose cause is that requirement is missing before a reply or view."""
    missing = missing_here(state)
    return None if missing is None else lost_for(missing, requirement)


def lost_for(missing: Missing, requirement: str) -> Wrong | None:
    if missing.late or missing.op.cause != requirement:
        return None
    return Wrong(missing.expected, missing.observed)
