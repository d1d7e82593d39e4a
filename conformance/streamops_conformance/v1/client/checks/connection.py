"""Chapters 1, 7 and 13: how a client connects, answers, closes and reconnects."""

import asyncio
from typing import Any

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.v1.client.case import LIMITS
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.frames import OPEN, frame, text, whole_run
from streamops_conformance.v1.vocabulary import SUBPROTOCOL


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


@CLIENT.probe("EVT-10")
async def no_more_events_are_unanswered_than_the_welcome_allows(context: ClientProbeContext) -> Outcome:
    most, asked = 2, 5
    async with context.client() as case:
        peer, hello = await case.greeted()
        await case.welcome(peer, hello, (), limits=LIMITS | {"max_events": most})
        for _ in range(asked):
            await case.testee.say("event", case.number, event="send_message", params={})
        for answered in range(asked):
            await peer.next("event", after=_nth(peer, answered))
            await case.dump()  # everything that the testee was asked for has happened
            await peer.barrier()
            sent = [entry.frame for entry in peer.transcript.entries if entry.type == "event" and entry.frame]
            if len(sent) - answered > most:
                return Wrong(f"at most {most} unanswered events", f"{len(sent) - answered}")
            await peer.send({"type": "reply", "ref": sent[answered]["ref"], "ok": True})
        return KEPT


def _nth(peer: Any, number: int) -> int:
    """The index in the transcript of the event with that number, from 0; the end without one."""
    found = [index for index, entry in enumerate(peer.transcript.entries) if entry.type == "event"]
    return found[number] if number < len(found) else len(peer.transcript.entries)


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
