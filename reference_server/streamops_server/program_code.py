"""Runs code of the program and tells how it ended: the one place that catches what it raises.

Rule 1: whatever a program raises, SystemExit included, ends its own work and never the process.
Rule 2: the text of an exception goes to the log and never to the client (ERR-4).
Rule 3: each exception is logged once, with the view and the session.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType

from streamops_server.core.errors import ProgramError
from streamops_server.core.lifecycle_ops import APP_ERROR_TEXT
from streamops_server.core.program import Outcome

logger = logging.getLogger("streamops_server")

_NEVER_CAUGHT = (KeyboardInterrupt, GeneratorExit)
"""Raised by the operator or the event loop, not by the program."""


_SHOWN = 8
"""Characters of a session's id in the log: enough to tell sessions apart, too few to take one over."""
_LOGGED = "__streamops_logged__"
"""The mark of an exception that was logged and is raised once more, into the code that waits for it."""


def short(session: str) -> str:
    """The id of a session as the log shows it."""
    return f"{session[:_SHOWN]}…"


class ProgramCode:
    """A context manager around code of the program; afterwards `outcome` and `error` say how it ended.

    `what` names the code in the log, and `session` is the id of its session. An exception is logged
    and does not leave the block; a cancellation is not logged. It may be used again once it was left.
    """

    def __init__(self, what: str, session: str) -> None:
        self._what = what
        self._session = session
        self.outcome: Outcome = "owner_returns"
        self.error: BaseException | None = None

    def __enter__(self) -> ProgramCode:
        self.outcome, self.error = "owner_returns", None
        return self

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if error is None or isinstance(error, _NEVER_CAUGHT):
            return False
        self.error = error
        if isinstance(error, asyncio.CancelledError):
            self.outcome = "owner_cancelled"
        else:
            self.outcome = "owner_raises"
            if not vars(error).pop(_LOGGED, False):
                logger.error("%s raised, in session %s", self._what, short(self._session), exc_info=error)
        return True


class _Catching(ProgramCode):
    """Does not log: the error is raised again where somebody waits for it."""

    def __init__(self) -> None:
        super().__init__("", "")

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        self.error = error
        if isinstance(error, asyncio.CancelledError):
            self.outcome = "owner_cancelled"
        return True


def catching() -> ProgramCode:
    """A block whose exception is not logged but kept in `error`, whatever it is."""
    return _Catching()


def was_logged(error: BaseException) -> BaseException:
    """The error, marked: it is raised once more into the code that waits for it, and is in the log."""
    vars(error)[_LOGGED] = True
    return error


def for_a_future(error: BaseException) -> BaseException:
    """The error as a future can raise it: a StopIteration would end the generator that waits."""
    if isinstance(error, StopIteration):
        made = RuntimeError(f"The function raised {error!r}")
        made.__cause__ = error
        return made
    return error


def explain(error: BaseException) -> tuple[str, str]:
    """Code and text for the client: the error's own words only if it was made for the client (ERR-4)."""
    if isinstance(error, ProgramError):
        return error.code, str(error)
    return ProgramError.code, APP_ERROR_TEXT
