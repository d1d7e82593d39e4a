"""The proxy's recording: one JSON object to a line, in the shape of the schema `v1:capture`."""

import json
from collections.abc import Iterable
from typing import Any

from streamops_spec import load_shapes

from streamops_conformance.capture.model import Capture, CaptureError, Connection

Line = dict[str, Any]


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
            raise CaptureError(f"line {number} is not JSON: {error}") from None
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
            pass  # A close by the client changes nothing on the server's side.
