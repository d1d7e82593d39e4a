"""Chapter 1: connection and session."""

import asyncio
import time
from typing import Any

from streamops_spec import load_protocol

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.refusal import refused
from streamops_conformance.v1.server.session import Session
from streamops_conformance.v1.server.transcript_state import TranscriptState
from streamops_conformance.v1.vocabulary import SUBPROTOCOL
from streamops_conformance.wire.silent import Silent
from streamops_conformance.wire.upgrade import upgrade

HELLO_TIMEOUT = load_protocol().limits.hello_timeout_ms / 1000


@SERVER.probe("CON-1")
async def the_subprotocol_is_selected_among_others(context: ProbeContext) -> Outcome:
    answer = await upgrade(
        context.url, subprotocols=["streamops.v0.none", SUBPROTOCOL], headers=context.headers
    )
    if answer.status != 101:
        return Wrong("status 101", f"status {answer.status}: {answer.body[:200]!r}")
    selected = answer.headers.get("sec-websocket-protocol", "")
    return (
        KEPT if selected == SUBPROTOCOL else Wrong(f"Sec-WebSocket-Protocol: {SUBPROTOCOL}", repr(selected))
    )


@SERVER.probe("CON-2")
async def an_upgrade_without_a_known_subprotocol_gets_400(context: ProbeContext) -> Outcome:
    control = await upgrade(context.url, subprotocols=[SUBPROTOCOL], headers=context.headers)
    if control.status != 101:
        return Wrong("the control, an upgrade with the subprotocol, is accepted", f"status {control.status}")
    for offered in ([], ["streamops.v999"], ["chat", "soap"]):
        answer = await upgrade(context.url, subprotocols=offered, headers=context.headers)
        if answer.status != 400:
            return Wrong(f"status 400 to an upgrade that offers {offered}", f"status {answer.status}")
        body = answer.json()
        supported = body.get("supported") if isinstance(body, dict) else None
        if not isinstance(supported, list) or SUBPROTOCOL not in supported:
            return Wrong(f"a JSON body whose supported lists {SUBPROTOCOL}", repr(answer.body[:200]))
    return KEPT


@SERVER.rule("CON-3", "*")
def one_welcome_comes_first(state: TranscriptState) -> Outcome:
    kind = state.entry.type
    if kind == "welcome":
        if state.welcomes:
            return Wrong("exactly one welcome", "a second welcome")
        return KEPT if state.hello else Wrong("nothing but a fatal error before hello", "a welcome")
    if not state.hello and kind == "ping":
        return Wrong("nothing but a fatal error before hello", "a ping")
    if (
        not state.welcomes
        and kind in load_protocol().frames
        and kind not in ("ping", "pong", "error", "stream", "view")
    ):
        return Wrong("welcome first", f"a {kind} frame before welcome")
    return NOT_SEEN


@SERVER.rule("CON-4", "welcome")
def only_offered_capabilities_are_agreed(state: TranscriptState) -> Outcome:
    surplus = set(state.frame["caps"]) - set(state.hello.get("caps", []))
    return Wrong(f"caps out of {state.hello.get('caps')}", f"caps {state.frame['caps']}") if surplus else KEPT


@SERVER.rule("CON-3", "end", needs_program=True)
def a_hello_is_answered_by_a_welcome(state: TranscriptState) -> Outcome:
    assert state.case is not None
    if state.welcomes:
        return NOT_SEEN
    return Wrong("a welcome", state.case.silent or "the session ended without one")


@SERVER.probe("CON-4")
async def capabilities_are_the_intersection(context: ProbeContext) -> Outcome:
    names = [name for name in load_protocol().capabilities if name != "x-conformance"]
    async with context.session() as session:
        everything = set((await session.hello([*names, "x-conformance"], view=context.view()))["caps"])
    async with context.session() as session:
        if (await session.hello([]))["caps"]:
            return Wrong("caps [] for a hello that offers none", "capabilities that were not offered")
    async with context.session() as session:
        invented = (await session.hello(["x-nobody-has-this", *context.caps()], view=context.view()))["caps"]
        if "x-nobody-has-this" in invented:
            return Wrong("no unknown capability in caps", f"caps {invented}")
    for name in names:
        async with context.session() as session:
            # Always offer the driver: a server may mount its view only for clients with it.
            offered = [name, "x-conformance"]
            alone = set((await session.hello(offered, view=context.view()))["caps"])
        if alone != everything & set(offered):
            return Wrong(
                f"caps {sorted(everything & set(offered))} for a hello that offers {offered},"
                f" because a hello with all of them got {sorted(everything)}",
                f"caps {sorted(alone)}",
            )
    return KEPT


@SERVER.probe("CON-5")
async def any_frame_before_hello_is_refused(context: ProbeContext) -> Outcome:
    event: dict[str, Any] = {"type": "event", "ref": 1, "event": "conformance.run", "params": {"script": []}}
    async with context.session() as session:
        await session.hello(context.caps())
        await session.send(event)
        await session.reply(1)
    for frame in (event, {"type": "ping"}, {"type": "pong"}):
        async with context.session() as session:
            await session.send(frame)
            wrong = await refused(session, "bad_frame", f"{frame['type']} before hello")
            if wrong is not None:
                return wrong
    return KEPT


