"""A stall of the whole machine does not count as silence of the other side."""

import asyncio
import time

import pytest
from streamops_conformance.wire.own_time import SLICE, wait_own_time


async def stall(seconds: float, news: asyncio.Event) -> None:
    """Stop this whole process, as a busy machine does; news of that time is read after it."""
    await asyncio.sleep(SLICE / 2)
    time.sleep(seconds)  # noqa: ASYNC251  # reason: the test needs a blocked event loop
    await asyncio.sleep(SLICE / 2)
    news.set()


def test_a_stall_does_not_count_as_silence() -> None:
    async def run() -> None:
        news = asyncio.Event()
        stalled = asyncio.create_task(stall(8 * SLICE, news))
        await wait_own_time(news.wait(), 4 * SLICE)
        await stalled

    asyncio.run(run())


def test_silence_ends_the_wait_and_what_it_waited_for() -> None:
    async def run() -> bool:
        never = asyncio.get_running_loop().create_future()
        with pytest.raises(TimeoutError):
            await wait_own_time(never, 2 * SLICE)
        await asyncio.sleep(0)
        return never.cancelled()

    assert asyncio.run(run())


def test_an_exception_during_the_wait_is_raised() -> None:
    async def refused() -> None:
        raise OSError("refused")

    async def run() -> None:
        await wait_own_time(refused(), 1.0)

    with pytest.raises(OSError, match="refused"):
        asyncio.run(run())


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_result_that_is_ready_needs_no_time(seconds: float) -> None:
    async def run() -> str:
        there = asyncio.get_running_loop().create_future()
        there.set_result("there")
        return await wait_own_time(there, seconds)

    assert asyncio.run(run()) == "there"
