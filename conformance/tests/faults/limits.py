"""Faults in limits and in security: chapter 14.

Patches, because these are not on the wire: names and their number.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from streamops_server.core.program import Program

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("LIM-4", examples=FEW)
def there_are_always_more_streams() -> None:
    @instead(Program, "__init__")
    def init(real: Real, self: Program, limits: Any, outbox: object) -> None:
        real(self, msgspec.structs.replace(limits, max_streams=1 << 30), outbox)


@fault("LIM-8", examples=FEW)
def a_name_is_trimmed_first() -> None:
    @instead(Program, "_stream")
    def queue(real: Real, self: Program, name: str) -> object:
        return real(self, name.strip())


@fault("VIEW-3")
def a_call_that_is_refused_uses_no_name() -> None:
    @instead(Program, "open_to")
    def open_to(real: Real, self: Program, caller: object, name: str, needs: str = "") -> object:
        self._need(needs)
        return real(self, caller, name, needs)
