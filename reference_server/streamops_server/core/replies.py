"""Each `ref` runs once, and its reply goes to the connection that asked last (EVT-6, RES-7, RES-8)."""

from streamops_server.core.errors import PeerViolation
from streamops_server.core.frames import Reply, ReplyError

FORGOTTEN = ReplyError("resume_failed", "The server no longer knows whether this event ran")
"""The answer to a repeated event whose reply is not kept (RES-8)."""


class Replies:
    """Which events of one session run, and the last `most` replies for a client that comes back."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._last = 0
        self._before = 0
        """The last ref of earlier connections: each ref up to it may be repeated once."""
        self._repeated: set[int] = set()
        self._running: dict[int, bool] = {}
        """Each ref that has no reply yet, and whether the current connection asked for it."""
        self._kept: dict[int, Reply] = {}

    @property
    def running(self) -> int:
        """How many events have no reply yet."""
        return len(self._running)

    def is_repeated(self, ref: int) -> bool:
        """Whether an earlier connection of this session sent `ref`.

        Raises PeerViolation("bad_frame") for a ref of this connection that is not greater than all
        before it, or that is repeated twice (EVT-6).
        """
        if ref > self._last:
            self._last = ref
            return False
        if ref > self._before or ref in self._repeated:
            raise PeerViolation(
                "bad_frame", f"ref {ref} is not greater than {self._last}, which came before it"
            )
        self._repeated.add(ref)
        return True

    def begin(self, ref: int) -> None:
        """The event will run."""
        self._running[ref] = True

    def repeat(self, ref: int) -> Reply | None:
        """The reply to a repeated event; None while its handler still runs (RES-7)."""
        if ref in self._running:
            self._running[ref] = True
            return None
        return self._kept.get(ref) or Reply(ref, False, FORGOTTEN)  # RES-8

    def end(self, reply: Reply, *, keep: bool) -> bool:
        """The handler has ended; whether the current connection waits for its reply."""
        if keep:
            self._kept[reply.ref] = reply
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return self._running.pop(reply.ref)

    def disconnect(self) -> None:
        """From now on a reply goes only to a connection that repeats its event."""
        self._before = self._last
        self._repeated = set()
        self._running = dict.fromkeys(self._running, False)
