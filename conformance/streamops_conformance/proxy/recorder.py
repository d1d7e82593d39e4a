"""Writes a recording: one JSON object to a line, in the shape of the schema `v1:capture`."""

import json
from datetime import UTC, datetime
from typing import Any, TextIO

from streamops_conformance.proxy.faults import Way
from streamops_conformance.proxy.shell import Tap
from streamops_conformance.proxy.websocket import Closing, Message, Opened, Reader, Unreadable

Line = dict[str, Any]


class Recorder(Tap):
    """Writes down what passes a proxy. Each line is flushed, so nothing is lost if the proxy is killed."""

    def __init__(self, file: TextIO, target: str) -> None:
        self._file = file
        self._readers: dict[int, Reader] = {}
        self.unreadable: dict[int, str] = {}
        began = datetime.now(UTC).isoformat(timespec="seconds")
        self._write({"type": "capture", "version": 1, "target": target, "began": began})

    def opened(self, connection: int, seconds: float) -> None:  # noqa: ARG002  # reason: the signature of the tap
        """A connection was accepted."""
        self._readers[connection] = Reader()

    def passed(self, connection: int, way: Way, data: bytes, seconds: float) -> None:
        """Bytes were written to the receiver; record the messages that they complete."""
        for item in self._readers[connection].feed(way, data):
            match item:
                case Opened(path, subprotocol, extensions):
                    said: Line = {"path": path, "subprotocol": subprotocol, "extensions": extensions}
                    self._say("open", connection, seconds, **said)
                case Message(by, content_):
                    held = {"data": content_} if isinstance(content_, str) else {"binary": content_.hex()}
                    direction = "send" if by == "up" else "recv"
                    self._say("message", connection, seconds, dir=direction, **held)
                case Closing(side, code, reason):
                    who = "client" if side == "up" else "server"
                    self._say("close", connection, seconds, by=who, code=code, reason=reason)
                case Unreadable(why):
                    self.unreadable[connection] = why
                    self._say("unreadable", connection, seconds, why=why)

    def closed(self, connection: int, seconds: float, how: str) -> None:
        """A connection ended; `how` is the line that the proxy prints."""
        del self._readers[connection]
        self._say("end", connection, seconds, how=how)

    def _say(self, kind: str, connection: int, seconds: float, **members: Any) -> None:
        self._write({"type": kind, "connection": connection, "ms": round(seconds * 1000, 3), **members})

    def _write(self, line: Line) -> None:
        # ASCII: a lone surrogate in a message is written as an escape, and read back unchanged.
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()
