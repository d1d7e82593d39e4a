"""Views and their maps: which streams the html contains, and the state of each (VIEW-3, VIEW-4)."""

from collections.abc import Collection, Iterable

from msgspec import UNSET

from streamops_server.core.errors import Overflow, Unsupported
from streamops_server.core.frames import StreamState, ViewFrame, encode
from streamops_server.core.outbox import Outbox
from streamops_server.core.program import Program
from streamops_server.core.stream import Stream


class Views:
    """The views of one session. `html` is always the whole view root, rendered in the same step.

    `marked` are the streams that the html marks with `dj-stream`, `ignored` those that it also marks
    with `dj-update="ignore"`.
    """

    def __init__(self, program: Program, outbox: Outbox) -> None:
        self._program = program
        self._outbox = outbox
        self._version = 0
        self._last_html: str | None = None
        self._ignored: set[str] = set()
        """Streams that were ever marked as ignored: no later map lists them."""

    def first(self, html: str, marked: Iterable[str], ignored: Iterable[str]) -> None:
        """The view of the mount: its map has every stream at 0 (VIEW-1).

        Operations that were accepted earlier are sent after it. Raises Overflow for a view that
        exceeds the client's frame.
        """
        self._ignored |= set(ignored)
        states = {name: StreamState(0, "idle") for name in marked if name not in self._ignored}
        self._accept(html, states, first=True)

    def push(
        self, html: str, marked: Iterable[str], ignored: Iterable[str], renders: Iterable[str] = ()
    ) -> Collection[str]:
        """A full re-render; returns the streams of its map.

        `renders` are streams whose streamed content the template renders too.
        Raises Unsupported without the capability `view`, Overflow for a view that exceeds the client's frame.
        """
        if "view" not in self._program.caps:
            raise Unsupported("The client did not agree on the capability 'view'")
        self._ignored |= set(ignored)
        rendered = set(renders)
        states = {}
        for name in dict.fromkeys([*marked, *self._program.streams]):
            stream = self._program.streams.get(name)
            own = stream is None or not stream.has_streamed_content or name in rendered
            if own and name not in self._ignored:
                states[name] = _state(stream)
        self._accept(html, states)
        return states.keys()

    @property
    def version(self) -> int:
        """The version of the last view that was accepted; 0 before the first."""
        return self._version

    def changes_nothing(self, html: str) -> bool:
        """Whether a handler's final view with this html may be left out (VIEW-8)."""
        return html == self._last_html and not self._program.content_since_view

    def _accept(self, html: str, states: dict[str, StreamState], *, first: bool = False) -> None:
        data = encode(ViewFrame(html, self._version + 1, states))
        if len(data) > self._outbox.max_frame_bytes:
            raise Overflow(
                f"This view exceeds the client's limit of {self._outbox.max_frame_bytes} bytes a frame"
            )
        self._version += 1  # VIEW-7
        self._last_html = html
        if not first:
            self._program.content_since_view = False
        known = [(self._program.streams.get(name), state.seq) for name, state in states.items()]
        cursors = [(stream, seq) for stream, seq in known if stream is not None]
        for stream, _ in cursors:
            stream.unmute()
        self._outbox.add_view(data, self._version, cursors, first=first)


def _state(stream: Stream | None) -> StreamState:
    if stream is None:
        return StreamState(0, "idle")
    run = stream.run_number or UNSET
    error = stream.shown_error
    if error is None:
        return StreamState(stream.accepted, stream.state, run)
    return StreamState(stream.accepted, stream.state, run, error.error, error.code)
