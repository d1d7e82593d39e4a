"""The proxy's recording: one JSON object to a line, in the shape of the schema `v1:capture`."""

import json
from collections.abc import Iterable
from typing import Any

from streamops_spec import Shapes, load_shapes

from streamops_conformance.capture.model import Capture, CaptureError, Connection

Line = dict[str, Any]


def read_lines(lines: Iterable[str]) -> Capture:
    """The capture in a recording. A line that cannot be read is skipped, and its number is noted.

    Raises CaptureError, naming the first wrong line, if no line can be read.
    """
    shapes = load_shapes("v1:capture")
    capture = Capture("the proxy's recording")
    found: dict[int, Connection] = {}
    is_recording = False
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        line, why = _parsed(text, shapes)
        if why:
            capture.skipped.append(f"line {number}{why}")
            _leave_hole(found, line, capture.skipped[-1])
            continue
        is_recording = True
        if line["type"] == "capture":
            continue
        connection = found.get(line["connection"])
        if connection is None:
            connection = found[line["connection"]] = Connection(line["connection"], line["ms"])
            capture.connections.append(connection)
        if not connection.unreadable:
            _take(connection, line)
    if capture.skipped and not is_recording:
        raise CaptureError(capture.skipped[0])
    return capture


def _parsed(text: str, shapes: Shapes) -> tuple[Any, str]:
    """The value of a line, and what is wrong with it; empty if nothing is."""
    try:
        text.encode()
        line = json.loads(text)
    except UnicodeEncodeError:  # the file was read with the bytes that are not UTF-8 as surrogates
        return None, " is not UTF-8"
    except (ValueError, RecursionError) as error:
        return None, f" is not JSON: {error}"
    return line, "" if shapes.is_valid(line) else f": {shapes.explain(line)}"


def _leave_hole(found: dict[int, Connection], line: Any, why: str) -> None:
    """End the transcripts that a wrong line may belong to: what follows a hole cannot be judged.

    A line without a connection of its own belongs to all that have not ended, unless it is another
    program's, which shows by being an object without a connection.
    """
    if isinstance(line, dict):
        connection = found.get(line.get("connection", 0))
        holed = [connection] if connection is not None else []
    else:
        holed = [each for each in found.values() if not each.ended]
    for each in holed:
        each.unreadable = each.unreadable or why


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