@SERVER.probe("CON-6")
async def a_second_hello_is_refused(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        await session.send({"type": "hello", "caps": context.caps(), "limits": {}})
        return await refused(session, "bad_frame", "a second hello") or KEPT


@SERVER.probe("CON-7")
async def a_silent_connection_is_closed_after_ten_seconds(context: ProbeContext) -> Outcome:
    began = (
        time.perf_counter()
    )  # Taken before the server starts its clock, so that the wait is not understated.
    async with context.session() as quiet, context.session() as control:
        await control.hello(context.caps())
        await asyncio.sleep(HELLO_TIMEOUT - 1)
        wrong = await refused(quiet, "hello_timeout", "10 s without hello")
        if wrong is not None:
            return wrong
        transcript = quiet.transcript  # It has the time of the close, however busy this side is.
        waited = transcript.began + transcript.entries[-1].ms / 1000 - began
        if waited < HELLO_TIMEOUT:
            return Wrong("a wait of 10 s for hello", f"closed after {waited:.1f} s")
        await control.send({"type": "ping", "t": "control"})
        try:
            await control.next("pong")
        except Silent as silent:
            return Wrong("the session whose hello came in time stays open", str(silent))
    return KEPT


@SERVER.rule("CON-8", "stream")
def no_stream_frame_comes_before_the_welcome_or_the_first_view(state: TranscriptState) -> Outcome:
    if not state.welcomes:
        return Wrong("welcome before any stream frame", "a stream frame before it")
    if "view" in state.agreed and state.version is None:
        return Wrong("the first view before any stream frame", "a stream frame before it")
    return KEPT


@SERVER.probe("CON-9")
async def a_mount_that_raises_ends_the_session(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps(), view=context.view())
    async with context.session() as session:
        await session.send(
            context.hello(view={"name": "conformance", "params": {"vars": {}, "mount_raises": True}})
        )
        return (
            await refused(session, "app_error", "a mount that raises", close="internal", retryable=False)
            or KEPT
        )


@SERVER.probe("CON-10")
async def an_unknown_program_ends_the_session(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps(), view=context.view())
    async with context.session() as session:
        await session.send(context.hello(view={"name": "no.such.program", "params": {}}))
        return (
            await refused(session, "bad_params", "an unknown program", close="internal", retryable=False)
            or KEPT
        )


@SERVER.probe("CON-11")
async def a_silent_client_is_pinged(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        welcome = await session.hello(context.caps())
        heartbeat = welcome["heartbeat_ms"] / 1000
        if heartbeat > context.longest_wait:
            context.inconclusive(
                f"heartbeat_ms is {heartbeat * 1000:.0f}, a probe waits at most {context.longest_wait:g} s:"
                " use a smaller value in test mode"
            )
            return NOT_SEEN
        try:
            await session.next("ping", patience=heartbeat * 2 + 3)
        except Silent as silent:
            return Wrong(f"a ping after {heartbeat:g} s without a frame", str(silent))
    return KEPT


@SERVER.probe("CON-12")
async def pings_are_answered_with_their_t(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        for t in ("a", "", "\U0001f9ea" * 16, "x" * 64):
            before = len(session.transcript.frames("pong"))
            await session.send({"type": "ping", "t": t})
            try:
                pong = await _pong(session, before)
            except Silent as silent:
                return Wrong(f"a pong with t {t!r}", str(silent))
            entries = session.transcript.entries
            context.measure("ping to pong", entries[-1].ms - entries[-2].ms, "ms", bound=100)
            if pong.get("t") != t:
                return Wrong(f"a pong with t {t!r}", str(pong))
        before = len(session.transcript.frames("pong"))
        await session.send({"type": "ping"})
        try:
            pong = await _pong(session, before)
        except Silent as silent:
            return Wrong("a pong to a ping without t", str(silent))
        if "t" in pong:
            return Wrong("a pong without t to a ping without t", str(pong))
        await session.run([])
        pongs = len(session.transcript.frames("pong"))
        return KEPT if pongs == before + 1 else Wrong(f"{before + 1} pongs", f"{pongs} pongs")


async def _pong(session: Session, before: int) -> dict[str, object]:
    await session.until(lambda _: len(session.transcript.frames("pong")) > before, "a pong")
    return session.transcript.frames("pong")[before]


@SERVER.probe("CON-13")
async def a_pong_does_not_wait_for_a_handler(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        ref = await session.event("conformance.run", {"script": [steps.pause(1500)]})
        await session.send({"type": "ping", "t": "meanwhile"})
        await session.reply(ref)
        kinds = [frame["type"] for frame in session.transcript.frames() if frame["type"] in ("pong", "reply")]
        return KEPT if kinds == ["pong", "reply"] else Wrong("pong, then reply", ", ".join(kinds))


@SERVER.probe("CON-14")
async def a_server_that_shuts_down_sends_shutting_down(context: ProbeContext) -> Outcome:
    if not context.can_start:
        context.not_applicable("the suite did not start this server, so it cannot end it")
        return NOT_SEEN
    async with context.second_target() as other, other.session() as session:
        await session.hello(other.caps())
        await session.run([])
        other.terminate()
        return await refused(session, "shutting_down", "SIGTERM", retryable=True) or KEPT
