"""The lifecycle tables (chapter 4), for look-up.

Rule 1: every transition of a stream, and every operation that a call inserts, is a row of
`protocol.json`. No code compares states to decide: it looks the row up.
"""

from streamops_spec import OpTemplate, load_protocol
from streamops_spec.protocol import State

_LIFECYCLE = load_protocol().lifecycle

CALLS: dict[str, dict[State, tuple[OpTemplate, ...]]] = _LIFECYCLE.calls
"""Call → state → the operations that it puts on the wire: `CALLS["start"]["open"]`."""

COLUMN: dict[str, str] = {op: load_protocol().wire_column(op) for op in load_protocol().ops}
"""Operation → its column in the wire table."""

_AFTER: dict[tuple[State, str], State | None] = {
    (state, op): row[column] for state, row in _LIFECYCLE.wire.items() for op, column in COLUMN.items()
}


def after(state: State, op: str) -> State:
    """The state after operation `op`.

    Raises ValueError for a transition that the wire table excludes. The call table never leads there.
    """
    following = _AFTER[state, op]
    if following is None:
        raise ValueError(
            f"{op} is not allowed in state {state}; the call table inserts what must come before it"
        )
    return following
