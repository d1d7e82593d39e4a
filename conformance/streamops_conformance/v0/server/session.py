"""A connection to a v0 server: it mounts a view, sends one event at a time, and waits for quiet."""

import asyncio
import time
from typing import Any

from streamops_conformance.model.transcript import Transcript
from streamops_conformance.v0.server.described import Described, Frame, filled, matches
from streamops_conformance.wire.connection import RecordedConnection
from streamops_conformance.wire.silent import PATIENCE, Silent

LONGEST = 20.0
"""Seconds that one wait may take, even if frames keep coming."""
TOO_MUCH = 4429
"""The close code of a server that was sent too much."""


class Limited(Exception):
    """The server says that it was sent too much, which is the fault of the suite."""


class Session(RecordedConnection):
    """One WebSocket, which several cases use in turn; each has its own transcript.

    Sends at most `burst` messages at once, and `per_second` in the long run; 0 means no limit.
    """

    def __init__(
        self, url: str, described: Described, *, headers: dict[str, str], per_second: float, burst: int
    ) -> None:
        super().__init__(url, headers=headers)
        self.ref = 0
        self._described = described
        self._pace = _Pace(per_second, burst)
        self.mounts = 0

    def begin(self, transcript: Transcript) -> None:
        """Write into that transcript from now on."""
        transcript.began = time.perf_counter()
        transcript.closed = self.transcript.closed
        self.transcript = transcript

    async def connect(self) -> None:
        """Open the WebSocket and shake hands; raises Silent or Limited if that fails."""
        began, before = self.transcript.began, len(self.transcript.entries)
        await super().connect()
        if before:  # It continues the transcript of another connection.
            self.transcript.began = began
        if self._described.greeting is not None:
            await self.send(self._described.greeting)
        if self._described.greeted is not None:
            await self._any({"": self._described.greeted}, before, "the frame that ends the handshake")

    async def send(self, frame: Frame) -> None:
        """Send a frame, as soon as the pace of the server allows."""
        await self._pace.wait()
        await super().send(frame)

    async def mount(self, variables: dict[str, str]) -> None:
        """Mount a fresh view; raises Silent if the server does not."""
        begin = len(self.transcript.entries)
        self.mounts += 1
        await self.send(filled(self._described.mount, vars=variables))
        wanted = {"mounted": self._described.mounted, "not mounted": self._described.not_mounted}
        found = await self._any({name: p for name, p in wanted.items() if p is not None}, begin, "the mount")
        if found == "not mounted":
            said = self.transcript.entries[-1].raw
            raise Silent(f"the server did not mount the view: {said!r}")

    async def run_script(self, script: list[Frame]) -> bool:
        """Run a script, and return whether its handler succeeded. Raises Silent without a reply."""
        self.ref += 1
        begin = len(self.transcript.entries)
        await self.send(filled(self._described.event, script=script, ref=self.ref))
        position = begin
        deadline = time.perf_counter() + LONGEST
        while True:
            position, answer = self._answered(position)
            if answer == "limited":
                raise Limited
            if answer:
                return answer == "ok"
            await self._more(deadline, f"the reply to the event of ref {self.ref}")

    async def quiet(self) -> None:
        """Wait until nothing more is on its way. Raises Silent if the fence gets no reply."""
        if self._described.fence and await self.run_script(list(self._described.fence)):
            return
        seen = -1
        deadline = time.perf_counter() + LONGEST
        while seen < len(self.transcript.entries) and time.perf_counter() < deadline:
            seen = len(self.transcript.entries)
            await asyncio.sleep(self._described.silence)

    def _answered(self, position: int) -> tuple[int, str]:
        entries = self.transcript.entries
        while position < len(entries):
            entry = entries[position]
            position += 1
            if entry.direction == "recv" and entry.frame is not None:
                answer = self._described.answer(entry.frame, self.ref)
                if answer:
                    return position, answer
        return position, ""

    async def _any(self, patterns: dict[str, Any], begin: int, what: str) -> str:
        deadline = time.perf_counter() + LONGEST
        position = begin
        while True:
            while position < len(self.transcript.entries):
                entry = self.transcript.entries[position]
                position += 1
                if entry.direction != "recv" or entry.frame is None:
                    continue
                for name, pattern in patterns.items():
                    if matches(pattern, entry.frame):
                        return name
                if any(matches(pattern, entry.frame) for pattern in self._described.limited):
                    raise Limited
            await self._more(deadline, what)

    async def _more(self, deadline: float, what: str) -> None:
        """Wait for one more entry. Raises Silent, or Limited after a close for too many messages."""
        closed = self.transcript.closed
        if closed is not None and closed.code == TOO_MUCH:
            raise Limited
        if closed is not None:
            raise Silent(f"the server closed with {closed.code} {closed.reason!r} instead of {what}")
        if time.perf_counter() > deadline:
            raise Silent(f"{LONGEST:g} s went by without {what}")
        self._patient(PATIENCE)
        await self._wait(PATIENCE, what)


class _Pace:
    """A token bucket."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = max(1, burst)
        self._tokens = float(self._burst)
        self._at = time.perf_counter()

    async def wait(self) -> None:
        """Wait until one more message may be sent."""
        if not self._per_second:
            return
        now = time.perf_counter()
        self._tokens = min(float(self._burst), self._tokens + (now - self._at) * self._per_second)
        self._at = now
        self._tokens -= 1
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens / self._per_second)
