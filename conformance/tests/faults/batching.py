"""Faults in batching and coalescing: chapter 6.

Patches, because these are not on the wire: merges that the wire does not show, and what the clock sends.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from streamops_server.core import framing
from streamops_server.core.outbox import Outbox
from streamops_server.core.stream import Stream
from streamops_server.pump import Pump

from .order import no_early_merge
from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("BAT-7", warns=("BAT-10",))
def every_op_gets_a_frame() -> None:
    no_early_merge()

    @instead(Outbox, "_stream_frame")
    def frame(real: Real, self: Outbox, of: Stream, taken: list[framing.Entry]) -> bytes:
        if self.window is None:  # What a window makes of that is the matter of FLW-2.
            of._put_back(taken[1:])
            taken = taken[:1]
        data: bytes = real(self, of, taken)
        return data


QUIET = 0.25
"""Seconds: longer than ten intervals of sixty frames a second."""


@fault("BAT-9", examples=FEW)
def what_waits_goes_with_the_next_call() -> None:
    """A throttle that forgot its last call: nothing goes on the clock alone."""
    called: list[Outbox] = []

    @instead(Pump, "touch")
    def touch(real: Real, self: Pump) -> None:
        if self._outbox.next_tick <= asyncio.get_running_loop().time():
            called.append(self._outbox)
            self.flush()
            called.clear()

    @instead(Outbox, "flush")
    def flush(real: Real, self: Outbox, now: float) -> object:
        if self._streams and not (self._replies or self._views or self in called):
            control, self._control = self._control, []
            return control
        return real(self, now)

    @instead(Outbox, "deadline")
    def deadline(real: Real, self: Outbox) -> object:
        return real(self) if self._control or self._replies or self._views else None


@fault("BAT-10", examples=FEW)
def texts_are_not_merged() -> None:
    no_early_merge()
    framing.coalesce = lambda ops, limit: ops


@fault("BAT-8", examples=FEW)
def the_first_operation_waits_for_company() -> None:
    @instead(Pump, "touch")
    def touch(real: Real, self: Pump) -> None:
        now = asyncio.get_running_loop().time()
        if self._soon is None and self._timer_at > self._outbox.next_tick <= now:
            self._outbox.next_tick = now + QUIET
        real(self)
