"""Running sequences of v0: the suite plays a server without numbers, one client under test for each."""

import asyncio
import time
import uuid
from collections.abc import Sequence

from streamops_conformance.testee.host import Peer, Stage
from streamops_conformance.v0.client.judge import Played
from streamops_conformance.v1.client.runner import Play, playing
from streamops_conformance.v1.client.sequence import Dump, SequenceSpec
from streamops_conformance.v1.server.session import PATIENCE, Silent


async def mounted(play: Play, html: str) -> Peer:
    """The connection of a client on a page with that fragment, once it has mounted. Raises Silent."""
    peer = await play.connection()
    session = str(uuid.uuid5(uuid.NAMESPACE_URL, play.url))
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


async def run_sequence(stage: Stage, spec: SequenceSpec) -> Played:
    """Run one sequence to its end."""
    played = Played(spec)
    async with playing(stage) as play:
        began = time.perf_counter()
        try:
            await _perform(play, played)
        except Silent as silent:
            played.silent = str(silent)
        played.duration = time.perf_counter() - began
    return played


async def run_sequences(stage: Stage, specs: Sequence[SequenceSpec]) -> list[Played]:
    """Run them all on the testees that there are; the results are in the order of the specs."""
    return list(await asyncio.gather(*(run_sequence(stage, spec) for spec in specs)))


async def _perform(play: Play, played: Played) -> None:
    spec = played.spec
    await play.mount(spec.html)
    peer = await mounted(play, spec.html)
    played.transcript = peer.transcript
    for number in range(len(spec.beats) + 1):
        if number:
            beat = spec.beats[number - 1]
            await peer.send_raw(beat.raw, beat.frame)
        if spec.paced or number in (0, len(spec.beats)):
            await applied(peer)
            said = await play.dump()
            played.dumps.append(Dump(number, len(played.transcript.entries) - 1, said))
