"""Runs code of the program and tells how it ended: the one place that catches what it raises.

Rule 1: whatever a program raises, SystemExit included, ends its own work and never the process.
Rule 2: the text of an exception goes to the log and never to the client (ERR-4).
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


class ProgramCode:
    """A context manager around code of the program; afterwards `outcome` and `error` say how it ended.

    `what` names the code in the log. An exception is logged and does not leave the block; a
    cancellation is not logged.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.outcome: Outcome = "owner_returns"
        self.error: BaseException | None = None

    def __enter__(self) -> ProgramCode:
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
            logger.error("%s raised", self._what, exc_info=error)
        return True


def explain(error: BaseException) -> tuple[str, str]:
    """Code and text for the client: the error's own words only if it was made for the client (ERR-4)."""
    if isinstance(error, ProgramError):
        return error.code, str(error)
    return ProgramError.code, APP_ERROR_TEXT
