"""Rule 1: every transition of a stream and every operation that a call inserts is a row of
`protocol.json`. Nothing here, and nothing elsewhere, asks "if state is": it looks up.
"""

from streamops_spec import OpTemplate, load_protocol
from streamops_spec.protocol import State

_LIFECYCLE = load_protocol().lifecycle
_KINDS = load_protocol().ops

CALLS: dict[str, dict[State, tuple[OpTemplate, ...]]] = _LIFECYCLE.calls
"""What a call puts on the wire in a state: `CALLS["start"]["open"]`."""

COLUMN: dict[str, str] = {
    name: name if kind.kind == "lifecycle" else "content" for name, kind in _KINDS.items()
}
"""The column of the wire table that an operation stands in."""

_AFTER: dict[tuple[State, str], State | None] = {
    (state, op): row[column] for state, row in _LIFECYCLE.wire.items() for op, column in COLUMN.items()
}


def after(state: State, op: str) -> State:
    """The state that operation `op` leads to.

    Raises ValueError where the wire table has ✗: the call table never leads there.
    """
    following = _AFTER[state, op]
    if following is None:
        raise ValueError(f"{op} never happens in state {state}; the call table inserts what is missing")
    return following
