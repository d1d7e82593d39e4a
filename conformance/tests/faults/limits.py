"""Faults in limits and in security: chapter 14."""

from collections.abc import Callable
from typing import Any

import msgspec
from streamops_server import transport
from streamops_server.core.program import Program
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from .table import FEW, fault, instead

Real = Callable[..., Any]


@fault("LIM-4", examples=FEW)
def there_are_always_more_streams() -> None:
    @instead(Program, "__init__")
    def init(real: Real, self: Program, limits: Any, outbox: object) -> None:
        real(self, msgspec.structs.replace(limits, max_streams=1 << 30), outbox)


def _compressing(**options: bool) -> None:
    @instead(transport, "serve")
    def serve(real: Real, *args: Any, **settings: Any) -> object:
        return real(*args, **settings, extensions=[ServerPerMessageDeflateFactory(**options)])


@fault("LIM-8", examples=FEW)
def a_name_is_trimmed_first() -> None:
    @instead(Program, "_queue")
    def queue(real: Real, self: Program, name: str) -> object:
        return real(self, name.strip())
