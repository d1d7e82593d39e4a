"""Whether to come back after a lost connection (chapter 7): one table, looked up in one place."""

import re

from msgspec import UNSET

from streamops_conformance.tail.effects import Stop
from streamops_conformance.tail.frames import PROTOCOL, Error


def stop(fatal: Error | None, close: int) -> Stop | None:
    """Why not to come back; None to do so. What the frame says counts more than the close code."""
    name, retryable = PROTOCOL.error_code(close) or f"close {close}", PROTOCOL.is_retryable(close)
    message = f"the server closed the connection with {close}"
    if fatal is not None:
        name, message = fatal.code, fatal.error
        if fatal.retryable is not UNSET:
            retryable = bool(fatal.retryable)
        elif fatal.code in PROTOCOL.close_codes:
            retryable = PROTOCOL.close_codes[fatal.code].retryable
    return None if retryable else Stop(name, message)


def is_code(code: str) -> bool:
    """Whether it is of the core set or an application's."""
    return code in PROTOCOL.codes or re.fullmatch(PROTOCOL.patterns.application_code, code) is not None
