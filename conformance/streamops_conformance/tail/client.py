"""The client: messages in, effects out.

This module decides what the client shows, sends and obeys. It does no I/O: time comes in as `now` in seconds,
chance as `dice` between 0 and 1, and the owner of the socket carries out the effects in order. A client
outlives its connections. Call `connected` and `lost` for each connection, and `tick` once the `deadline`
has passed.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET
from streamops_spec import default_target

from streamops_conformance.tail import frames, verdicts
from streamops_conformance.tail.effects import (
    Close,
    Effect,
    Html,
    Mode,
    Removed,
    Replied,
    Report,
    Retry,
    Said,
    Send,
    Text,
    Viewed,
)
from streamops_conformance.tail.frames import PROTOCOL, Broken
from streamops_conformance.tail.integrity import Built
from streamops_conformance.tail.streams import Stream

WELCOME_S = PROTOCOL.limits.hello_timeout_ms / 1000
FIRST_BOUND_S = PROTOCOL.back_off.first_ms / 1000
LAST_BOUND_S = PROTOCOL.back_off.longest_ms / 1000
STEADY_S = PROTOCOL.back_off.stable_ms / 1000
MAX_FRAME_BYTES = 1 << 20
WINDOW = 64
HTML_MODES: dict[str, Mode] = {"append": "append", "prepend": "prepend", "replace": "replace"}

Json = Any  # reason: a recursive union of JSON values gains nothing here


class Client:
    """One client, over all of its connections.

    `view` is the `hello.view` to send: an object with `name` and `params`. `caps` are the capabilities
    to offer: html, view, ack, resume, or a driver's. With `keep`, streams keep their text.
    """

    def __init__(
        self, view: dict[str, Json] | None = None, caps: Iterable[str] = (), *, keep: bool = True
    ) -> None:
        self.streams: dict[str, Stream] = {}
        self.agreed: frozenset[str] = frozenset()
        self._caps = list(caps)
        self._keep = keep
        self._session: str | None = None
        """The session to resume; None if there is none."""
        self._attempt = 0
        self._version = 0
        self._violations: set[str] = set()
        """Those of this session, by kind and stream (RES-19)."""
        self._max_events = 0
        self._cancelled: dict[str, int] = {}
        """The last run of each stream that was cancelled."""
        self.ignored = 0
        self._view = view
        self._welcomed_at: float | None = None
        self._closing = True  # before the first connection
        self._heard_at = 0.0
        self._silence_s = WELCOME_S
        self._fatal: frames.Error | None = None
        self._broken = False
        self._attempts = 0
        self._ref = 0
        self._unsent: list[tuple[str, dict[str, Json]]] = []
        self._unanswered: dict[int, tuple[str, dict[str, Json]]] = {}

    @property
    def welcomed(self) -> bool:
        """Whether the connection has a session and is not closing."""
        return self._welcomed_at is not None and not self._closing

    @property
    def deadline(self) -> float | None:
        """The time at which to call `tick`, if nothing arrives before."""
        return None if self._closing else self._heard_at + self._silence_s

    # The connection

    def connected(self, now: float) -> list[Effect]:
        """A connection is open, with the subprotocol agreed; `now` is when the attempt began (CLI-15)."""
        self._closing, self._broken, self._fatal = False, False, None
        self._welcomed_at, self._heard_at, self._silence_s = None, now, WELCOME_S
        limits = {"max_frame_bytes": MAX_FRAME_BYTES} | ({"window": WINDOW} if "ack" in self._caps else {})
        hello: dict[str, Json] = {"type": "hello", "caps": self._caps, "limits": limits}
        if self._session is not None:
            self._attempt += 1  # RES-21
            cursors = {name: stream.cursor for name, stream in self.streams.items()}  # RES-15
            hello["resume"] = {"session": self._session, "cursors": cursors, "attempt": self._attempt}
            if self._version:
                hello["resume"]["view"] = self._version
        if self._view is not None:
            hello["view"] = {"name": self._view["name"], "params": self._view.get("params", {})}
        return [_send(hello)]  # CON-16

    def tick(self, now: float) -> list[Effect]:
        """Nothing arrived until the deadline: a connection can be dead although neither side was told."""
        if self.deadline is None or now < self.deadline:
            return []
        what = "nothing came" if self._welcomed_at is not None else "no welcome came"
        self._closing = self._broken = True  # CLI-15: try another connection
        report = Report("silence", f"{what} for {self._silence_s:g} s")
        return [report, Close(PROTOCOL.close_codes["heartbeat_timeout"].close, "heartbeat_timeout")]

    def lost(self, code: int, now: float, dice: float) -> list[Effect]:
        """The connection ended or could not be opened; `code` is its close code, 1006 without one."""
        if self._welcomed_at is not None and now - self._welcomed_at > STEADY_S:
            self._attempts = 0
        fatal, broken = self._fatal, self._broken
        self._closing, self._fatal, self._broken, self._welcomed_at = True, None, False, None
        stop = None if broken else verdicts.stop(fatal, code)
        effects = self._forget_events() if stop is not None or self._session is None else []
        if stop is not None:  # CLI-16
            return [*effects, stop]
        bound = min(LAST_BOUND_S, FIRST_BOUND_S * PROTOCOL.back_off.factor**self._attempts)
        self._attempts = min(self._attempts + 1, 10)
        after = fatal.retry_after_ms if fatal is not None else UNSET
        wait = after / 1000 if isinstance(after, int) else 0.0
        return [*effects, Retry(wait + dice * bound)]  # CLI-25

    def _forget_events(self) -> list[Effect]:
        refs = list(self._unanswered)
        self._unanswered.clear()
        return [Replied(ref, False, "resume_failed", "the connection was lost") for ref in refs]

    def _violated(self, kind: str) -> None:
        """Close, and resume once; if the same happens again, begin a new session (RES-19)."""
        self._closing = self._broken = True
        if kind in self._violations:
            self._session = None
        self._violations.add(kind)

    def broken(self, message: str) -> list[Effect]:
        """The transport received something that is not a message, and closes by itself."""
        self._violated("malformed")
        return [Report("violation", message)]

    # What the user asks for

    def push(self, event: str, params: dict[str, Json]) -> list[Effect]:
        """Send an event, as soon as there is a session."""
        self._unsent.append((event, params))
        return self._flush() if self.welcomed else []

    def cancel(self, stream: str) -> list[Effect]:
        """Cancel the open run of that stream; without an open run, send nothing."""
        found = self.streams.get(stream)
        if not self.welcomed or found is None or found.run is None:
            return []
        self._cancelled[stream] = found.run
        return [_cancel(stream, found.run)]

    def _flush(self) -> list[Effect]:
        effects: list[Effect] = []
        while self._unsent and len(self._unanswered) < self._max_events:  # EVT-10
            event, params = self._unsent.pop(0)
            self._ref += 1  # EVT-9
            self._unanswered[self._ref] = (event, params)
            effects.append(_event(self._ref, event, params))
        return effects

    # What arrives

    def received(self, message: str | bytes, now: float) -> list[Effect]:
        """A message arrived. Show its effects together (CLI-4)."""
        if self._closing:
            return []
        if self._welcomed_at is not None:
            self._heard_at = now
        try:
            frame, unknown = frames.read_frame(message)
            self.ignored += unknown
            return list(self._frame(frame, now))
        except Broken as broken:  # CLI-3, CLI-20
            self._violated(broken.kind)
            return [
                Report("violation", str(broken)),
                Close(PROTOCOL.close_codes["bad_frame"].close, "bad_frame"),
            ]

    def _frame(self, frame: frames.Frame | None, now: float) -> Iterator[Effect]:
        """Raises Broken before the first effect, so that a broken frame has none."""
        match frame:
            case frames.Ping(t):
                yield _send({"type": "pong"} if t is UNSET else {"type": "pong", "t": t})  # CON-12
            case frames.Error():
                self._fatal = frame if frame.fatal else self._fatal
                yield Said(frame.code, frame.error, frame.fatal)
            case frames.Welcome():
                yield from self._welcome(frame, now)
            case frames.Stream():
                yield from self._stream(frame)
                if "ack" in self.agreed:  # discarded ones too (FLW-5)
                    yield _send({"type": "ack", "cursors": {frame.stream: self.streams[frame.stream].cursor}})
            case frames.Reply():
                yield from self._reply(frame)
            case frames.View() if "view" in self.agreed:
                yield from self._viewed(frame)
                if "ack" in self.agreed:
                    yield _send({"type": "ack", "cursors": {}, "view": self._version})
            case frames.View():
                yield Report("unexpected", "a view, which this session did not agree on")
            case _:
                pass  # a pong, or an unknown type

    def _welcome(self, frame: frames.Welcome, now: float) -> Iterator[Effect]:
        if self._welcomed_at is not None:
            raise Broken("a second welcome")
        self._welcomed_at = self._heard_at = now
        self._max_events = frame.limits.max_events
        self._silence_s = max(2 * frame.heartbeat_ms / 1000, 1.0)
        self.agreed = frozenset(frame.caps) & frozenset(self._caps)
        if frame.session == self._session:
            yield from self._resumed({} if frame.resumed is UNSET else frame.resumed)
        else:
            yield from self._begin(frame.session)
        yield from self._flush()

    def _begin(self, session: str) -> Iterator[Effect]:
        """RES-14: without resume, each welcome begins a new session."""
        for stream in self.streams.values():
            if stream.run is not None:
                yield stream.done("expired")[0]
            stream.forget()
        yield from self._forget_events()
        self._version = 0
        self._violations.clear()
        self._cancelled.clear()
        self._session = session if "resume" in self.agreed else None

    def _resumed(self, streams: dict[str, frames.Resumed]) -> Iterator[Effect]:
        for name, entry in streams.items():
            self._known(entry.how, entry.how in ("replay", "view", "gone"))
            if entry.how == "gone":
                yield from self._of(name).give_up(entry.seq)
        for ref, (event, params) in self._unanswered.items():  # RES-13
            yield _event(ref, event, params)
        for name, run in self._cancelled.items():  # FLW-13
            if name in self.streams and self.streams[name].run == run:
                yield _cancel(name, run)

    def _viewed(self, frame: frames.View) -> Iterator[Effect]:
        if self._welcomed_at is None:
            raise Broken("a view before welcome")
        if frame.version <= self._version:
            return
        self._version = frame.version
        yield Viewed(frame.version, frame.html)
        idle = PROTOCOL.unknown_values["state"]
        for name, state in frame.streams.items():
            known = self._known(state.state, state.state in PROTOCOL.states) is not None
            entry = state if known else msgspec.structs.replace(state, state=idle, run=UNSET)
            yield from self._of(name).reconcile(entry)

    def _of(self, name: str) -> Stream:
        return self.streams.setdefault(name, Stream(name, keep=self._keep))

    def _reply(self, frame: frames.Reply) -> Iterator[Effect]:
        if self._welcomed_at is None:
            raise Broken("a reply before welcome")
        if frame.ref not in self._unanswered:
            yield Report("unexpected", f"a reply to {frame.ref}, which is not waiting for one")
            return
        del self._unanswered[frame.ref]
        error = frame.error
        if isinstance(error, frames.Refusal):
            yield Replied(frame.ref, False, error.code, error.error)
        else:
            yield Replied(frame.ref, True)
        yield from self._flush()

    def _stream(self, frame: frames.Stream) -> Iterator[Effect]:
        if self._welcomed_at is None:
            raise Broken("a stream frame before welcome")
        cursor = self.streams[frame.stream].cursor if frame.stream in self.streams else 0
        last = frame.seq + frame.n - 1
        if last <= cursor:
            return  # CLI-2
        begins = frame.ops[0].get("op") == "start"
        is_after_a_gap = begins and frame.stream in self.streams and self.streams[frame.stream].gone
        if frame.seq != cursor + 1 and not is_after_a_gap:
            what = "a gap" if frame.seq > cursor else "a partial overlap"
            kind = f"{what} in {frame.stream}"
            raise Broken(f"{what}: {frame.stream} has {cursor} and got {frame.seq} to {last}", kind)
        ops = [frames.read_op(op) for op in frame.ops]
        self._check(frame, [op for op, _ in ops])
        stream = self._of(frame.stream)
        stream.gone = False
        later: list[tuple[Built, frames.DoneOp]] = []
        for given, (op, unknown) in zip(frame.ops, ops, strict=True):
            self.ignored += unknown
            if op is None:
                stream.unread()
                yield Report("unknown_op", f"{frame.stream}: {given['op']}")
            else:
                yield from self._apply(stream, op, given["op"], later)
        stream.cursor = last  # CLI-19
        for built, done in later:  # CLI-17
            length = None if done.text_len is UNSET else done.text_len
            yield stream.fire("integrity", ok=built.is_whole(length, str(done.text_sha256)))

    def _check(self, frame: frames.Stream, ops: list[frames.Op | None]) -> None:
        """Check the whole frame against the wire table before any op is applied."""
        state = self.streams[frame.stream].state if frame.stream in self.streams else "idle"
        for given, op in zip(frame.ops, ops, strict=True):
            if op is None:
                continue
            name = given["op"]
            row = "content" if PROTOCOL.ops[name].kind == "content" else name
            after = PROTOCOL.lifecycle.wire[state][row]
            if after is None:
                raise Broken(f"{frame.stream}: {name} in state {state}", f"a transition in {frame.stream}")
            state = after

    def _apply(
        self, stream: Stream, op: frames.Op, name: str, later: list[tuple[Built, frames.DoneOp]]
    ) -> Iterator[Effect]:
        there = op.target == default_target(stream.name)
        elsewhere = not there and "html" in self.agreed and op.target.startswith("#")
        if not there and not elsewhere and PROTOCOL.ops[name].kind == "content":
            # CLI-13; the state belongs to the stream, not to an element, so it changes all the same
            yield Report("target", f"{stream.name}: {name} on {op.target!r}, which this client does not have")
            stream.content()
            return
        match op:
            case frames.StartOp(run=run):
                yield stream.start(run)
            case frames.ErrorOp():
                yield stream.fail(op.error, self._known(op.code, verdicts.is_code(op.code)))
            case frames.DoneOp():
                reason = self._known(op.reason, op.reason in PROTOCOL.done_reasons)
                fired, built = stream.done(reason)
                yield fired
                if built is not None and op.text_sha256 is not UNSET:
                    later.append((built, op))
            case frames.TextOp():
                stream.content()
                mode = _mode(self._known(op.mode, op.mode in PROTOCOL.text_modes))
                yield Text(stream.name, mode, op.text)
                yield stream.write(op.text, mode) if there else stream.fire("text")
            case _:
                stream.content()
                stream.unread()
                yield self._html(stream.name, op, name, "" if there else op.target)

    def _html(self, stream: str, op: frames.Op, name: str, target: str) -> Effect:
        if "html" not in self.agreed:
            return Report("unsupported", f"{stream}: {name}, which this session did not agree on")
        match op:
            case frames.HtmlOp(html=html):
                return Html(stream, HTML_MODES[name], html, target)
            case frames.PruneOp(limit=limit, edge=edge):
                known = self._known(edge, edge in PROTOCOL.prune_edges) or PROTOCOL.unknown_values["edge"]
                return Removed(stream, name, target, limit, str(known))
            case _:
                return Removed(stream, name, target)

    def _known(self, value: str, known: bool) -> str | None:
        """The value; None for an unknown one (FWD-4)."""
        self.ignored += not known
        return value if known else None


def _mode(mode: str | None) -> Mode:
    return mode if mode in ("prepend", "replace") else "append"  # type: ignore[return-value]  # reason: str, not Literal


def _event(ref: int, event: str, params: dict[str, Json]) -> Send:
    return _send({"type": "event", "ref": ref, "event": event, "params": params})


def _cancel(stream: str, run: int) -> Send:
    return _send({"type": "cancel", "stream": stream, "run": run})


def _send(frame: dict[str, Json]) -> Send:
    return Send(msgspec.json.encode(frame).decode())
