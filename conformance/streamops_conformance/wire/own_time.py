"""Waiting for what the other side may take a while to say."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")
SLICE = 0.1
"""Seconds of waiting that are counted at once."""


async def wait_own_time(waiting: Awaitable[T], seconds: float) -> T:
    """What comes within so many seconds of this side's own time. Raises TimeoutError, and cancels it then.

    A machine that stands still, or gives its time to others, takes it from both sides: nobody was silent
    then. So a slice that this side slept over counts as one, however long it was.
    """
    task = asyncio.ensure_future(waiting)
    left = seconds
    try:
        while not task.done():
            if left <= 0:
                raise TimeoutError
            await asyncio.wait({task}, timeout=min(SLICE, left))
            left -= SLICE
        return task.result()
    finally:
        task.cancel()
