"""Splits long texts into operations before these are numbered (CNT-5), shortens messages, counts bytes."""

from streamops_server.core.ops import Append, Error, Op, Prepend, Replace, Text

MESSAGE_MOST = 512
"""Most characters of a message to the client. A message may quote what a peer or a program sent."""


def message(text: str) -> str:
    """`text` shortened to `MESSAGE_MOST` characters (LIM-1), with lone surrogates replaced."""
    short = text if len(text) <= MESSAGE_MOST else text[: MESSAGE_MOST - 1] + "…"
    return short.encode(errors="replace").decode()


def utf8_length(text: str) -> int:
    """Bytes of UTF-8. Raises UnicodeEncodeError, a ValueError, for a lone surrogate (CNT-6)."""
    return len(text) if text.isascii() else len(text.encode())


def content_bytes(op: Op) -> int:
    """Bytes of UTF-8 of the content of `op`. Raises UnicodeEncodeError for a lone surrogate."""
    if isinstance(op, Text):
        return utf8_length(op.text)
    if isinstance(op, Replace | Append | Prepend):
        return utf8_length(op.html)
    return utf8_length(op.error) if isinstance(op, Error) else 0


def pieces(text: str, limit: int) -> list[str]:
    """`text` cut into the longest possible pieces of at most `limit` bytes, between scalars.

    `limit` is at least 4, the bytes of the longest scalar. An empty text is one empty piece.
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
    """The operations of one call: a replace continues with appends, a prepend starts with the last piece.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    if utf8_length(text) <= limit:
        return [Text(target, text, mode)]
    parts = pieces(text, limit)
    if mode == "prepend":
        return [Text(target, part, mode) for part in reversed(parts)]
    following = [Text(target, part, "append") for part in parts[1:]]
    return [Text(target, parts[0], mode), *following]
