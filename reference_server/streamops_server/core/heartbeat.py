"""Watches a connection's silence: the hello timeout, the ping, the heartbeat timeout (CON-7, CON-11)."""

from typing import NamedTuple

from streamops_server.core.limits import Limits


class TooSilent(NamedTuple):
    """Why a silent connection ends."""

    code: str
    text: str


class Heartbeat:
    """`now` is in seconds; the limits are in milliseconds."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._heard = now
        self._pinged = False
        self.deadline = now + limits.hello_timeout_ms / 1000
        """When the silence has lasted too long, in seconds."""
        self.greeted = False
        """Whether a `hello` came."""

    def hear(self, now: float) -> None:
        """A frame came, or another connection."""
        self._heard, self._pinged = now, False
        self._set_deadline()

    def greet(self) -> None:
        """A `hello` came: from now on silence is bounded by `heartbeat_ms`."""
        self.greeted = True
        self._set_deadline()

    def _set_deadline(self) -> None:
        if self.greeted:
            self.deadline = self._heard + self._limits.heartbeat_ms / 1000 * (2 if self._pinged else 1)

    def expire(self) -> TooSilent | None:
        """The deadline has passed. None means that a ping is to be sent."""
        if not self.greeted:
            return TooSilent(
                "hello_timeout", f"No hello came within {self._limits.hello_timeout_ms} ms"
            )  # CON-7
        if self._pinged:
            silence = 2 * self._limits.heartbeat_ms
            return TooSilent("heartbeat_timeout", f"No frame came for {silence} ms")
        self._pinged = True
        self._set_deadline()
        return None  # CON-11
