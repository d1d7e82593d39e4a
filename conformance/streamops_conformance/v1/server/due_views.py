"""The views of an event that have not arrived when its reply arrives."""

from streamops_conformance.oracle.document import Document, normalized
from streamops_conformance.v1.oracle.log import ExpectedView
from streamops_conformance.v1.server.transcript_state import TranscriptState


def comes_late(state: TranscriptState, view: ExpectedView) -> bool:
    """Whether the final view of an event comes after its reply, which EVT-3 judges."""
    wanted = normalized(view.html)
    later = (frame.get("html") for frame in state.later("view"))
    return not is_made_again(state, view) and any(
        isinstance(html, str) and normalized(html) == wanted for html in later
    )


def is_made_again(state: TranscriptState, view: ExpectedView) -> bool:
    """Whether a later event makes an equal view, so that the two cannot be told apart."""
    assert state.program is not None
    made = state.program.events[len(state.replies)].views
    return any(normalized(each.html) == normalized(view.html) for each in state.program.views[made:])


def due_views(state: TranscriptState) -> list[ExpectedView] | None:
    """Views of this event that have not arrived before its reply; None if the rules do not apply.

    The server may leave out a final view that changes nothing.
    """
    assert state.program is not None
    if "view" not in state.agreed or len(state.replies) >= len(state.program.events):
        return None
    due = state.program.views[state.next_view : state.program.events[len(state.replies)].views]
    due = [view for view in due if not _shown_already(state, view)]
    return None if due and changes_nothing(state, due[-1]) else due


def _shown_already(state: TranscriptState, view: ExpectedView) -> bool:
    """Whether it equals the last matched view: one frame may stand for several pushes."""
    return is_equal(view, state.matched_view)


def is_equal(view: ExpectedView, other: ExpectedView | None) -> bool:
    return other is not None and (view.html, view.counts, view.map) == (other.html, other.counts, other.map)


def changes_nothing(state: TranscriptState, view: ExpectedView) -> bool:
    """Whether the document stays the same if the view is shown."""
    # Parse both documents again: a carriage return that came as text does not survive a parser.
    trial = Document(state.expected.serialized())
    before = trial.serialized()
    trial.show_view(view.html, [name for name, at in state.cursors.items() if at and name not in view.map])
    return trial.serialized() == before
