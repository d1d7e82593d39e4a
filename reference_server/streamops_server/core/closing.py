"""The end of a session: a fatal error, then a close (ERR-8)."""

from typing import TypedDict, Unpack

import msgspec
from msgspec import UNSET
from streamops_spec import load_protocol

from streamops_server.core.frames import SessionError
from streamops_server.core.text import message

_CLOSE_CODES = load_protocol().close_codes


class Close(msgspec.Struct, frozen=True):
    """The close to perform after the fatal error is sent. The reason is the code string."""

    code: int
    reason: str


class Verdict(TypedDict, total=False):
    """Options of a fatal error."""

    close: str
    """The error code whose close code to use, if the error's own has none."""
    retryable: bool
    """Overrides the verdict of the close code."""
    retry_after_ms: int
    """When the client may come back, in milliseconds."""


def fatal_error(code: str, text: str, **options: Unpack[Verdict]) -> tuple[SessionError, Close]:
    """The last frame of a session, and its close. Raises KeyError for a code without a close code."""
    row = _CLOSE_CODES[options.get("close", code)]
    retryable = options.get("retryable", row.retryable)
    error = SessionError(code, message(text), True, retryable, options.get("retry_after_ms", UNSET))
    return error, Close(row.close, code)
