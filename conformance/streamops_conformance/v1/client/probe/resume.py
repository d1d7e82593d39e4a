"""A session that is cut, and a correct client that is not: shared by the checks of chapters 10 and 11."""

from collections.abc import Awaitable, Callable
from typing import Any

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.oracle import tree
from streamops_conformance.testee.peer import Peer
from streamops_conformance.v1.client.case import ClientCase
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.frames import OPEN, at, done, error, frame, on, start, text, view
from streamops_conformance.v1.oracle.client import LIFECYCLE_EVENTS, Fired, Reader, Shown, TextReader
from streamops_conformance.wire.silent import Silent

Frame = dict[str, Any]
PAGE = '<div dj-stream="a"></div><div dj-stream="b"></div>'
LOST = 1006
BROKEN = 4400


class Resumable:
    """One session over several connections, and a correct client that never lost its connection."""

    def __init__(self, context: ClientProbeContext, case: ClientCase, html: str = PAGE) -> None:
        self.case = case
        self.session = ""
        self.caps = [name for name in ("html", "view", "ack", "resume") if name in context.agreed]
        self.views = {"html", "view"} <= context.agreed
        document = case.testee.ready["shows"] == "document"
        self.right = (Reader if document else TextReader)(html)
        self.fired: list[Fired] = []
        self.history: list[Frame] = []
        """The frames that were sent, as they could be sent in a session without cuts."""

    @property
    def peer(self) -> Peer:
        """The current connection."""
        return self.case.peers[-1]

    @property
    def position(self) -> int:
        """The number of entries in the transcript of the current connection."""
        return len(self.peer.transcript.entries)

    async def begin(self) -> None:
        """Open the first connection, and agree on all offered capabilities."""
        peer, hello = await self.case.greeted()
        self.session = f"case-{self.case.number}-Tq0bX4m9Lr2Yc8Wn5Kz7Pg"
        await self.case.welcome(peer, hello, self.caps, session=self.session)

    async def cut(self, code: int = LOST) -> Frame:
        """Cut the connection, and return the hello of the next one. Raises Silent if none comes."""
        await self.peer.close(code, "lost" if code != LOST else "")
        return await self.again()

    async def again(self) -> Frame:
        """The hello of the next connection, which the client opens by itself."""
        _, hello = await self.case.again()
        return hello

    async def resume(self, hello: Frame, /, **resumed: str | tuple[str, int]) -> None:
        """Resume the session: for each stream its `how`, and its last number if the client does not have it.

        Raises Silent if the client did not ask for this session, which RES-15 judges.
        """
        if hello.get("resume", {}).get("session") != self.session:
            raise Silent("the client did not resume its session")
        entries = {}
        for name, given in resumed.items():
            how, seq = (given, self.stream(name).cursor) if isinstance(given, str) else given
            entries[name] = {"how": how, "seq": seq}
            if how == "gone":
                self._gone(name, seq)
        await self.case.welcome(self.peer, hello, self.caps, session=self.session, resumed=entries)

    def stream(self, name: str) -> Shown:
        """The state of a stream in the correct client."""
        return self.right.streams.get(name, Shown())

    async def send(self, *frames: Frame) -> None:
        """Send frames, and give the same frames to the correct client."""
        self.takes(*frames)
        for each in frames:
            await self.peer.send(each)

    def takes(self, *frames: Frame) -> None:
        """Give frames to the correct client without sending them."""
        for each in frames:
            self.history.append(each)
            self.fired += self.right.receive(each).fired

    async def send_uncut(self, history: list[Frame]) -> None:
        """Send the frames of a cut session; a frame that began beyond the cursor begins right after it."""
        for each in history:
            ahead = self.stream(str(each.get("stream"))).cursor + 1
            await self.send({**each, "seq": ahead} if each.get("seq", 0) > ahead else each)

    async def send_beyond(self, frame: Frame) -> None:
        """Send the first frame of a stream that is gone: it may begin beyond the cursor."""
        self._set(frame["stream"], Shown("idle", frame["seq"] - 1))
        await self.send(frame)

    async def settled(self) -> None:
        """Wait until the client has read everything. Raises Silent if it is wrong already."""
        wrong = await self.wrong()
        if wrong is not None:
            raise Silent(f"{wrong.expected}: {wrong.observed}")

    async def wrong(self) -> Wrong | None:
        """Wait until the client has read everything; its first difference from the correct one, or None."""
        try:
            await read(self.peer)
        except Silent as silent:
            closed = self.peer.transcript.closed
            if closed is None or closed.code != BROKEN:
                raise
            return Wrong("a client that continues", str(silent))
        dump = await self.case.dump()
        due, seen = self._content(dump)
        if due != seen:
            return Wrong(due, seen)
        for name, shown in self.right.streams.items():
            found = dump["streams"].get(name, {"state": "idle", "cursor": 0})
            what = (found["state"], found["cursor"], found.get("run") or 0 if found["state"] != "idle" else 0)
            if what != (shown.state, shown.cursor, shown.run):
                return Wrong(f"{name}: {shown}", f"{name}: {found}")
        for name in self.right.streams:
            expected = [_event(each.event, each.reason) for each in self.fired if each.stream == name]
            fired = [
                _event(each["event"], each.get("reason"))
                for each in dump["events"]
                if each["stream"] == name and each["event"] != "stream:integrity"
            ]
            if expected != fired:
                return Wrong(f"{name}: {expected}", f"{name}: {fired}")
        return None

    def _content(self, dump: Frame) -> tuple[str, str]:
        """The expected and the shown content, as texts."""
        if isinstance(self.right, TextReader):
            due = self.right.texts()
            return f"{due}", f"{ {name: dump['text'].get(name, '') for name in due} }"
        seen = tree.of_dump(dump["document"])
        return tree.in_html(self.right.tree()), tree.in_html(seen)

    def _gone(self, name: str, seq: int) -> None:
        before = self.stream(name)
        if before.run:
            self.fired.append(Fired("stream:done", name, "expired"))
            self.history.append(frame(before.cursor + 1, done(name=name), name=name))
        self._set(name, Shown("idle", seq, 0, before.error, before.code))

    def _set(self, name: str, shown: Shown) -> None:
        self.right.streams[name] = shown


