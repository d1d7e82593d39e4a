"""How a long text is split before its pieces are numbered (CNT-5)."""

from typing import Literal

Mode = Literal["append", "prepend", "replace"]


def pieces(text: str, limit: int) -> list[str]:
    """Split a text: each piece is the longest prefix of the rest that fits in `limit` UTF-8 bytes.

    An empty text gives one empty piece. Raises UnicodeEncodeError for a lone surrogate (CNT-6).
    """
    if len(text.encode()) <= limit:
        return [text]
    found: list[str] = []
    begin, size = 0, 0
    for index, scalar in enumerate(text):
        width = len(scalar.encode())
        if size + width > limit:
            found.append(text[begin:index])
            begin, size = index, 0
        size += width
    found.append(text[begin:])
    return found


def numbered(text: str, mode: Mode, limit: int) -> list[tuple[str, Mode]]:
    """The pieces with their modes, in the order of their numbers."""
    parts = pieces(text, limit)
    if mode == "replace":
        return [(part, "append" if index else "replace") for index, part in enumerate(parts)]
    if mode == "prepend":
        return [(part, "prepend") for part in reversed(parts)]
    return [(part, "append") for part in parts]
