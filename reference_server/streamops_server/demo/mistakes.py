"""Scene 4: ways to fail, and what the reader sees: the content stays, the error is shown beside it."""

from __future__ import annotations

import asyncio
from typing import Any

from streamops_server.errors import BadParams
from streamops_server.request import Request
from streamops_server.view import View, event_handler

_TICK = 0.06


class Mistakes(View):
    """One stream for each way to fail."""

    template_name = "mistakes.html"

    def mount(self, _request: Request, /, **_params: Any) -> None:
        """Begin without a booking."""
        self.booked = 0
        self.failed = False

    @event_handler
    async def raise_error(self, **_params: Any) -> None:
        """Raise: the stream shows a generic text, the exception's own goes to the log."""
        await self._say("raised", "The first half of the report is ready, and the second ")
        raise RuntimeError("the password is swordfish")

    @event_handler
    async def recover(self, **_params: Any) -> None:
        """Show an error, then add content: the program has recovered, and the same run continues."""
        await self._say("recovered", "Reading the measurements of the north station. ")
        await self.stream_error("recovered", "The station does not answer, trying the other line", "timeout")
        await asyncio.sleep(50 * _TICK)
        await self._say("recovered", "The other line works. All values are here.", fresh=False)

    @event_handler
    async def try_it(self, **_params: Any) -> None:
        """Fail every first time, and work every second."""
        await self._say("retried", "Asking the model for a summary. ")
        self.failed = not self.failed
        if self.failed:
            await self.stream_error("retried", "The model is busy", "upstream_error", retryable=True)
        else:
            await self._say("retried", "Here it is: it rained, and then it did not.", fresh=False)

    @event_handler
    async def book(self, seats: str = "", **_params: Any) -> None:
        """Book seats. Raises BadParams, which the reply carries, for a number that it cannot take."""
        if not seats.isdecimal() or not 1 <= int(seats) <= 8:
            raise BadParams("Give a number of seats from 1 to 8")
        self.booked = int(seats)

    async def _say(self, stream: str, text: str, *, fresh: bool = True) -> None:
        if fresh:
            await self.stream_start(stream)
            await self.stream_text(stream, "", mode="replace")
        *words, last = text.split(" ")
        for word in words:
            await self.stream_text(stream, word + " ")
            await asyncio.sleep(_TICK)
        if last:
            await self.stream_text(stream, last)
