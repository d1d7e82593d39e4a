"""Splitting long texts into operations, before they are numbered (CNT-5), and what a message may be."""

from streamops_server.core.ops import Text

MESSAGE_MOST = 512
"""Characters of a reply's or session error's text: it may quote what a peer or a program said."""


def message(text: str) -> str:
    """`text` as a frame can carry it whoever wrote it: short (LIM-1), and without lone surrogates."""
    short = text if len(text) <= MESSAGE_MOST else text[: MESSAGE_MOST - 1] + "…"
    return short.encode(errors="replace").decode()


def utf8_length(text: str) -> int:
    """Bytes of UTF-8; raises UnicodeEncodeError, a ValueError, for a lone surrogate (CNT-6)."""
    return len(text) if text.isascii() else len(text.encode())


def pieces(text: str, limit: int) -> list[str]:
    """`text` cut greedily: each piece the longest prefix of at most `limit` bytes, whole scalars.

    `limit` is at least 4, the longest scalar. An empty text is one empty piece.
    """
    data = text.encode()
    found = []
    begin = 0
    while len(data) - begin > limit:
        end = begin + limit
        while data[end] & 0xC0 == 0x80:  # a continuation byte: the scalar began earlier
            end -= 1
        found.append(data[begin:end].decode())
        begin = end
    found.append(data[begin:].decode())
    return found


def split(target: str, text: str, mode: str, limit: int) -> list[Text]:
    """The operations of one call: a replace goes on with appends, a prepend begins with its end.

    Raises UnicodeEncodeError for a lone surrogate; nothing is to be added then.
    """
    if utf8_length(text) <= limit:
        return [Text(target, text, mode)]
    parts = pieces(text, limit)
    if mode == "prepend":
        return [Text(target, part, mode) for part in reversed(parts)]
    following = [Text(target, part, "append") for part in parts[1:]]
    return [Text(target, parts[0], mode), *following]
