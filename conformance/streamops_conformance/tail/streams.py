"""The state of one stream in the client, and what each op does to it."""

from collections import deque
from collections.abc import Iterator
from typing import cast

from msgspec import UNSET
from streamops_spec.protocol import State

from streamops_conformance.tail.effects import Fired, Mode
from streamops_conformance.tail.frames import StreamState
from streamops_conformance.tail.integrity import Built


class Stream:
    """One stream: its lifecycle and its cursor; with `keep`, its text too.

    A terminal has shown the text already, and a log can be endless.
    """

    def __init__(self, name: str, *, keep: bool = True) -> None:
        self.name = name
        self.gone = False
        """Whether a resume gave up what was missed: the next frame may begin beyond the cursor (RES-17)."""
        self.state: State = "idle"
        self.run: int | None = None
        self.cursor = 0
        self.error: str | None = None
        self.code: str | None = None
        self._text: deque[str] | None = deque() if keep else None
        self._built: Built | None = None  # the text of the open run; None if unknown

    @property
    def text(self) -> str:
        """The text that the stream shows; empty if it is not kept."""
        return "".join(self._text or ())

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
        self._built = Built()
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
        if self._text is not None:
            _write(self._text, text, mode)
        if self._built is not None and not self._built.write(text, mode):
            self._built = None
        return self.fire("text")

    def fail(self, error: str, code: str | None) -> Fired:
        """Show an error."""
        self.state, self.error, self.code = "errored", error, code
        return self.fire("error", with_error=True)

    def done(self, reason: str | None) -> tuple[Fired, Built | None]:
        """End the run; also returns the text that it built, if that is known from its start."""
        built = self._built
        self.state, self.run, self._built = "idle", None, None
        return self.fire("done", reason=reason), built

    def forget(self) -> None:
        """The session ended: its numbers are void, the content stays."""
        self.cursor, self.gone = 0, False

    def give_up(self, seq: int) -> Iterator[Fired]:
        """What was missed is gone: the run ends, and the next one may begin beyond `seq` (RES-17)."""
        if self.run is not None:
            yield self.done("expired")[0]
        self.cursor, self.gone = seq, True

    def reconcile(self, said: StreamState) -> Iterator[Fired]:
        """Take the state that a view's map gives (CLI-24). Its `state` is one of the three."""
        run = None if said.run is UNSET else int(said.run)
        is_new = False
        if said.seq != self.cursor:
            self.unread()
        if run != self.run:
            if self.run is not None:
                yield self.done("expired")[0]
            self.cursor = said.seq
            if run is not None:
                is_new = True
                yield self.start(run)
                self.unread()  # its beginning was not seen
        self.cursor, self.gone = said.seq, False
        error = None if said.error is UNSET else str(said.error)
        code = None if said.code is UNSET else str(said.code)
        if error is not None and (is_new or (error, code) != (self.error, self.code)):
            yield self.fail(error, code)
        self.state, self.error, self.code = cast("State", said.state), error, code


def _write(pieces: deque[str], text: str, mode: Mode) -> None:
    """Write in time proportional to the new text (CLI-7)."""
    if mode == "replace":
        pieces.clear()
    if mode == "prepend":
        pieces.appendleft(text)
    else:
        pieces.append(text)
