"""The text that a run has built, as far as it is needed to check `text_len` and `text_sha256` (CNT-7)."""

from collections import deque
from hashlib import sha256

from streamops_conformance.tail.effects import Mode

KEPT = 1 << 18
"""Characters that are kept so that a text can be prepended. Beyond them, only a hash of what is appended."""
_MOST_PIECES = 256


class Built:
    """A text, built from the empty string, in bounded memory and in time proportional to what is added."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._pieces: deque[str] | None = deque()
        self._hash = sha256()
        self._is_hashed = True
        self._length = 0

    def write(self, text: str, mode: Mode) -> bool:
        """Add text, or replace all of it. Returns whether the text is still known afterwards."""
        if mode == "replace":
            self._clear()
        at_front = mode == "prepend" and self._length > 0
        self._length += len(text)
        if self._pieces is None:
            if not at_front:
                self._hash.update(_bytes(text))
            return not at_front
        if at_front:
            self._pieces.appendleft(text)
            self._is_hashed = False
        else:
            self._pieces.append(text)
            if self._is_hashed:
                self._hash.update(_bytes(text))
        if self._length > KEPT:
            self._rehash()
            self._pieces = None
        elif len(self._pieces) > _MOST_PIECES:
            self._pieces = deque(["".join(self._pieces)])
        return True

    def is_whole(self, length: int | None, digest: str) -> bool:
        """Whether this is the text that the program wrote."""
        self._rehash()
        return self._hash.hexdigest() == digest and length in (None, self._length)

    def _rehash(self) -> None:
        if not self._is_hashed and self._pieces is not None:
            self._hash = sha256(_bytes("".join(self._pieces)))
            self._is_hashed = True


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
