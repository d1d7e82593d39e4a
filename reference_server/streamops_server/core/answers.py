"""Each `ref` runs once, and is answered to whoever asked last (EVT-6, RES-7, RES-8)."""

from streamops_server.core.errors import PeerViolation
from streamops_server.core.frames import Reply, ReplyError

NOT_KEPT = ReplyError("resume_failed", "Whether this event ran is not known any more")


class Answers:
    """The refs of one session: which run, and the last `most` replies for clients that come back."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._last = 0
        self._before = 0
        """The last ref of the connections before this one: up to it a ref may be repeated, once."""
        self._again: set[int] = set()
        self._running: dict[int, bool] = {}
        """Each ref that has no reply yet, and whether this connection asked for it."""
        self._kept: dict[int, Reply] = {}

    @property
    def running(self) -> int:
        """How many events have no reply yet."""
        return len(self._running)

    def is_repeated(self, ref: int) -> bool:
        """Whether an earlier connection of this session sent `ref`.

        Raises PeerViolation("bad_frame") where it does not grow on this one (EVT-6).
        """
        if ref > self._last:
            self._last = ref
            return False
        if ref > self._before or ref in self._again:
            raise PeerViolation("bad_frame", f"ref {ref} does not grow: {self._last} came before it")
        self._again.add(ref)
        return True

    def begin(self, ref: int) -> None:
        """The event will be run."""
        self._running[ref] = True

    def repeat(self, ref: int) -> Reply | None:
        """What a repeated event is answered; None where its handler still runs (RES-7)."""
        if ref in self._running:
            self._running[ref] = True
            return None
        return self._kept.get(ref) or Reply(ref, False, NOT_KEPT)  # RES-8

    def end(self, reply: Reply, *, keep: bool) -> bool:
        """The handler has ended; whether this connection waits for its reply."""
        if keep:
            self._kept[reply.ref] = reply
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return self._running.pop(reply.ref)

    def disconnect(self) -> None:
        """A reply goes only to a connection that sent or repeated its event."""
        self._before = self._last
        self._again = set()
        self._running = dict.fromkeys(self._running, False)
