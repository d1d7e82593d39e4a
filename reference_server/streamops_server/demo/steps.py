"""Scene 3: progress. `push_state` sends the whole view at each step; what the reader types stays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from streamops_server.request import Request
from streamops_server.view import View, event_handler

_STEPS = (
    ("Read the files", 12),
    ("Look at each of them", 24),
    ("Build the index", 16),
    ("Check what was built", 8),
)
_TICK = 0.1


@dataclass
class Step:
    """One step: `done` of `of` parts; `state` is waiting, running or done."""

    title: str
    of: int
    done: int = 0
    state: str = "waiting"


class Progress(View):
    """The steps are state of the view; the name of the current file is a stream."""

    template_name = "steps.html"

    def mount(self, _request: Request, /, **_params: Any) -> None:
        """Begin with no step done."""
        self.is_running = False
        self.outcome = ""
        self._task: asyncio.Task[None] | None = None
        self._reset()

    @property
    def percent(self) -> int:
        """How much is done, from 0 to 100."""
        return 100 * sum(step.done for step in self.steps) // sum(step.of for step in self.steps)

    @event_handler
    async def begin(self, **_params: Any) -> None:
        """Start the work, unless it is running."""
        if self.is_running:
            return
        self._reset()
        self.is_running, self.outcome = True, ""
        self._task = self.start_task(self._work())

    @event_handler
    async def stop(self, **_params: Any) -> None:
        """Stop the work."""
        if self._task is not None and self.is_running:
            self._task.cancel()
            await asyncio.wait([self._task])
            self.is_running, self.outcome = False, "Stopped; what was done stays done"

    def _reset(self) -> None:
        self.steps = [Step(title, of) for title, of in _STEPS]

    async def _work(self) -> None:
        for step in self.steps:
            step.state = "running"
            for number in range(1, step.of + 1):
                await self.stream_text("file", f"part-{number:02}.txt", mode="replace")
                await asyncio.sleep(_TICK)
                step.done = number
                await self.push_state()
            step.state = "done"
        await self.stream_text("file", "", mode="replace")
        self.is_running, self.outcome = False, "Complete"
        await self.push_state()
