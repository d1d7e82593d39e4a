"""Fills `stream` frames: merges operations of one stream and encodes as many as fit (chapters 5 and 6)."""

import msgspec

from streamops_server.core.coalesce import coalesce
from streamops_server.core.ops import Op, encode

ENTRY_COST = 32
"""Bytes that an operation counts as pending besides its content."""

_HEAD = b'{"type":"stream","stream":"%s","seq":%d,"n":%d,"ops":['
_TAIL = b"]}"
_ENVELOPE = len(_HEAD % (b"", 2**53 - 1, 2**53 - 1)) + len(_TAIL)


class Entry(msgspec.Struct, gc=False):
    """One operation of a stream, or `count` texts that were joined into one as they came (C1).

    `order` is its position among all operations of the session, `size` the bytes of its content.
    """

    op: Op
    order: int
    size: int
    count: int = 1


class FilledFrame(msgspec.Struct, gc=False):
    """An encoded frame."""

    data: bytes
    count: int
    """How many of the program's operations it covers."""
    entries: list[Entry]
    """The merged entries in it; `size` is their encoded bytes."""
    left: list[Entry]
    """The entries that did not fit."""


def fill_frame(
    name: str, seq: int, entries: list[Entry], max_text_bytes: int, max_frame_bytes: int
) -> FilledFrame:
    """A frame of at most `max_frame_bytes` with the first of `entries`; `seq` is the number of the first.

    `max_text_bytes` bounds the texts that merging makes (BAT-6). One entry always goes in: a call
    whose operation fits no frame was refused (LIM-3).
    """
    room = max_frame_bytes - envelope_bytes(name)
    batch: list[bytes] = []
    covered = used = 0
    parts = _merge(entries, max_text_bytes)
    left: list[Entry] = []
    for position, part in enumerate(parts):
        data = encode(part.op)
        if batch and used + len(data) + 1 > room:
            left = parts[position:]
            del parts[position:]
            break
        batch.append(data)
        covered += part.count
        part.size = len(data)
        used += len(data) + 1
    data = _HEAD % (name.encode(), seq, covered) + b",".join(batch) + _TAIL
    return FilledFrame(data, covered, parts, left)


def envelope_bytes(name: str) -> int:
    """The most bytes that a `stream` frame needs besides its operations."""
    return _ENVELOPE + len(name)


def _merge(entries: list[Entry], max_text_bytes: int) -> list[Entry]:
    """`entries` after coalescing; a merged entry has the order of its first one."""
    if len(entries) == 1:
        return entries
    parts: list[Entry] = []
    position = 0
    for op, count in coalesce([(entry.op, entry.count) for entry in entries], max_text_bytes):
        first, left, size = entries[position], count, 0
        while left:
            left -= entries[position].count
            size += entries[position].size
            position += 1
        parts.append(Entry(op, first.order, size, count))
    return parts
