"""Both sides of an exchange, as it went over the wire."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

Direction = Literal["send", "recv", "close", "cut"]
"""`close`: the server ended the connection; `cut`: this side lost it, without a word."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_INTEGER = (1 << 53) - 1


@dataclass(slots=True)
class Entry:
    """One message, or the end of the connection.

    `frame` is None if the message is not a JSON object; `fault` says why it is not I-JSON.
    """

    ms: float
    direction: Direction
    raw: str | bytes
    frame: dict[str, Any] | None = None
    fault: str = ""

    @property
    def type(self) -> str:
        """The `type` of the frame; empty without a frame."""
        return str(self.frame.get("type")) if self.frame is not None else ""

    def size(self) -> int:
        """The length of the message in bytes, as UTF-8."""
        return len(self.raw) if isinstance(self.raw, bytes) or self.raw.isascii() else len(self.raw.encode())


@dataclass(slots=True)
class Closed:
    """How a connection ended."""

    code: int
    reason: str


@dataclass(slots=True)
class Transcript:
    """A session's entries in order, those of further connections after those of the first, and its end."""

    entries: list[Entry] = field(default_factory=list)
    closed: Closed | None = None
    began: float = 0.0
    """Seconds on the runner's clock when it began."""

    def frames(self, kind: str = "", *, since: int = 0) -> list[dict[str, Any]]:
        """What was received, of one type or of all, from an entry on."""
        return [
            entry.frame
            for entry in self.entries[since:]
            if entry.direction == "recv" and entry.frame is not None and kind in ("", entry.type)
        ]


def received(ms: float, raw: str | bytes) -> Entry:
    """A received message: parsed, with its I-JSON faults (FRM-1, FRM-2)."""
    if isinstance(raw, bytes):
        return Entry(ms, "recv", raw, None, "a binary message")
    faults: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            faults.append("a member name occurs twice")
        return made

    def whole(literal: str) -> int:
        value = int(literal)
        if abs(value) > _MAX_INTEGER:
            faults.append(f"the integer {literal} is beyond 2^53 - 1")
        return value

    def fraction(literal: str) -> float:
        value = float(literal)
        if value.is_integer():
            faults.append(f"the integer {literal} is written with a fraction or exponent")
        return value

    def constant(literal: str) -> float:
        faults.append(f"{literal} is not JSON")
        return 0.0

    try:
        parsed = json.loads(
            raw, object_pairs_hook=members, parse_int=whole, parse_float=fraction, parse_constant=constant
        )
    except RecursionError:
        return Entry(ms, "recv", raw, None, "JSON that is nested too deeply to be read")
    except ValueError as error:
        return Entry(ms, "recv", raw, None, f"not JSON: {error}")
    if "\\u" in raw and _SURROGATE.search(json.dumps(parsed, ensure_ascii=False)):
        faults.append("a string has a lone surrogate")
    if not isinstance(parsed, dict):
        return Entry(ms, "recv", raw, None, "no JSON object")
    return Entry(ms, "recv", raw, parsed, "; ".join(faults))
