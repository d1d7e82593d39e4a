"""Whether the server refuses: a fatal error, then the close that belongs to it."""

from typing import Any

from streamops_spec import load_protocol

from streamops_conformance.model.outcome import Wrong
from streamops_conformance.v1.server.session import Session
from streamops_conformance.wire.silent import Silent


async def refused(
    session: Session, code: str, stimulus: str, *, close: str = "", retryable: bool | None = None
) -> Wrong | None:
    """None if the server sends a fatal `error` with that code and closes; what was wrong otherwise.

    `close` names the code in the table of close codes, if not `code`. The caller must have seen the control,
    the correct form of the stimulus, accepted.
    """
    row = load_protocol().close_codes[close or code]
    verdict = "" if retryable is None else f" with retryable {str(retryable).lower()}"
    expected = f"after {stimulus}: a fatal error {code}{verdict} and close {row.close}"
    try:
        closed = await session.end()
    except Silent as silent:
        return Wrong(expected, str(silent))
    fatal: list[dict[str, Any]] = [each for each in session.transcript.frames("error") if each.get("fatal")]
    if not fatal or fatal[-1].get("code") != code:
        seen = fatal[-1].get("code") if fatal else "none"
        return Wrong(expected, f"fatal error: {seen}; close {closed.code} {closed.reason!r}")
    if retryable is not None and fatal[-1].get("retryable") is not retryable:
        return Wrong(expected, f"retryable {fatal[-1].get('retryable')!r}")
    if closed.code != row.close:
        return Wrong(expected, f"close {closed.code} {closed.reason!r}")
    return None
