"""Operations in short, for reports: `[start run 1, text "Hello", done complete]`."""

import json
from collections.abc import Sequence
from typing import Any

from streamops_conformance.v1.oracle.log import LoggedOp

LONGEST = 200
"""The most characters of one operation."""
MOST = 12
"""The most operations of one frame; the middle ones of a longer list are only counted."""

_SAID = {
    "start": ("run",),
    "text": ("text",),
    "error": ("code", "error"),
    "done": ("reason", "text_len", "text_sha256"),
    "prune": ("limit", "edge"),
}
_BARE = ("reason", "code", "edge")
"""Members whose value is clear without a name."""


def in_words(ops: Sequence[LoggedOp] | Sequence[dict[str, Any]], own: str = "") -> str:
    """The operations in order; `own` is the default target, which is left out."""
    said = [_op(op.wire if isinstance(op, LoggedOp) else op, own) for op in ops]
    if len(said) > MOST:
        said[MOST // 2 : 1 - MOST // 2] = [f"… {len(said) - MOST + 1} more …"]
    return f"[{', '.join(said)}]"


def _op(wire: dict[str, Any], own: str) -> str:
    words = [str(wire.get("op"))]
    if wire.get("mode", "append") != "append":
        words.append(str(wire["mode"]))
    for member in _SAID.get(words[0], ("html",)):
        if member in wire:
            value = wire[member] if member in _BARE else json.dumps(wire[member], ensure_ascii=False)
            words.append(f"{value}" if member in (*_BARE, "text", "html", "error") else f"{member} {value}")
    if wire.get("target") != own:
        words.append(f"on {wire.get('target')}")
    text = " ".join(words)
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 3 :]}"
