"""`text_len` and `text_sha256` of a `done`, which prove to the user that no token was lost (CNT-7).

They cover the text that a run built on its default target by text operations alone. Only the
bytes that a later prepend may need are kept.
"""

import hashlib
from typing import TYPE_CHECKING

from streamops_server.core.ops import Op, Text

if TYPE_CHECKING:
    from hashlib import _Hash

_KEPT_BYTES = 64 * 1024


class Integrity:
    """Follows the text of one run. An append takes constant time; memory is bounded by 64 KiB.

    A run that prepends after its text exceeded that bound has no digest. The members are optional.
    """

    __slots__ = ("_hash", "_kept", "_length", "_void")

    def __init__(self) -> None:
        self._hash: _Hash | None = None
        self._kept = bytearray()
        self._length = 0
        self._void = False

    def add(self, op: Op, default_target: str) -> None:
        """Follow `op`, the run's next content operation."""
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
        """Number of Unicode scalars and SHA-256 of their UTF-8; None if the run was not text alone.

        Called once, at the end of the run.
        """
        if self._void:
            return None
        digest = self._hash or hashlib.sha256()
        digest.update(self._kept)
        return self._length, digest.hexdigest()


_JOIN = {"append": Integrity._append, "prepend": Integrity._prepend, "replace": Integrity._replace}
