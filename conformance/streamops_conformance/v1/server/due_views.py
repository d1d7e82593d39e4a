"""Which views of an event have not arrived when its reply does."""

from streamops_conformance.oracle.document import Document, normalized
from streamops_conformance.v1.oracle.log import ExpectedView
from streamops_conformance.v1.server.transcript_state import TranscriptState


def comes_late(state: TranscriptState, view: ExpectedView) -> bool:
    """Whether the final view of an event comes after its reply: a matter of EVT-3."""
    wanted = normalized(view.html)
    later = (frame.get("html") for frame in state.later("view"))
    return not is_made_again(state, view) and any(
        isinstance(html, str) and normalized(html) == wanted for html in later
    )


def is_made_again(state: TranscriptState, view: ExpectedView) -> bool:
    """Whether a later event makes the same view, so that nobody can tell which of the two comes."""
    assert state.program is not None
    made = state.program.events[len(state.replies)].views
    return any(normalized(each.html) == normalized(view.html) for each in state.program.views[made:])


def due_views(state: TranscriptState) -> list[ExpectedView] | None:
    """Views of this event that have not come when its reply does; None where the rules do not apply.

    A final view that would change nothing may stay away.
    """
    assert state.program is not None
    if "view" not in state.agreed or len(state.replies) >= len(state.program.events):
        return None
    due = state.program.views[state.next_view : state.program.events[len(state.replies)].views]
    due = [view for view in due if not _shown_already(state, view)]
    return None if due and changes_nothing(state, due[-1]) else due


def _shown_already(state: TranscriptState, view: ExpectedView) -> bool:
    """Whether it is the same as the view that came last: one frame may stand for several pushes."""
    return is_equal(view, state.matched_view)


def is_equal(view: ExpectedView, other: ExpectedView | None) -> bool:
    return other is not None and (view.html, view.counts, view.map) == (other.html, other.counts, other.map)


def changes_nothing(state: TranscriptState, view: ExpectedView) -> bool:
    """Whether putting the view in place would leave the document as it is."""
    # Parsed anew on both sides: a carriage return that came as text does not survive a parser.
    trial = Document(state.expected.serialized())
    before = trial.serialized()
    trial.show_view(view.html, [name for name, at in state.cursors.items() if at and name not in view.map])
    return trial.serialized() == before
