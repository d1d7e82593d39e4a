"""The proxy's recording: one JSON object to a line, in the shape of the schema `v1:capture`."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TextIO

from streamops_spec import load_shapes

from streamops_conformance.capture.model import Capture, CaptureError, Connection
from streamops_conformance.capture.websocket import Closing, Message, Opened, Reader, Unreadable
from streamops_conformance.proxy.faults import Way
from streamops_conformance.proxy.shell import Tap

Line = dict[str, Any]


class Recorder(Tap):
    """Writes down what passes a proxy. Each line is flushed: a proxy that is killed leaves what was."""

    def __init__(self, file: TextIO, target: str) -> None:
        self._file = file
        self._readers: dict[int, Reader] = {}
        self.unreadable: dict[int, str] = {}
        began = datetime.now(UTC).isoformat(timespec="seconds")
        self._write({"type": "capture", "version": 1, "target": target, "began": began})

    def opened(self, connection: int, seconds: float) -> None:  # noqa: ARG002  the tap's signature
        self._readers[connection] = Reader()

    def passed(self, connection: int, way: Way, data: bytes, seconds: float) -> None:
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
        del self._readers[connection]
        self._say("end", connection, seconds, how=how)

    def _say(self, kind: str, connection: int, seconds: float, **members: Any) -> None:
        self._write({"type": kind, "connection": connection, "ms": round(seconds * 1000, 3), **members})

    def _write(self, line: Line) -> None:
        # ASCII: a lone surrogate that somebody sent is written as it is escaped, and comes back the same.
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()


def read_lines(lines: Iterable[str]) -> Capture:
    """The capture in a recording. Raises CaptureError with the number of the first line that is wrong."""
    shapes = load_shapes("v1:capture")
    capture = Capture("the proxy's recording")
    found: dict[int, Connection] = {}
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError as error:
            raise CaptureError(f"line {number} is no JSON: {error}") from None
        if not shapes.is_valid(line):
            raise CaptureError(f"line {number}: {shapes.explain(line)}")
        if line["type"] == "capture":
            continue
        connection = found.get(line["connection"])
        if connection is None:
            connection = found[line["connection"]] = Connection(line["connection"], line["ms"])
            capture.connections.append(connection)
        _take(connection, line)
    return capture


def _take(connection: Connection, line: Line) -> None:
    match line["type"]:
        case "open":
            connection.opened_ms = line["ms"]
            connection.path = line["path"]
            connection.subprotocol = line["subprotocol"]
            connection.extensions = line["extensions"]
        case "message":
            data = line["data"] if "data" in line else bytes.fromhex(line["binary"])
            connection.add(line["dir"], line["ms"], data)
        case "close" if line["by"] == "server":
            connection.close(line["ms"], line["code"], line["reason"])
        case "unreadable":
            connection.unreadable = line["why"]
        case "end":
            connection.ended, connection.ended_ms = line["how"], line["ms"]
        case _:
            pass  # The client's close changes nothing for the server's side.
