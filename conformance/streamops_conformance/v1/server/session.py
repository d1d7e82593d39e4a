"""A session with a v1 server: the suite is the client."""

from typing import Any, ClassVar

from websockets.typing import Subprotocol

from streamops_conformance.v1.server.receipts import Receipts
from streamops_conformance.v1.vocabulary import SUBPROTOCOL
from streamops_conformance.wire.connection import RecordedConnection
from streamops_conformance.wire.silent import PATIENCE

Frame = dict[str, Any]
DEFAULT_LIMITS = {"max_frame_bytes": 1 << 20, "max_fps": 60, "window": 64}


class Session(RecordedConnection):
    """A session over one or more connections in turn; use it with `async with`.

    It answers pings. If `ack` was agreed, it acknowledges frames as chapter 9 asks.
    """

    subprotocols: ClassVar[list[Subprotocol] | None] = [Subprotocol(SUBPROTOCOL)]

    def __init__(
        self,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        answer_pings: bool = True,
        acks: bool = True,
    ) -> None:
        super().__init__(url, headers=headers)
        self.ref = 0
        self.id = ""
        """The session id of the last welcome."""
        self.receipts = Receipts()
        self.acks = acks
        """Whether the session acknowledges frames by itself."""
        self._agreed_ack = False
        self._hello: Frame = {}
        self.answer_pings = answer_pings
        self._attempts = 0

    async def send_raw(self, message: str | bytes, frame: Frame | None = None) -> None:
        """Send a message as it is; the session remembers the last hello."""
        if frame is not None and frame.get("type") == "hello":
            self._hello = frame
        await super().send_raw(message, frame)

    async def resume(
        self,
        caps: list[str],
        *,
        cursors: dict[str, int] | None = None,
        version: int | None = None,
        view: Frame | None = None,
        **members: Any,
    ) -> Frame:
        """Resume on a new connection, and return its welcome. Cuts the old connection if it is still open.

        `cursors` and `version` are by default those that arrived. Raises Silent.
        """
        await self.cut()
        await self.connect()
        self._attempts += 1
        resume = self.receipts.resume(self.id) | {"attempt": self._attempts}
        if cursors is not None:
            resume["cursors"] = cursors
        if version is not None:
            resume["view"] = version
        return await self.hello(caps, view=view, **({"resume": resume} | members))

    async def hello(self, caps: list[str], *, view: Frame | None = None, **members: Any) -> Frame:
        """Send a hello and wait for the `welcome`; `members` replace or add members of the hello.

        Raises Silent if no welcome arrives.
        """
        frame: Frame = {"type": "hello", "caps": caps, "limits": DEFAULT_LIMITS, **members}
        if view is not None:
            frame["view"] = view
        await self.send(frame)
        return await self.next("welcome")

    async def ack(self) -> None:
        """Acknowledge everything that has arrived."""
        await self.send(self.receipts.ack())

    async def event(self, name: str, params: Any, **members: Any) -> int:
        """Send an event with the next ref, and return the ref."""
        self.ref += 1
        await self.send({"type": "event", "ref": self.ref, "event": name, "params": params, **members})
        return self.ref

    async def run(self, script: list[Frame], *, patience: float = PATIENCE) -> Frame:
        """Run a script and return its reply; raises Silent if none arrives."""
        ref = await self.event("conformance.run", {"script": script})
        return await self.reply(ref, patience=patience)

    async def reply(self, ref: int, *, patience: float = PATIENCE) -> Frame:
        """Wait for the reply to `ref`; raises Silent if none arrives."""
        return await self.until(
            lambda frame: frame.get("type") == "reply" and frame.get("ref") == ref,
            f"the reply to ref {ref}",
            patience=patience,
        )

    async def _respond(self, kind: str, frame: Frame) -> None:
        """What a client does by itself: answer pings, acknowledge frames, follow the numbers."""
        if kind == "ping" and self.answer_pings:
            await self.send({**{k: v for k, v in frame.items() if k == "t"}, "type": "pong"})
        elif kind == "welcome":
            self.id = str(frame.get("session"))
            self.receipts.begin(self._hello.get("resume"), frame)
            caps = frame.get("caps")
            self._agreed_ack = isinstance(caps, list) and "ack" in caps
        elif kind in ("stream", "view"):
            self.receipts.take(frame)
            limits = self._hello.get("limits")
            window = limits.get("window", 1) if isinstance(limits, dict) else 1
            if self._agreed_ack and self.acks and self.receipts.unacknowledged >= max(1, window // 2):
                await self.ack()
