"""Which streams a view's html speaks for, and where each stands: the map of a `view` (VIEW-3, VIEW-4)."""

from collections.abc import Collection, Iterable

from msgspec import UNSET

from streamops_server.core.errors import Overflow, Unsupported
from streamops_server.core.frames import StreamState, ViewFrame, encode
from streamops_server.core.outbox import Outbox
from streamops_server.core.program import Program
from streamops_server.core.queue import Queue


class Views:
    """The views of one session. `html` is always the whole root, rendered in the same step."""

    def __init__(self, program: Program, outbox: Outbox) -> None:
        self._program = program
        self._outbox = outbox
        self._version = 0
        self._last_html: str | None = None
        self._kept: set[str] = set()

    def first(self, html: str, marked: Iterable[str], ignored: Iterable[str]) -> None:
        """The view of the mount: every stream at 0 (VIEW-1); operations accepted earlier count as
        after it.

        Raises Overflow where it cannot fit.
        """
        self._kept |= set(ignored)
        states = {name: StreamState(0, "idle") for name in marked if name not in self._kept}
        self._accept(html, states, first=True)

    def push(
        self, html: str, marked: Iterable[str], ignored: Iterable[str], renders: Iterable[str] = ()
    ) -> Collection[str]:
        """A full re-render; returns the streams of its map.

        `renders` are streams whose streamed content the template has too.
        `ignored` streams, marked `dj-update="ignore"`, are never in a map again.
        Raises Unsupported without the capability `view`, Overflow where it cannot fit.
        """
        if "view" not in self._program.caps:
            raise Unsupported("The client did not agree on the capability 'view'")
        self._kept |= set(ignored)
        rendered = set(renders)
        states = {}
        for name in dict.fromkeys([*marked, *self._program.streams]):
            queue = self._program.streams.get(name)
            own = queue is None or not queue.foreign or name in rendered
            if own and name not in self._kept:
                states[name] = _state(queue)
        self._accept(html, states)
        return states.keys()

    @property
    def version(self) -> int:
        """Of the last view that was accepted; 0 before the first."""
        return self._version

    def changes_nothing(self, html: str) -> bool:
        """Whether a handler's final view may be left out (VIEW-8)."""
        return html == self._last_html and not self._program.content_since_view

    def _accept(self, html: str, states: dict[str, StreamState], *, first: bool = False) -> None:
        data = encode(ViewFrame(html, self._version + 1, states))
        if len(data) > self._outbox.max_frame_bytes:
            raise Overflow(
                f"This view does not fit the client's {self._outbox.max_frame_bytes} bytes a frame"
            )
        self._version += 1  # VIEW-7
        self._last_html = html
        if not first:
            self._program.content_since_view = False
        known = [(self._program.streams.get(name), state.seq) for name, state in states.items()]
        marks = [(queue, seq) for queue, seq in known if queue is not None]
        for queue, _ in marks:
            queue.muted = False  # the view says where it stands
        self._outbox.add_view(data, self._version, marks, first=first)


def _state(queue: Queue | None) -> StreamState:
    if queue is None:
        return StreamState(0, "idle")
    run = UNSET if queue.state == "idle" else queue.run
    if queue.shown is None:
        return StreamState(queue.accepted, queue.state, run)
    return StreamState(queue.accepted, queue.state, run, queue.shown.error, queue.shown.code)
