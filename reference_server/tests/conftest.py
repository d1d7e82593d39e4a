"""Two ends in one process: a client on a fake link in virtual time, and one on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import pytest
from streamops_server import Limits, Registry, StreamServer, View, pump
from streamops_server.core.frames import Cancel, Event, Hello, decode
from streamops_server.core.producers import Producer
from streamops_server.core.session import Session
from streamops_spec import load_shapes
from websockets.asyncio.client import ClientConnection, connect

Frame = dict[str, Any]
EVERYTHING = ["html", "view", "x-conformance"]
SHAPES = load_shapes("v1:server-frame")


class FakeLink:
    """A session, its clock, and the client at the other end, which checks every frame it gets."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.now = 100.0
        self.session = Session(limits or Limits(), "an id", self.now)
        self.program = self.session.program
        self.owner = Producer()
        self.frames: list[Frame] = []
        self.asked: list[Hello | Event | Cancel] = []
        self.cursors: dict[str, int] = {}
        self.max_frame_bytes = 1 << 20

    def send(self, frame: Frame | str) -> None:
        """The client sends; what the program is asked to do is kept in `asked`."""
        data = frame if isinstance(frame, str) else json.dumps(frame)
        self.asked += self.session.receive(data, self.now)

    def open(
        self, caps: list[str] | None = None, offered: list[str] | None = None, view: str = "", **limits: Any
    ) -> FakeLink:
        """Handshake and mount, with a first view of `view` where that was agreed."""
        self.max_frame_bytes = limits.get("max_frame_bytes", self.max_frame_bytes)
        self.send({"type": "hello", "caps": EVERYTHING if caps is None else caps, "limits": limits})
        self.session.welcome(EVERYTHING if offered is None else offered)
        if "view" in self.program.caps:
            self.session.views.first(view, [], [])
        self.session.mounted()
        self.arrive()
        self.now += 1.0
        return self

    def decode(self, frame: Frame) -> Any:
        """The frame as the core reads it."""
        return decode(json.dumps(frame))

    def answer(self, ref: int, *failure: str) -> None:
        """An event arrives, and is answered at once."""
        self.send({"type": "event", "ref": ref, "event": "e", "params": {}})
        self.session.reply(ref, *failure)

    def arrive(self, *, writable: bool = True) -> list[Frame]:
        """What arrives at this moment."""
        found = []
        for data in self.session.flush(self.now, writable=writable):
            frame = json.loads(data)
            assert SHAPES.is_valid(frame), SHAPES.explain(frame)
            assert len(data) <= self.max_frame_bytes
            if frame["type"] == "stream":
                assert frame["seq"] == self.cursors.get(frame["stream"], 0) + 1  # ORD-2
                assert frame["n"] >= len(frame["ops"]) > 0
                self.cursors[frame["stream"]] = frame["seq"] + frame["n"] - 1
            found.append(frame)
        self.frames += found
        return found

    def wait(self, seconds: float = 0.0) -> list[Frame]:
        """Let time pass, waking the session exactly when it asks to be."""
        end = self.now + seconds
        found = self.arrive()
        while (deadline := self.session.deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            found += self.arrive()
        self.now = end
        return found

    def ops(self, stream: str) -> list[str]:
        """The operations of a stream that arrived, by name."""
        return [op["op"] for frame in self.frames if frame.get("stream") == stream for op in frame["ops"]]


@pytest.fixture(autouse=True)
def _turns_end_by_count(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine ends no turn by time, so that what merges is exact; `turns_by_time` undoes it."""
    if "turns_by_time" not in request.keywords:
        monkeypatch.setattr(pump, "LATE", inf)


@pytest.fixture
def link() -> FakeLink:
    """A link with everything agreed, a second after its first view."""
    return FakeLink().open()


@pytest.fixture
def new_link() -> Callable[..., FakeLink]:
    """Makes links that have not said hello."""
    return FakeLink


class Client:
    """A client on a real socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self.ref = 0

    async def send(self, frame: Frame) -> None:
        await self.socket.send(json.dumps(frame))

    async def receive(self) -> Frame:
        """The next frame; pings are answered and passed over."""
        while True:
            frame: Frame = json.loads(await self.socket.recv())
            assert SHAPES.is_valid(frame), SHAPES.explain(frame)
            if frame["type"] != "ping":
                self.frames.append(frame)
                return frame
            await self.send({"type": "pong"})

    async def until(self, kind: str) -> Frame:
        while (frame := await self.receive())["type"] != kind:
            pass
        return frame

    async def hello(self, view: str | None = None, caps: list[str] | None = None, **params: Any) -> Frame:
        hello: Frame = {"type": "hello", "caps": EVERYTHING if caps is None else caps, "limits": {}}
        if view is not None:
            hello["view"] = {"name": view, "params": params}
        await self.send(hello)
        return await self.receive()

    async def start(self, event: str, /, **params: Any) -> int:
        self.ref += 1
        await self.send({"type": "event", "ref": self.ref, "event": event, "params": params})
        return self.ref

    async def run(self, event: str, /, **params: Any) -> Frame:
        """Send an event; its reply."""
        ref = await self.start(event, **params)
        while (reply := await self.until("reply"))["ref"] != ref:
            pass
        return reply

    def ops(self, stream: str) -> list[Frame]:
        return [op for frame in self.frames if frame.get("stream") == stream for op in frame["ops"]]

    def text(self, stream: str) -> str:
        return "".join(op["text"] for op in self.ops(stream) if op["op"] == "text")


Serve = Callable[..., Any]


@pytest.fixture
def serve() -> Serve:
    """`async with serve(ViewClass, …) as connect:`, then `async with connect() as client:`."""

    @asynccontextmanager
    async def serving(
        *views: type[View], default: type[View] | None = None, limits: Limits | None = None, **options: Any
    ) -> AsyncIterator[Callable[..., Any]]:
        conformance = options.pop("conformance", False)
        found = {view.__name__: view for view in views} | options.pop("named", {})
        registry = Registry(found, default, conformance=conformance)
        async with StreamServer(registry, limits=limits, **options) as server:

            @asynccontextmanager
            async def connecting(**arguments: Any) -> AsyncIterator[Client]:
                async with connect(
                    server.url,
                    subprotocols=["streamops.v1"],  # type: ignore[list-item]  # reason: a NewType of str
                    compression=None,
                    max_size=None,
                    **arguments,
                ) as socket:
                    yield Client(socket)

            connecting.server = server  # type: ignore[attr-defined]  # reason: tests look behind the socket
            yield connecting

    return serving


@pytest.fixture
def go() -> Callable[[Any], Any]:
    """Run a coroutine to its end, in at most a minute."""

    def run(work: Any) -> Any:
        async def bounded() -> Any:
            async with asyncio.timeout(60):
                return await work

        return asyncio.run(bounded())

    return run
