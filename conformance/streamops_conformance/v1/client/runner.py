"""Runs sequences: the suite plays the server, with one client under test for each."""

import asyncio
import time
from collections.abc import Sequence

from streamops_conformance.model.messages import Dump
from streamops_conformance.testee.case import SOON
from streamops_conformance.testee.host import ClientHost
from streamops_conformance.testee.peer import Peer
from streamops_conformance.v1.client.case import ClientCase
from streamops_conformance.v1.client.sequence import PlayedSequence, SequenceSpec, page_of
from streamops_conformance.wire.silent import PATIENCE, Silent


async def run_sequence(host: ClientHost, spec: SequenceSpec) -> PlayedSequence:
    """Run one sequence to its end."""
    played = PlayedSequence(spec)
    async with ClientCase.on_a_free_testee(host) as case:
        began = time.perf_counter()
        played.shows = case.testee.ready["shows"]
        try:
            await _perform(case, played)
        except Silent as silent:
            played.silent = str(silent)
        played.duration = time.perf_counter() - began
    return played


async def _perform(case: ClientCase, played: PlayedSequence) -> None:
    spec = played.spec
    variables = dict(spec.variables)
    view = {"name": "conformance", "params": {"vars": variables}} if "view" in spec.caps else None
    await case.mount(page_of(spec), view)
    peer = await case.welcomed(spec.caps)
    played.transcript = peer.transcript
    await _settled(case, peer)
    await _ask(case, played, 0)
    for number, step in enumerate(played.steps, start=1):
        await peer.send_raw(step.message.raw, step.message.frame)
        last = number == len(played.steps)
        if step.effect.closes:
            await _left(case, peer)
        elif spec.paced or last:
            await _settled(case, peer)
        if spec.paced or last:
            await _ask(case, played, number)
        if peer.transcript.closed is not None:
            played.closed = peer.transcript.closed
            return


async def _settled(case: ClientCase, peer: Peer) -> None:
    """Wait until the client has read everything; the wait is short if it sent no pong before."""
    try:
        await peer.barrier(SOON if case.testee.mute else PATIENCE)
    except Silent:
        case.testee.mute = peer.transcript.closed is None or case.testee.mute


async def _left(case: ClientCase, peer: Peer) -> None:
    """Wait for the close by the client. The judge finds a missing one."""
    try:
        await peer.end(SOON if case.testee.clinging else PATIENCE)
    except Silent:
        case.testee.clinging = True


async def _ask(case: ClientCase, played: PlayedSequence, after: int) -> None:
    played.dumps.append(Dump(after, len(played.transcript.entries) - 1, await case.dump()))


async def run_sequences(host: ClientHost, specs: Sequence[SequenceSpec]) -> list[PlayedSequence]:
    """Run all on the available testees; the results are in the order of `specs`."""
    return list(await asyncio.gather(*(run_sequence(host, spec) for spec in specs)))
