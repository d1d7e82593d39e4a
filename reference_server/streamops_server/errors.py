"""The exceptions that a program may raise for the server, and that the server raises into it."""

import asyncio

from streamops_server.core.errors import Overflow, ProgramError, Unsupported

__all__ = ["BadParams", "Overflow", "ProgramError", "StreamCancelled", "Unauthorized", "Unsupported"]


class Unauthorized(Exception):
    """Raise it in `authenticate` to refuse a connection; the text goes to the client (close 4401)."""


class BadParams(ProgramError):
    """Raise it in a handler or a mount for params that it cannot take; the text goes to the client."""

    code = "bad_params"


class StreamCancelled(asyncio.CancelledError):
    """The caller has to stop: its run was superseded or cancelled, or its session has ended.

    It is a cancellation and not an application error, so `except Exception` does not catch it.
    """
