"""Chapters 1, 7 and 13: how a client connects, answers, closes and reconnects."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.v1.client.case import BACK, welcome
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.frames import OPEN, frame, start, text, whole_run
from streamops_conformance.v1.vocabulary import PROTOCOL, SUBPROTOCOL
from streamops_conformance.wire.silent import PATIENCE, Silent

HELLO_TIMEOUT = PROTOCOL.limits.hello_timeout_ms / 1000
WATCH_S = 2.5
"""Seconds for which the suite watches that a client does not reconnect."""
NEVER = [
    code for row in PROTOCOL.close_codes.values() if not row.retryable for code in (row.close, *row.also)
]
RECONNECT = [row.close for row in PROTOCOL.close_codes.values() if row.retryable and row.close != 4429]
CROWD = 10
"""The number of clients whose waits are compared."""
SPREAD_S = 0.2
"""The least difference in seconds between the longest and the shortest wait: random times within one second
are closer together once in 200,000 runs."""
TRANSIENT = [code for code in range(1000, 1016) if PROTOCOL.is_retryable(code) and code not in (1005, 1015)]
"""WebSocket's own codes after which a client reconnects, without those that no close frame may carry."""


@CLIENT.probe("CON-15")
async def the_subprotocol_is_offered(context: ClientProbeContext) -> Outcome:
    async with context.client() as case:
        peer = await case.connection()
        offered = [each.strip() for each in peer.offered.split(",")]
        await peer.next("hello")
        return KEPT if SUBPROTOCOL in offered else Wrong(SUBPROTOCOL, peer.offered or "no subprotocol")


@CLIENT.probe("CON-12")
async def a_ping_is_answered_by_one_pong_with_its_t(context: ClientProbeContext) -> Outcome:
    async with context.client() as case:
        peer = await case.welcomed(())
        pings: list[dict[str, Any]] = [{"t": "a"}, {}, {"t": ""}, {"t": "\u00e9 \U0001f9ea <b>"}]
        for number, members in enumerate(pings, start=1):
            await peer.send({"type": "ping", **members})
            pongs = await _pongs(case, peer, number)
            if len(pongs) != number:
                return Wrong(f"one pong for ping {number}", f"{len(pongs)} pongs for {number} pings")
            if {key: value for key, value in pongs[-1].items() if key == "t"} != members:
                return Wrong(f"a pong with {members or 'no t'}", f"{pongs[-1]}")
        return KEPT


async def _pongs(case: Any, peer: Any, number: int) -> list[dict[str, Any]]:
    """The pongs so far, once there are `number` and the client has had time to send one more."""
    for _ in range(100):
        pongs: list[dict[str, Any]] = [
            entry.frame
            for entry in peer.transcript.entries
            if entry.direction == "recv" and entry.type == "pong"
        ]
        await case.dump()
        if len(pongs) >= number:
            break
        await asyncio.sleep(0.02)
    return pongs


@CLIENT.probe("FRM-8")
async def the_client_sends_pongs(context: ClientProbeContext) -> Outcome:
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.send({"type": "ping", "t": "x"})
        await peer.next("pong")
        return KEPT


@CLIENT.probe("FRM-10")
async def an_event_is_sent_with_its_name_and_params(context: ClientProbeContext) -> Outcome:
    async with context.client() as case:
        peer = await case.welcomed(())
        params = {"text": "<\u00e9>", "nested": {"n": [0, None]}}
        await case.testee.say("event", case.number, event="send_message", params=params)
        sent = await peer.next("event")
        right = sent.get("event") == "send_message" and sent.get("params") == params
        return KEPT if right else Wrong(f"the event send_message with {params}", f"{sent}")


@CLIENT.probe("EVT-9")
async def refs_of_successive_events_increase(context: ClientProbeContext) -> Outcome:
    async with context.client() as case:
        peer = await case.welcomed(())
        for _ in range(3):
            await case.testee.say("event", case.number, event="send_message", params={})
            sent = await peer.next("event", after=_last(peer, "event"))
            await peer.send({"type": "reply", "ref": sent["ref"], "ok": True})
        return KEPT


