"""Chapters 1, 7 and 13: when a client closes, when it comes back, and what it says then."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.client.case import BACK, welcome
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.frames import OPEN, frame, start, text
from streamops_conformance.v1.vocabulary import PROTOCOL
from streamops_conformance.wire.silent import PATIENCE, Silent

HELLO_TIMEOUT = PROTOCOL.limits.hello_timeout_ms / 1000
WATCH_S = 2.5
"""Seconds for which the suite watches that a client does not reconnect."""
NEVER = [
    code for row in PROTOCOL.close_codes.values() if not row.retryable for code in (row.close, *row.also)
] + [1000, 1002, 1008, 3000, 4402]
"""Close codes after which a client stays away: those of the table, and some of each range."""
RECONNECT = [row.close for row in PROTOCOL.close_codes.values() if row.retryable and row.close != 4429]
TIMEOUT = PROTOCOL.close_codes["heartbeat_timeout"].close
CROWD = 10
"""The number of clients whose waits are compared."""
LOSERS = 8
SECOND_S = 1.1
"""A first bound of one second, and what a busy machine adds. All of eight random times within four seconds
are below it once in 30,000 runs."""
SPREAD_S = 0.2
"""The least difference in seconds between the longest and the shortest wait: random times within one second
are closer together once in 200,000 runs."""
TRANSIENT = [code for code in range(1000, 1016) if PROTOCOL.is_retryable(code) and code not in (1005, 1015)]
"""WebSocket's own codes after which a client reconnects, without those that no close frame may carry."""


@CLIENT.probe("CLI-15")
async def without_a_welcome_the_client_closes_and_reconnects(context: ClientProbeContext) -> Outcome:
    async with AsyncExitStack() as stack:
        case = await stack.enter_async_context(context.client())
        silent = await case.connection()
        await silent.next("hello")
        control = None
        if context.at_once > 1:
            control = await (await stack.enter_async_context(context.client())).welcomed(())
        try:
            closed = await silent.end(HELLO_TIMEOUT + PATIENCE)
        except Silent:
            return Wrong(f"the client closes {HELLO_TIMEOUT:g} s after its hello", "it continued to wait")
        waited = silent.transcript.entries[-1].ms / 1000
        if waited < HELLO_TIMEOUT - 1:
            return Wrong(
                f"the client waits {HELLO_TIMEOUT:g} s for a welcome", f"it closed after {waited:.1f} s"
            )
        if closed.code != TIMEOUT:
            return Wrong(f"close {TIMEOUT} without a welcome", f"close {closed.code} {closed.reason}")
        if control is not None and control.transcript.closed is not None:
            return Wrong("a client that got a welcome stays connected", "it closed too")
        try:
            await (await case.connection(BACK)).next("hello", patience=BACK)
        except Silent:
            return Wrong("a new connection", f"none in {BACK:g} s")
        return KEPT


@CLIENT.probe("CLI-16")
async def a_client_that_must_not_reconnect_stays_away(context: ClientProbeContext) -> Outcome:
    fatal_errors = [{"code": "app_error", "retryable": False, "close": 4500}]
    fatal_errors += [{"code": "x_closed", "retryable": False, "close": 1011}]
    found = await asyncio.gather(
        *(_stays_away(context, code) for code in NEVER),
        *(_stays_away(context, 0, each) for each in fatal_errors),
    )
    return next((each for each in found if each is not None), KEPT)


async def _stays_away(
    context: ClientProbeContext, code: int, fatal_error: dict[str, Any] | None = None
) -> Wrong | None:
    async with context.client() as case:
        peer = await case.welcomed(())
        stimulus = f"close {code}"
        if fatal_error is not None:
            code = fatal_error["close"]
            stimulus = f"a fatal error {fatal_error['code']} with retryable false"
            fatal = {
                "type": "error",
                "code": fatal_error["code"],
                "error": "no",
                "fatal": True,
                "retryable": False,
            }
            await peer.barrier()
            await peer.send(fatal)  # the last frame before the close (ERR-8)
        else:
            await peer.barrier()
        await peer.close(code, "told")
        try:
            await case.connection(WATCH_S)
        except Silent:
            return None
        return Wrong(f"no connection after {stimulus}", "the client reconnected")


@CLIENT.probe("CLI-25")
async def a_client_reconnects_with_a_hello(context: ClientProbeContext) -> Outcome:
    found = await asyncio.gather(
        *(_reconnects(context, code) for code in (*RECONNECT, *TRANSIENT)),
        _reconnects(context, 4429, retry_after_ms=300),
        _reconnects(context, 4400, fatal="bad_frame", retryable=True),
        _reconnects_after_a_violation(context),
        _reconnects_after_refusals(context),
    )
    return next((each for each in found if each is not None), KEPT)


