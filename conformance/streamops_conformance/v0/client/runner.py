"""Runs sequences of v0, each with its own client; the suite is the server."""

import asyncio
import time
import uuid
from collections.abc import Sequence

from streamops_conformance.model.messages import Dump
from streamops_conformance.testee.case import ClientCase
from streamops_conformance.testee.host import ClientHost
from streamops_conformance.testee.peer import Peer
from streamops_conformance.v0.client.sequence import FrameSequence, PlayedSequence
from streamops_conformance.wire.silent import PATIENCE, Silent


async def mounted(case: ClientCase, html: str) -> Peer:
    """The connection of a client that has mounted a page with that fragment. Raises Silent."""
    peer = await case.connection()
    session = str(uuid.uuid5(uuid.NAMESPACE_URL, case.url))
    await peer.send({"type": "connect", "session_id": session})
    asked = await peer.next("mount")
    view = asked.get("view", "conformance")
    await peer.send({"type": "mount", "session_id": session, "view": view, "version": 1, "html": html})
    return peer


async def applied(peer: Peer) -> None:
    """Wait until the client has applied all that was sent so far. Raises Silent."""
    sent = len(peer.transcript.entries)
    await peer.send({"type": "ping", "t": str(sent)})
    deadline = time.perf_counter() + PATIENCE
    while (await peer.next("pong", after=sent, patience=deadline - time.perf_counter())).get("t") != str(
        sent
    ):
        sent = len(peer.transcript.entries)


async def run_sequence(host: ClientHost, spec: FrameSequence) -> PlayedSequence:
    """Run one sequence to its end."""
    played = PlayedSequence(spec)
    async with ClientCase.on_a_free_testee(host) as case:
        began = time.perf_counter()
        try:
            await _perform(case, played)
        except Silent as silent:
            played.silent = str(silent)
        played.duration = time.perf_counter() - began
    return played


async def run_sequences(host: ClientHost, specs: Sequence[FrameSequence]) -> list[PlayedSequence]:
    """Run them all on the available testees; the results are in the order of the specs."""
    return list(await asyncio.gather(*(run_sequence(host, spec) for spec in specs)))


async def _perform(case: ClientCase, played: PlayedSequence) -> None:
    spec = played.spec
    await case.mount(spec.html)
    peer = await mounted(case, spec.html)
    played.transcript = peer.transcript
    for number in range(len(spec.messages) + 1):
        if number:
            message = spec.messages[number - 1]
            await peer.send_raw(message.raw, message.frame)
        if spec.paced or number in (0, len(spec.messages)):
            await applied(peer)
            entry = len(played.transcript.entries) - 1
            played.dumps.append(Dump(number, entry, await case.dump()))
