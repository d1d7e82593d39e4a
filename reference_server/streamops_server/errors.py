"""What a program may raise, or sees raised, beside the errors of its own."""

import asyncio

from streamops_server.core.errors import Overflow, ProgramError, Unsupported

__all__ = ["BadParams", "Overflow", "ProgramError", "StreamCancelled", "Unauthorized", "Unsupported"]


class Unauthorized(Exception):
    """To be raised by `authenticate` for a connection that may not begin a session (close 4401)."""


class BadParams(ProgramError):
    """To be raised by a handler or a mount that cannot take its params; the text goes to the client."""

    code = "bad_params"


class StreamCancelled(asyncio.CancelledError):
    """The caller is to stop: its run was superseded, or its session is over.

    A cancellation and no application error, so `except Exception` lets it pass.
    """
