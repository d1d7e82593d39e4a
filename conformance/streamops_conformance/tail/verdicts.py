"""Whether to reconnect after a lost connection: a look-up in the tables of chapter 7."""

import re

from msgspec import UNSET

from streamops_conformance.tail.effects import Stop
from streamops_conformance.tail.frames import PROTOCOL, Error


def stop(fatal: Error | None, close: int) -> Stop | None:
    """Why not to reconnect; None to reconnect. The error frame counts more than the close code."""
    name, retryable = PROTOCOL.error_code(close) or f"close {close}", PROTOCOL.is_retryable(close)
    message = f"the server closed the connection with {close}"
    if fatal is not None:
        name, message = fatal.code, fatal.error
        if fatal.retryable is not UNSET:
            retryable = bool(fatal.retryable)
    return None if retryable else Stop(name, message)


def is_code(code: str) -> bool:
    """Whether it is a code of the core set or of an application."""
    return code in PROTOCOL.codes or re.fullmatch(PROTOCOL.patterns.application_code, code) is not None
