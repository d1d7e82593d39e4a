"""The state of one stream in the client, and what each op does to it."""

from collections import deque
from hashlib import sha256

from streamops_spec.protocol import State

from streamops_conformance.tail.effects import Fired, Mode


class Stream:
    """One stream: its lifecycle, its cursor and its text."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: State = "idle"
        self.run: int | None = None
        self.cursor = 0
        self.error: str | None = None
        self.code: str | None = None
        self._text: deque[str] = deque()
        self._built: deque[str] | None = (
            None  # the text of the open run, built from the empty string; None if unknown
        )

    @property
    def text(self) -> str:
        """The text that the stream shows."""
        return "".join(self._text)

    def fire(
        self, event: str, *, reason: str | None = None, ok: bool | None = None, with_error: bool = False
    ) -> Fired:
        """The event `stream:EVENT` with the current cursor; `with_error` adds the shown error."""
        error, code = (self.error, self.code) if with_error else (None, None)
        return Fired(f"stream:{event}", self.name, self.cursor, reason, ok, error, code)

    def start(self, run: int) -> Fired:
        """Begin a run."""
        self.state, self.run = "open", run
        self.error = self.code = None
        self._built = deque()
        return self.fire("start")

    def content(self) -> None:
        """Content of any kind arrived, which removes the shown error."""
        self.state = "open"
        self.error = self.code = None

    def unread(self) -> None:
        """The target was changed in a way that this client cannot follow."""
        self._built = None

    def write(self, text: str, mode: Mode) -> Fired:
        """Add text, or replace all text with it."""
        for pieces in (self._text, self._built):
            if pieces is not None:
                _write(pieces, text, mode)
        return self.fire("text")

    def fail(self, error: str, code: str | None) -> Fired:
        """Show an error."""
        self.state, self.error, self.code = "errored", error, code
        return self.fire("error", with_error=True)

    def done(self, reason: str | None) -> tuple[Fired, str | None]:
        """Write, also to the text that the run built, where that is known from its start."""
        built = None if self._built is None else "".join(self._built)
        self.state, self.run, self._built = "idle", None, None
        return self.fire("done", reason=reason), built

    def forget(self) -> None:
        """The session ended: its numbers are void, the content stays."""
        self.cursor = 0


def _write(pieces: deque[str], text: str, mode: Mode) -> None:
    """Write in time proportional to the new text (CLI-7)."""
    if mode == "replace":
        pieces.clear()
    if mode == "prepend":
        pieces.appendleft(text)
    else:
        pieces.append(text)


def is_whole(built: str, text_len: int | None, text_sha256: str) -> bool:
    """Whether this is the text that the program wrote."""
    same = sha256(built.encode("utf-8", "surrogatepass")).hexdigest() == text_sha256
    return same and (text_len is None or text_len == len(built))
