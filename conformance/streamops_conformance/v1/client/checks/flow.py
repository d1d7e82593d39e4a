"""Chapter 9: which frames a client acknowledges, and when."""

from collections.abc import Awaitable, Callable
from typing import Any

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.testee.peer import Peer
from streamops_conformance.v1.client.case import ClientCase
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.client_transcript import ClientTranscript
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.client.probe.resume import PAGE, read
from streamops_conformance.v1.frames import frame, on, start, text, view
from streamops_conformance.wire.silent import PATIENCE, Silent

Frame = dict[str, Any]
Send = Callable[[], Awaitable[None]]
QUIET_MS = 250
"""Milliseconds: the last frame of a quiet stream is acknowledged within this time (chapter 9)."""


@CLIENT.rule("FLW-5", "ack")
def an_ack_has_only_numbers_that_arrived(client: ClientTranscript) -> Outcome:
    for name, number in client.frame["cursors"].items():
        if number > client.sent.get(name, 0):
            return Wrong(
                f"an ack of {name} up to {client.sent.get(name, 0)}, the last number sent", f"{number}"
            )
    version = client.frame.get("view", 0)
    return (
        KEPT if version <= client.version else Wrong(f"an ack of a view up to {client.version}", f"{version}")
    )


class Windowed:
    """A session with `ack`: sends frames, and follows which of them are acknowledged."""

    def __init__(self, case: ClientCase, peer: Peer, hello: Frame) -> None:
        self.window = int(hello.get("limits", {}).get("window", 1))
        self.share: int = max(1, self.window // 2)
        """The number of unacknowledged frames after which the client must send an ack."""
        self._case = case
        self._peer = peer
        self._numbers = {"a": 0, "b": 0}
        self._version = 0
        self._owed: list[tuple[str, int]] = []
        """Unacknowledged frames: the stream and last number, or `view` and the version."""
        self._read = 0

    async def stream(self, name: str = "a") -> None:
        """Send the next frame of a stream."""
        number = self._numbers[name]
        ops = [text(f"{number} ", "append", on(name))] if number else [start(1, name)]
        self._numbers[name] += 1
        self._owed.append((name, number + 1))
        await self._peer.send(frame(number + 1, *ops, name=name))

    async def view(self) -> None:
        """Send the next view."""
        self._version += 1
        self._owed.append(("view", self._version))
        listed = {name: {"seq": 0, "state": "idle"} for name, number in self._numbers.items() if not number}
        await self._peer.send(view(self._version, PAGE, **listed))

    async def repeat(self) -> None:
        """Send a frame that the client must discard."""
        await self._peer.send(frame(1, start(1)))

    async def old_view(self) -> None:
        """Send a view that the client must discard."""
        await self._peer.send(view(self._version, "<p>OLD</p>"))

    def owed(self) -> int:
        """The number of unacknowledged frames, by the numbers in the acks."""
        for ack in self.acks(self._read):
            reached = ack["cursors"] | {"view": ack.get("view", 0)}
            self._owed = [(name, number) for name, number in self._owed if number > reached.get(name, 0)]
        self._read = self.position
        return len(self._owed)

    @property
    def position(self) -> int:
        """The number of entries in the transcript."""
        return len(self._peer.transcript.entries)

    def acks(self, after: int) -> list[Frame]:
        """The acks from entry `after` on."""
        entries = self._peer.transcript.entries[after:]
        return [
            each.frame for each in entries if each.direction == "recv" and each.type == "ack" and each.frame
        ]

    async def read(self) -> None:
        """Wait until the client has read everything and has sent its immediate answers. Raises Silent."""
        await read(self._peer)

    async def ack(self, after: int) -> Frame:
        """Wait for the next ack from entry `after` on. Raises Silent."""
        return await self._peer.next("ack", after=after)


async def windowed(case: ClientCase, context: ClientProbeContext) -> Windowed:
    peer, hello = await case.greeted()
    await case.welcome(peer, hello, [name for name in ("html", "view", "ack") if name in context.agreed])
    return Windowed(case, peer, hello)


@CLIENT.probe("FLW-5")
async def half_a_window_is_acknowledged_at_once(context: ClientProbeContext) -> Outcome:
    async with context.client(PAGE) as case:
        session = await windowed(case, context)
        share = session.share
        views = {"html", "view"} <= context.agreed
        fresh: list[list[Send]] = [[session.stream], [session.stream, lambda: session.stream("b")]]
        fresh += [[session.stream, session.view]] if views else []
        for sends in (*fresh, *fresh):
            for number in range(share):
                await sends[number % len(sends)]()
            await session.read()
            if (owed := session.owed()) >= share:
                return Wrong(
                    f"an ack for {share} frames, half of a window of {session.window}", f"{owed} without ack"
                )
        for send in (session.repeat, session.old_view) if views else (session.repeat,):
            before = session.position
            for _ in range(share):
                await send()
            await session.read()
            if not session.acks(before):
                return Wrong(
                    f"an ack after {share} discarded frames", "no ack before the pong that follows them"
                )
        return KEPT


@CLIENT.probe("FLW-6")
async def the_last_frame_of_a_quiet_stream_is_acknowledged(context: ClientProbeContext) -> Outcome:
    async with context.client(PAGE) as case:
        session = await windowed(case, context)
        sends: dict[str, Send] = {"a frame": session.stream, "the next frame": session.stream}
        if {"html", "view"} <= context.agreed:
            sends |= {"a view": session.view, "the next view": session.view}
        for what, send in sends.items():
            before = session.position
            await send()
            try:
                await session.ack(before)
            except Silent:
                if case.peers[-1].transcript.closed is not None:
                    raise
                return Wrong(f"an ack within {QUIET_MS} ms after {what}", f"none in {PATIENCE:g} s")
            entries = case.peers[-1].transcript.entries
            waited = next(each.ms for each in entries[before:] if each.type == "ack") - entries[before].ms
            context.measure("ack of a quiet stream", waited, "ms", bound=QUIET_MS)
            if session.owed():
                return Wrong(f"an ack with the number of {what}", f"{session.acks(before)}")
        return KEPT
