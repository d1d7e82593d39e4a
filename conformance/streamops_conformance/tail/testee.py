"""The terminal's client as a testee: `python -m streamops_conformance.tail.testee [OPTION…] URL`.

`--ack` and `--resume` offer these capabilities.

It is the client of `streamops tail`, with the terminal replaced. It has no document, so it reports
`shows: "text"` and ignores the HTML of a case.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from streamops_conformance.tail.client import Client
from streamops_conformance.tail.connection import Connection
from streamops_conformance.tail.effects import Effect, Fired, Report

Json = Any  # reason: a recursive union of JSON values gains nothing here

AT_ONCE = 16
CAPS = [name for name in ("ack", "resume") if f"--{name}" in sys.argv]


class Case:
    """One client, from its `case` to its `end`."""

    def __init__(self, message: Json) -> None:
        self.number: int = message["case"]
        self._client = Client(message.get("view"), CAPS)
        self._events: list[Json] = []
        self._reports: list[Json] = []
        self._task = 0
        self.connection = Connection(message["url"], self._client, self._show)
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self.connection.run()
        except (OSError, InvalidHandshake) as error:
            self._reports.append({"kind": "unreachable", "message": str(error)})

    def _show(self, effects: Sequence[Effect]) -> None:
        self._task += 1
        for each in effects:
            if isinstance(each, Fired):
                self._events.append(self._fired(each))
            elif isinstance(each, Report):
                self._reports.append({"kind": each.kind, "message": each.message})

    def _fired(self, each: Fired) -> Json:
        fired = {"event": each.event, "stream": each.stream, "task": self._task, "cursor": each.cursor}
        also = {"reason": each.reason, "ok": each.ok}
        return fired | {name: value for name, value in also.items() if value is not None}

    def dump(self) -> Json:
        """The answer to `dump` (chapter 16)."""
        streams = self._client.streams
        return {
            "type": "dumped",
            "case": self.number,
            "text": {name: stream.text for name, stream in streams.items()},
            "streams": {
                name: {
                    member: value
                    for member in ("state", "cursor", "run", "error", "code")
                    if (value := getattr(stream, member)) is not None
                }
                for name, stream in streams.items()
            },
            "events": self._events,
            "reports": self._reports,
            "ignored": self._client.ignored,
        }

    async def end(self) -> None:
        """Close and discard the client."""
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running


async def answer(control: str) -> None:
    """One control connection, until the runner closes it."""
    async with connect(control, proxy=None, ping_interval=None, max_size=None) as socket:
        await socket.send(json.dumps({"type": "ready", "name": "streamops tail", "shows": "text"}))
        case: Case | None = None
        try:
            async for text in socket:
                case = await _obey(socket, json.loads(text), case)
        except ConnectionClosed:
            pass  # the runner ended without a close frame
        finally:
            if case is not None:
                await case.end()


async def _obey(socket: ClientConnection, message: Json, case: Case | None) -> Case | None:
    """Obey one message; returns the case of the connection after it."""
    kind = message["type"]
    if kind == "case":
        if case is not None:
            await case.end()
        return Case(message)
    if case is None or message["case"] != case.number:
        return case  # of a case that has ended
    if kind == "end":
        await case.end()
        return None
    if kind == "event":
        await case.connection.push(message["event"], message["params"])
    elif kind == "cancel":
        await case.connection.cancel(message["stream"])
    elif kind == "dump":
        await socket.send(json.dumps(case.dump()))
    return case


async def _main(control: str) -> None:
    await asyncio.gather(*(answer(control) for _ in range(AT_ONCE)))


if __name__ == "__main__":
    try:
        asyncio.run(_main(sys.argv[-1]))
    except (OSError, InvalidHandshake) as error:
        sys.exit(f"There is no control connection at {sys.argv[-1]}: {error}")
