"""Faults in what is ignored: chapter 15."""

import json
from collections.abc import Callable
from typing import Any

from streamops_server.core import session
from streamops_server.core.errors import PeerViolation

from .table import instead

Real = Callable[..., Any]


def _refuse(unwelcome: Callable[[dict[str, Any]], bool]) -> None:
    """Well-formed frames like that are malformed all the same."""

    @instead(session.frames, "decode")
    def decode(real: Real, data: str) -> object:
        frame = real(data)
        if unwelcome(json.loads(data)):
            raise PeerViolation("bad_frame", "Unknown members")
        return frame
