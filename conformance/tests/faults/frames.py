"""Faults in the shape of messages and in what is refused of them: chapter 2."""

import json
from collections.abc import Callable
from typing import Any

from streamops_server.core import session
from streamops_server.core.errors import PeerViolation

from .table import instead

Real = Callable[..., Any]


def _encoded(module: Any, change: Callable[[bytes], bytes]) -> None:
    """Change what that module encodes."""

    @instead(module, "encode")
    def encode(real: Real, frame: object) -> bytes:
        return change(real(frame))


def _refused_otherwise(malformed: Callable[[Any], bool]) -> None:
    """What is malformed so ends the session as the server's own failure."""

    @instead(session.frames, "decode")
    def decode(real: Real, data: str) -> Any:
        try:
            return real(data)
        except PeerViolation:
            try:
                value = json.loads(data)
            except (ValueError, RecursionError):
                value = None
            if malformed(value):
                raise PeerViolation("internal", "The server failed") from None
            raise