async def _reconnects(
    context: ClientProbeContext, code: int, fatal: str = "rate_limited", **members: Any
) -> Wrong | None:
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.send(OPEN)
        await peer.barrier()
        if members:
            await peer.send({"type": "error", "code": fatal, "error": "later", "fatal": True, **members})
        await peer.close(code, "told" if code != 1006 else "")
        return await _new_session(case, f"close {code}{f' with {members}' if members else ''}")


async def _reconnects_after_a_violation(context: ClientProbeContext) -> Wrong | None:
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.send(frame(7, text("a gap")))
        await peer.end()
        return await _new_session(case, "a gap")


async def _reconnects_after_refusals(context: ClientProbeContext) -> Wrong | None:
    """A connection that cannot be made is tried again."""
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.barrier()
        case.refuse(2)
        await peer.close(1006, "")
        return await _new_session(case, "two connections that were refused with HTTP 503")


async def _new_session(case: Any, after: str) -> Wrong | None:
    try:
        peer, hello = await case.again()
    except Silent as silent:
        return Wrong(f"a new connection with its hello after {after}", str(silent))
    if "resume" in hello:
        return Wrong("a hello for a new session, because resume was not agreed", f"{hello}")
    await peer.send(welcome(case.number, len(case.peers), ()))
    await peer.send(frame(1, start(1), text("AGAIN")))
    await peer.barrier()
    shown = str((await case.dump()).get(case.testee.ready["shows"]))
    return None if "AGAIN" in shown else Wrong(f"the content of the new session after {after}", shown[:300])


@CLIENT.probe("CLI-26")
async def reconnects_wait_a_random_time(context: ClientProbeContext) -> Outcome:
    # One after the other: at the same time, a busy machine makes the waits differ.
    waits = [await _wait(context) for _ in range(CROWD)]
    spread = max(waits) - min(waits)
    times = ", ".join(f"{each * 1000:.0f}" for each in sorted(waits))
    if spread < SPREAD_S:
        return Wrong(f"{CROWD} clients with different waits", f"{times} ms")
    return await _bounds_double(context)


async def _bounds_double(context: ClientProbeContext) -> Outcome:
    """The third wait in a row is up to four seconds. A client that does not double its bound waits one."""
    thirds = await asyncio.gather(*(_third_wait(context) for _ in range(LOSERS)))
    times = ", ".join(f"{each * 1000:.0f}" for each in sorted(thirds))
    expected = f"{LOSERS} clients that lose three connections in a row: a third wait above {SECOND_S:g} s"
    return KEPT if max(thirds) > SECOND_S else Wrong(expected, f"third waits of {times} ms")


async def _third_wait(context: ClientProbeContext) -> float:
    """Seconds from the third loss in a row to the next connection. Each connection gets its welcome."""
    async with context.client() as case:
        peer, waited = await case.welcomed(()), 0.0
        for _ in range(3):
            await peer.barrier()
            await peer.close(1006, "")
            lost = time.perf_counter()
            peer = await case.connection(BACK)
            waited = time.perf_counter() - lost
            await case.welcome(peer, await peer.next("hello"), ())
        return waited


async def _wait(context: ClientProbeContext) -> float:
    """Seconds from a lost connection to the next one."""
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.barrier()
        await peer.close(1006, "")
        lost = time.perf_counter()
        await case.connection(BACK)
        return time.perf_counter() - lost


@CLIENT.probe("CLI-27")
async def a_client_waits_as_long_as_it_is_told(context: ClientProbeContext) -> Outcome:
    told = 1500
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.barrier()
        limited = {"type": "error", "code": "rate_limited", "error": "later", "fatal": True}
        await peer.send(limited | {"retryable": True, "retry_after_ms": told})
        closed = time.perf_counter()
        await peer.close(4429, "rate_limited")
        await case.connection(BACK)
        waited = (time.perf_counter() - closed) * 1000
        # Timers of browsers may fire a millisecond early.
        return (
            KEPT if waited > told - 5 else Wrong(f"no connection for {told} ms", f"one after {waited:.0f} ms")
        )


@CLIENT.probe("CON-18")
async def every_hello_names_the_same_view(context: ClientProbeContext) -> Outcome:
    wanted = {"name": "Chat", "params": {"room": "lobby"}}
    async with context.client(view=wanted) as case:
        peer, hello = await case.greeted()
        if hello.get("view") != wanted:
            context.inconclusive(f"the testee gave its client another view: {hello.get('view')}")
            return NOT_SEEN
        await case.welcome(peer, hello, ())
        for loss in ("a lost connection", "a second one"):
            await peer.barrier()
            await peer.close(1006, "")
            peer, hello = await case.again()
            if hello.get("view") != wanted:
                return Wrong(f"view {wanted} in the hello after {loss}", f"{hello.get('view')}")
            await case.welcome(peer, hello, ())
        return KEPT
