"""Waits that count only the time in which this side was running."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")
SLICE = 0.1
"""Seconds of a wait that are counted in one step."""


async def wait_own_time(waiting: Awaitable[T], seconds: float) -> T:
    """The result of `waiting`, if it comes within that many seconds of this side's own time.

    Raises TimeoutError otherwise, and cancels `waiting`. A busy machine takes time from both sides, and
    then the other side is not silent. So a slice counts as one slice, however long it really took.
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