def _last(peer: Any, kind: str) -> int:
    """The index after the last received frame of that type."""
    entries = peer.transcript.entries
    found = [index for index, entry in enumerate(entries) if entry.direction == "recv" and entry.type == kind]
    return found[-1] + 1 if found else 0


@CLIENT.probe("FRM-11")
async def a_cancel_names_the_open_run(context: ClientProbeContext) -> Outcome:
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.send(OPEN)
        await peer.barrier()
        await case.testee.say("cancel", case.number, stream="a")
        sent = await peer.next("cancel")
        right = (sent.get("stream"), sent.get("run")) == ("a", 1)
        return KEPT if right else Wrong("a cancel of stream a, run 1", f"{sent}")


@CLIENT.probe("FRM-12")
async def the_client_sends_acks(context: ClientProbeContext) -> Outcome:
    async with context.client() as case:
        peer = await case.welcomed(("ack",))
        await peer.send(OPEN)
        await peer.next("ack")
        return KEPT


@CLIENT.probe("CON-17")
async def a_session_without_capabilities_works(context: ClientProbeContext) -> Outcome:
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.send(OPEN)
        await peer.send(frame(3, *(text(f"{k}") for k in range(20))))
        await peer.barrier()
        await asyncio.sleep(0.3)  # an ack would come within 250 ms
        return KEPT


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
            await silent.end(HELLO_TIMEOUT + PATIENCE)
        except Silent:
            return Wrong(f"the client closes {HELLO_TIMEOUT:g} s after its hello", "it continued to wait")
        waited = silent.transcript.entries[-1].ms / 1000
        if waited < HELLO_TIMEOUT - 1:
            return Wrong(
                f"the client waits {HELLO_TIMEOUT:g} s for a welcome", f"it closed after {waited:.1f} s"
            )
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
            await peer.send(fatal)
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
    )
    return next((each for each in found if each is not None), KEPT)


async def _reconnects(
    context: ClientProbeContext, code: int, fatal: str = "rate_limited", **members: Any
) -> Wrong | None:
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.send(OPEN)
        if members:
            await peer.send({"type": "error", "code": fatal, "error": "later", "fatal": True, **members})
        await peer.barrier()
        await peer.close(code, "told" if code != 1006 else "")
        return await _new_session(case, f"close {code}{f' with {members}' if members else ''}")


async def _reconnects_after_a_violation(context: ClientProbeContext) -> Wrong | None:
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.send(frame(7, text("a gap")))
        await peer.end()
        return await _new_session(case, "a gap")


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
    return KEPT if spread >= SPREAD_S else Wrong(f"{CROWD} clients with different waits", f"{times} ms")


async def _wait(context: ClientProbeContext) -> float:
    """Seconds from a lost connection to the next one."""
    async with context.client() as case:
        peer = await case.welcomed(())
        await peer.barrier()
        await peer.close(1006, "")
        lost = time.perf_counter()
        await case.connection(BACK)
        return time.perf_counter() - lost


@CLIENT.probe("CLI-17")
async def a_whole_run_is_checked_after_its_done(context: ClientProbeContext) -> Outcome:
    for written, claimed in (("na\u00efve \U0001f642 text", None), ("tokens", "another text"), ("", None)):
        async with context.client() as case:
            peer = await case.welcomed(())
            for message in whole_run(written, written if claimed is None else claimed):
                await peer.send(message)
            await peer.barrier()
            fired = await _integrity(case)
            names = [each["event"] for each in fired]
            if "stream:integrity" not in names:
                return Wrong("stream:integrity after a done with text_sha256", f"{names}")
            if names.index("stream:integrity") < names.index("stream:done"):
                return Wrong("stream:integrity after stream:done", f"{names}")
            ok = fired[names.index("stream:integrity")].get("ok")
            if ok is not (claimed is None):
                return Wrong(f"ok {claimed is None} for {written!r}", f"ok {ok}")
    return KEPT


async def _integrity(case: Any) -> list[dict[str, Any]]:
    fired: list[dict[str, Any]] = []
    for _ in range(50):
        fired = (await case.dump())["events"]
        if any(each["event"] == "stream:integrity" for each in fired):
            break
        await asyncio.sleep(0.02)
    return fired
