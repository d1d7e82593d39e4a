"""Parses the two directions of a connection: handshake, messages, close. It does no I/O."""

import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.streams import StreamReader

from streamops_conformance.proxy.faults import Way

HEAD = 1 << 16
"""The largest head of a handshake, in bytes."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The handshake is over."""

    path: str
    subprotocol: str
    extensions: str


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message; text that is not UTF-8 stays bytes."""

    way: Way
    data: str | bytes


@dataclass(frozen=True, slots=True)
class Closing:
    """A close frame; 1005 is one without a code."""

    way: Way
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nothing can be read from the connection after this point; `why` is the reason."""

    why: str


Item = Opened | Message | Closing | Unreadable


class Reader:
    """One connection, from its first byte. Feed it the bytes in order; it yields what they complete."""

    def __init__(self) -> None:
        self._heads: dict[Way, bytes] = {"up": b"", "down": b""}
        self._path = ""
        self._sides: dict[Way, _Side] = {}
        self._over = False

    def feed(self, way: Way, data: bytes) -> list[Item]:
        """Yield what these bytes complete. After `Unreadable`, nothing."""
        if self._over:
            return []
        found: list[Item] = []
        if self._sides:
            found += self._sides[way].feed(data)
        else:
            self._heads[way] += data
            found += self._head(way)
        self._over = any(isinstance(each, Unreadable) for each in found)
        return found

    def _head(self, way: Way) -> Iterator[Item]:
        """Parse the head of the request, then of the response; frames follow each."""
        head, end, rest = self._heads[way].partition(b"\r\n\r\n")
        if not end:
            if len(head) > HEAD:
                yield Unreadable("its head has no end")
            return
        first, _, lines = head.decode("latin-1").partition("\r\n")
        words = first.split(" ")
        if way == "up":
            self._path = words[1].partition("?")[0] if len(words) == 3 else ""
            return
        if len(words) < 2 or words[1] != "101":
            yield Unreadable(f"no WebSocket: {first[:100]!r}")
            return
        named = [line.partition(":")[::2] for line in lines.split("\r\n")]
        headers = {name.strip().lower(): value.strip() for name, value in named}
        extensions = headers.get("sec-websocket-extensions", "")
        yield Opened(self._path, headers.get("sec-websocket-protocol", ""), extensions)
        try:
            self._sides = {"up": _Side("up", extensions), "down": _Side("down", extensions)}
        except ValueError as error:
            yield Unreadable(str(error))
            return
        early = self._heads["up"].partition(b"\r\n\r\n")[2]
        yield from self._sides["up"].feed(early)
        yield from self._sides["down"].feed(rest)


class _Side:
    """The frames of one direction."""

    def __init__(self, way: Way, extensions: str) -> None:
        self._way = way
        self._reader = StreamReader()
        self._found: list[Item] = []
        self._parts: list[Frame] = []
        self._deflate = _deflate(extensions, way)
        self._parser = self._frames()
        next(self._parser)

    def feed(self, data: bytes) -> list[Item]:
        self._reader.feed_data(data)
        self._found = []
        try:
            next(self._parser)
        except (ProtocolError, PayloadTooBig, zlib.error) as error:
            self._found.append(Unreadable(f"no WebSocket frames {self._way}: {error}"))
        return self._found

    def _frames(self) -> Generator[None, None, None]:
        extensions = [self._deflate] if self._deflate is not None else []
        while True:
            frame = yield from Frame.parse(
                self._reader.read_exact, mask=self._way == "up", extensions=extensions
            )
            if frame.opcode is Opcode.CLOSE:
                close = Close.parse(frame.data)
                self._found.append(Closing(self._way, close.code, close.reason))
            elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._parts.append(frame)
                if frame.fin:
                    self._found.append(Message(self._way, self._message()))

    def _message(self) -> str | bytes:
        data = b"".join(bytes(each.data) for each in self._parts)
        text = self._parts[0].opcode is Opcode.TEXT
        self._parts = []
        if not text:
            return data
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data


def _deflate(extensions: str, way: Way) -> PerMessageDeflate | None:
    """The decompressor of one direction. Raises ValueError for an unknown extension."""
    if not extensions:
        return None
    name, *said = [part.strip() for part in extensions.split(";")]
    parameters = {key: value.strip('" ') for key, _, value in (each.partition("=") for each in said)}
    side = "client" if way == "up" else "server"
    if name != "permessage-deflate" or "," in extensions:
        raise ValueError(f"the extension {extensions!r} cannot be read")
    bits = parameters.get(f"{side}_max_window_bits", "")
    return PerMessageDeflate(
        remote_no_context_takeover=f"{side}_no_context_takeover" in parameters,
        local_no_context_takeover=True,
        remote_max_window_bits=int(bits) if bits.isdigit() and 8 <= int(bits) <= 15 else 15,
        local_max_window_bits=15,
    )
