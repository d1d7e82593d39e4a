"""Running sequences: the suite plays the server, one client under test for each."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from streamops_conformance.target.started import Unreachable
from streamops_conformance.testee.host import ContractBroken, Peer, Stage, Testee
from streamops_conformance.v1.client.sequence import Dump, SequenceSpec, page_of
from streamops_conformance.v1.client.sequence import Sequence as Played
from streamops_conformance.v1.server.session import PATIENCE, Silent
from streamops_conformance.wire.own_time import patient

Frame = dict[str, Any]
LIMITS = {
    "max_frame_bytes": 1 << 20,
    "max_streams": 256,
    "max_text_bytes": 8192,
    "max_fps": 60,
    "max_events": 32,
    "cancel_ms": 2000,
}
HEARTBEAT_MS = 30_000
RESUME_TTL_MS = 60_000
REPLAY_BYTES = 1 << 20
BACK = 45.0
"""Seconds that a client may take to come back: it may wait for 30, and machines are busy."""
SOON = 1.0
"""Seconds to wait for what a client was seen not to do; the first time it has `PATIENCE`."""


class Play:
    """One case with one client: mount it, meet its connections, ask what it has."""

    def __init__(self, stage: Stage, testee: Testee) -> None:
        self.testee = testee
        self.peers: list[Peer] = []
        self._stage = stage
        self.number, self.url, self._waiting = stage.case()

    async def mount(self, html: str, view: Frame | None = None) -> None:
        """Put the fragment on the page and let a fresh client connect."""
        named = {"view": view} if view is not None else {}
        await self.testee.say("case", self.number, html=html, url=self.url, **named)

    async def connection(self, patience: float = PATIENCE) -> Peer:
        """The client's next connection. Raises Silent where none comes."""
        try:
            peer = await patient(self._waiting.get(), patience)
        except TimeoutError:
            raise Silent(f"the client did not connect for {patience:g} s") from None
        self.peers.append(peer)
        return peer

    async def welcomed(self, caps: Sequence[str], patience: float = PATIENCE, **members: Any) -> Peer:
        """Its next connection after hello and welcome; `caps` are those that the suite has."""
        peer, hello = await self.greeted(patience)
        await self.welcome(peer, hello, caps, **members)
        return peer

    async def greeted(self, patience: float = PATIENCE) -> tuple[Peer, Frame]:
        """Its next connection, and the hello on it. Raises Silent where either does not come."""
        peer = await self.connection(patience)
        return peer, await peer.next("hello", patience=patience)

    async def again(self) -> tuple[Peer, Frame]:
        """The connection that the client makes by itself, and its hello. Raises Silent without one.

        Where one client was seen not to come back, the others are not waited for long.
        """
        try:
            return await self.greeted(SOON if self._stage.forsaken else BACK)
        except Silent:
            self._stage.forsaken = True
            raise

    async def welcome(self, peer: Peer, hello: Frame, caps: Sequence[str], **members: Any) -> None:
        """Answer a hello, with `caps` as far as they are offered; `members` may name the session."""
        offered = hello.get("caps")
        agreed = [name for name in caps if isinstance(offered, list) and name in offered]
        await peer.send(welcome(self.number, len(self.peers), agreed, **members))

    async def dump(self) -> Frame:
        """What the client has. Raises Silent where its testee does not say, Unreachable for nonsense."""
        try:
            return await self.testee.dump(self.number)
        except ContractBroken as broken:
            raise Unreachable(
                f"{self.testee.ready['name']} does not keep to the contract: {broken}"
            ) from None

    async def end(self) -> None:
        """Let the testee dispose of the client."""
        await self.testee.say("end", self.number)
        self._stage.over(self.number)


def welcome(case: int, connection: int, caps: Sequence[str], **members: Any) -> Frame:
    """The suite's welcome: a session id of its own for each connection, unless `members` have another."""
    resumes = "resume" in caps
    return {
        "type": "welcome",
        "session": f"case-{case}-{connection}-Dm5yQ8sVx2Jb7NcLw0Rf4g",
        "caps": list(caps),
        "limits": LIMITS | ({"replay_bytes": REPLAY_BYTES} if resumes else {}),
        "heartbeat_ms": HEARTBEAT_MS,
        **({"resume_ttl_ms": RESUME_TTL_MS} if resumes else {}),
        **members,
    }


@asynccontextmanager
async def playing(stage: Stage) -> AsyncIterator[Play]:
    """A case on the next testee that is free, however long that takes.

    Raises Unreachable where no testee is left.
    """
    while True:
        try:
            testee = await asyncio.wait_for(stage.testees.get(), SOON)
        except TimeoutError:
            testee = None
        if testee is not None and not testee.gone:
            break
        if not stage.present:
            raise Unreachable("the testee closed its last control connection")
    play = Play(stage, testee)
    try:
        yield play
    finally:
        await play.end()
        stage.testees.put_nowait(testee)


async def run_sequence(stage: Stage, spec: SequenceSpec) -> Played:
    """Run one sequence to its end."""
    played = Played(spec)
    async with playing(stage) as play:
        began = time.perf_counter()
        played.shows = play.testee.ready["shows"]
        try:
            await _perform(play, played)
        except Silent as silent:
            played.silent = str(silent)
        played.duration = time.perf_counter() - began
    return played


async def _perform(play: Play, played: Played) -> None:
    spec = played.spec
    variables = dict(spec.variables)
    view = {"name": "conformance", "params": {"vars": variables}} if "view" in spec.caps else None
    await play.mount(page_of(spec), view)
    peer = await play.welcomed(spec.caps)
    played.transcript = peer.transcript
    await _settled(play, peer)
    await _ask(play, played, 0)
    for number, step in enumerate(played.steps, start=1):
        await peer.send_raw(step.beat.raw, step.beat.frame)
        last = number == len(played.steps)
        if step.effect.closes:
            await _left(play, peer)
        elif spec.paced or last:
            await _settled(play, peer)
        if spec.paced or last:
            await _ask(play, played, number)
        if peer.transcript.closed is not None:
            played.closed = peer.transcript.closed
            return


async def _settled(play: Play, peer: Peer) -> None:
    """Wait for what was sent to be read; a client that gave no pong before is not waited for long."""
    try:
        await peer.barrier(SOON if play.testee.mute else PATIENCE)
    except Silent:
        play.testee.mute = peer.transcript.closed is None or play.testee.mute


async def _left(play: Play, peer: Peer) -> None:
    """Wait for the close that is due; one that does not come is the judge's to say."""
    try:
        await peer.end(SOON if play.testee.clinging else PATIENCE)
    except Silent:
        play.testee.clinging = True


async def _ask(play: Play, played: Played, after: int) -> None:
    said = await play.dump()
    played.dumps.append(Dump(after, len(played.transcript.entries) - 1, said))


async def run_sequences(stage: Stage, specs: Sequence[SequenceSpec]) -> list[Played]:
    """Run them all on the testees that there are; the results are in the order of the specs."""
    return list(await asyncio.gather(*(run_sequence(stage, spec) for spec in specs)))
