"""Scene 2: a live log. Ten thousand lines at once, or a few a second; old lines may be pruned."""

from __future__ import annotations

import asyncio
import time
from random import Random
from typing import Any

from markupsafe import escape

from streamops_server.errors import BadParams
from streamops_server.request import Request
from streamops_server.view import View, event_handler

LINES = 10_000
_EVERY = 250
"""Lines between two prunes, and between two counts."""

_KINDS = (
    ("info", "request {id} answered in {ms} ms"),
    ("info", "job {id} done, {n} rows written"),
    ("info", "session {id} opened from the harbour office"),
    ("debug", "cache hit for key user:{n}"),
    ("debug", "batch of {n} operations joined into 1 frame"),
    ("warn", "queue {n} is {ms} ms behind"),
    ("error", "upstream closed the connection after {ms} ms, trying again"),
)
_WEIGHTS = (40, 20, 8, 18, 8, 4, 2)


class LiveLog(View):
    """`write` inserts lines into `log`; `count` and `summary` are streams of their own."""

    template_name = "log.html"

    def mount(self, _request: Request, /, seed: int = 1, **_params: Any) -> None:
        """`seed` chooses the lines."""
        self.is_writing = False
        self._random = Random(seed)
        self._written = 0
        self._task: asyncio.Task[None] | None = None

    @event_handler
    async def write(self, keep: str = "0", lines: str = "", pace: str = "0", **_params: Any) -> None:
        """Write `lines` lines at `pace` lines a second (0: at once), and keep the last `keep` (0: all).

        Raises BadParams.
        """
        try:
            numbers = int(keep), int(lines or LINES), int(pace)
        except ValueError:
            raise BadParams("keep, lines and pace are numbers") from None
        if min(numbers) < 0 or numbers[1] > LINES:
            raise BadParams(f"Give at most {LINES} lines, and no number below 0")
        await self._stop()
        self.is_writing = True
        self._task = self.start_task(self._write(*numbers))

    @event_handler
    async def stop(self, **_params: Any) -> None:
        """Stop writing."""
        await self._stop()

    @event_handler
    async def clear(self, **_params: Any) -> None:
        """Stop writing, and remove all lines."""
        await self._stop()
        self._written = 0
        await self.stream_to("log", html="")
        await self.stream_text("count", "0", mode="replace")
        await self.stream_text("summary", "", mode="replace")

    async def _write(self, keep: int, lines: int, pace: int) -> None:
        begin = time.perf_counter()
        await self.stream_start("log")
        await self.stream_text("summary", "", mode="replace")
        for number in range(1, lines + 1):
            await self.stream_insert("log", self._line())
            if pace or number % _EVERY == 0 or number == lines:
                await self.stream_text("count", f"{self._written:,}", mode="replace")
                if keep:
                    await self.stream_prune("log", keep)
            if pace:
                await asyncio.sleep(self._random.expovariate(pace))
        seconds = time.perf_counter() - begin
        await self.stream_text("summary", f"{lines:,} lines in {seconds:.2f} s", mode="replace")
        self.is_writing = False
        await self.push_state()

    def _line(self) -> str:
        self._written += 1
        random = self._random
        level, text = random.choices(_KINDS, _WEIGHTS)[0]
        text = text.format(
            id=f"{random.randrange(1 << 24):06x}", ms=random.randrange(1, 900), n=random.randrange(100)
        )
        return (
            f'<div class="line"><span class="number">{self._written}</span>'
            f'<span class="level {level}">{level}</span> {escape(text)}</div>'
        )

    async def _stop(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        self.is_writing = False