Body = Callable[[Resumable], Awaitable[Outcome]]


async def against_reference_client(
    context: ClientProbeContext, body: Body, *builds_on: Body, html: str = PAGE
) -> Outcome:
    """Run `body` with a session that has begun, on a page with that fragment.

    Raises Silent if the client is also wrong without a lost connection, or in one of `builds_on`: then
    another requirement is broken.
    """
    async with context.client(html) as case:
        session = Resumable(context, case, html)
        await session.begin()
        found = await body(session)
    if isinstance(found, Wrong):
        async with context.client(html) as case:
            uncut = Resumable(context, case, html)
            await uncut.begin()
            await uncut.send_uncut(session.history)
            await uncut.settled()
        for each in builds_on:
            if isinstance(wrong := await against_reference_client(context, each), Wrong):
                raise Silent(f"{wrong.expected}: {wrong.observed}")
    return found


def _event(event: str, reason: str | None) -> str:
    return f"{event} {reason}" if event in LIFECYCLE_EVENTS and reason else event


async def read(peer: Peer) -> None:
    """Wait until the client has read everything and has sent its immediate answers. Raises Silent.

    It waits for a pong with its own `t`; another requirement judges surplus pongs.
    """
    after = len(peer.transcript.entries)
    t = f"{after}"
    await peer.send({"type": "ping", "t": t})
    while (await peer.next("pong", after=after)).get("t") != t:
        after = behind(peer, "pong", after)


def behind(peer: Peer, kind: str, after: int) -> int:
    """The index after the next received frame of that type."""
    entries = peer.transcript.entries
    return next(
        index + 1
        for index, each in enumerate(entries)
        if index >= after and each.direction == "recv" and each.type == kind and each.frame is not None
    )


def sent(peer: Peer, kind: str, after: int = 0) -> list[Frame]:
    """The frames of that type that the client sent on this connection, from entry `after` on."""
    entries = peer.transcript.entries[after:]
    return [each.frame for each in entries if each.direction == "recv" and each.type == kind and each.frame]


async def with_its_cursors(session: Resumable) -> Outcome:
    """A session that is cut before any frame, with an open and an ended run, and after a violation."""
    await session.settled()
    hello = await session.cut()
    if wrong := wrong_resume(session, hello, {}, 0):
        return wrong
    await session.resume(hello)
    version = 4 if session.views else 0
    if session.views:
        await session.send(view(4, PAGE, a=at(0), b=at(7)))
    b = session.stream("b").cursor + 1
    await session.send(OPEN, frame(3, text("c"), n=40), frame(b, start(b, "b"), name="b"))
    await session.send(OPEN, *([view(3, "<p>OLD</p>")] if session.views else ()))
    await session.send(frame(b + 1, done(), name="b"))
    await session.settled()
    hello = await session.cut()
    cursors = {"a": 42, "b": b + 1}  # a is open, and the run of b has ended
    if wrong := wrong_resume(session, hello, cursors, version):
        return wrong
    await session.resume(hello, a="replay", b="replay")
    await session.send(frame(43, text("d")))
    await session.settled()
    await session.peer.send(frame(50, text("a gap")))  # the client must not apply it
    await session.peer.end()
    hello = await session.again()
    if "resume" not in hello:
        return KEPT  # RES-19 judges whether it resumes after a violation
    return wrong_resume(session, hello, cursors | {"a": 43}) or KEPT


def wrong_resume(
    session: Resumable, hello: Frame, cursors: dict[str, int], version: int | None = None
) -> Wrong | None:
    """None if the hello asks for the session with these cursors; a cursor of 0 may be left out."""
    due = f"a resume of the session with cursors {cursors}" + (f" and view {version}" if version else "")
    asked = hello.get("resume")
    if not isinstance(asked, dict) or asked.get("session") != session.session:
        return Wrong(due, f"resume {asked}")
    found = {name: cursor for name, cursor in asked["cursors"].items() if cursor}
    right = found == cursors and version in (None, asked.get("view", 0))
    return None if right else Wrong(due, f"resume {asked}")


async def continues_after_cuts(session: Resumable) -> Outcome:
    """A session that is cut twice, and whose frames are all sent."""
    if session.views:
        await session.send(view(3, PAGE, a=at(0), b=at(0)))
    await session.send(OPEN, frame(1, start(1, "b"), text("b", target=on("b")), error(name="b"), name="b"))
    await session.settled()
    hello = await session.cut()
    await session.resume(hello, a=("replay", 5), b=("replay", 4), c=("replay", 1))
    if session.views:
        await session.send(view(3, "<p>OLD</p>"))
    await session.send(frame(3, text("c"), text("d")), frame(4, done("error", "b"), name="b"))
    if wrong := await session.wrong():
        return wrong
    hello = await session.cut(1001)
    await session.resume(hello, a=("replay", 6), b="replay")
    await session.send(frame(5, text("e"), done(), start(7)), frame(8, text("f")))
    return await session.wrong() or KEPT
