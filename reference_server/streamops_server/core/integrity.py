"""`text_len` and `text_sha256` of a `done`: proof for the user that no token was lost.

They cover the text that a run built on its default target by text operations alone
(CNT-7). The text itself is kept only as far as a later prepend needs it.
"""

import hashlib
from typing import TYPE_CHECKING

from streamops_server.core.ops import Op, Text

if TYPE_CHECKING:
    from hashlib import _Hash

_KEPT_BYTES = 64 * 1024


class Integrity:
    """Follows one run. O(1) for an append; memory is bounded by 64 KiB, whatever the run's length.

    A run that prepends after its text has outgrown that has no digest: the members are optional.
    """

    __slots__ = ("_hash", "_kept", "_length", "_void")

    def __init__(self) -> None:
        self._hash: _Hash | None = None
        self._kept = bytearray()
        self._length = 0
        self._void = False

    def add(self, op: Op, default_target: str) -> None:
        """`op` is the run's next content operation."""
        if self._void:
            return
        if not isinstance(op, Text) or op.target != default_target:
            self._give_up()
            return
        _JOIN[op.mode](self, op.text.encode())
        self._length = len(op.text) + (0 if op.mode == "replace" else self._length)
        if len(self._kept) > _KEPT_BYTES:
            self._hash = self._hash or hashlib.sha256()
            self._hash.update(self._kept)
            self._kept.clear()

    def _give_up(self) -> None:
        self._void = True
        self._kept.clear()

    def _append(self, data: bytes) -> None:
        self._kept += data

    def _prepend(self, data: bytes) -> None:
        if self._hash is None:
            self._kept[:0] = data
        elif data:
            self._give_up()

    def _replace(self, data: bytes) -> None:
        self._hash = None
        self._kept = bytearray(data)

    def result(self) -> tuple[int, str] | None:
        """Unicode scalars and SHA-256 of their UTF-8, or None where the run was not text alone.

        Called once, at the run's end.
        """
        if self._void:
            return None
        digest = self._hash or hashlib.sha256()
        digest.update(self._kept)
        return self._length, digest.hexdigest()


_JOIN = {"append": Integrity._append, "prepend": Integrity._prepend, "replace": Integrity._replace}
