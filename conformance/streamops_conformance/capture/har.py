"""HAR files as Chromium's developer tools export them: `_webSocketMessages` in an entry hold its messages."""

import base64
import binascii
import re
from datetime import datetime
from typing import Any

from streamops_conformance.capture.model import Capture, CaptureError, Connection

TEXT = 1
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
"""How such bytes are read from a file. A message cannot hold them: it was UTF-8 on the wire."""


def is_har(value: Any) -> bool:
    """Whether a JSON document is a HAR."""
    return isinstance(value, dict) and isinstance(value.get("log"), dict) and "entries" in value["log"]


def read_har(value: dict[str, Any]) -> Capture:
    """The WebSockets of a HAR. An entry that cannot be read is skipped, and its place is noted.

    Raises CaptureError if the HAR has no list of entries, or WebSockets of which none can be read.
    """
    capture = Capture("a HAR")
    entries = value["log"]["entries"]
    if not isinstance(entries, list):
        raise CaptureError("log.entries is not a list")
    found: list[tuple[float, str, dict[str, Any]]] = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            capture.skipped.append(f"log.entries[{number}] is {entry!r:.40}, not an entry of a HAR")
            continue
        try:
            messages = entry.get("_webSocketMessages")
            if messages is not None:
                found.append((_seconds(entry, messages), f"log.entries[{number}]", entry))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            capture.skipped.append(f"log.entries[{number}] is not an entry with messages: {error!r}")
    found.sort(key=lambda each: each[0])
    for number, (_, where, entry) in enumerate(found, start=1):
        try:
            capture.connections.append(_connection(number, where, entry, found[0][0]))
        except (TypeError, AttributeError) as error:
            capture.skipped.append(f"{where} is not an entry of a HAR: {error!r}")
    if capture.skipped and not capture.connections:
        raise CaptureError(capture.skipped[0])
    return capture


def _seconds(entry: dict[str, Any], messages: list[dict[str, Any]]) -> float:
    """When the connection began, on the clock of its messages: seconds since the epoch."""
    started = _date(entry.get("startedDateTime"))
    first = float(messages[0]["time"]) if messages else started
    # Playwright writes milliseconds where developer tools write seconds; the date tells which.
    scale = 1000.0 if first > 1e11 else 1.0
    return min(started or first / scale, first / scale)


def _check_text(data: object) -> None:
    """Raises TypeError for what is not a text, ValueError for a text that holds bytes which are not UTF-8."""
    if not isinstance(data, str):
        raise TypeError(f"the data is {data!r:.40}, not a text")
    if _NOT_UTF8.search(data):
        raise ValueError("the message holds bytes that are not UTF-8")


def _date(said: object) -> float:
    """Seconds since the epoch; 0 for what is not a date, since the messages have times of their own."""
    try:
        return datetime.fromisoformat(said).timestamp() if isinstance(said, str) else 0.0
    except (ValueError, OverflowError, OSError):
        return 0.0


def _connection(number: int, where: str, entry: dict[str, Any], began: float) -> Connection:
    opened = _seconds(entry, entry["_webSocketMessages"])
    made = Connection(number, (opened - began) * 1000)
    made.path = str(entry.get("request", {}).get("url", ""))
    headers = {
        str(each.get("name", "")).lower(): str(each.get("value", ""))
        for each in entry.get("response", {}).get("headers", ())
    }
    if headers:
        made.subprotocol = headers.get("sec-websocket-protocol", "")
        made.extensions = headers.get("sec-websocket-extensions", "")
    for index, message in enumerate(entry["_webSocketMessages"]):
        try:
            time = float(message["time"])
            ms = (time / 1000.0 if time > 1e11 else time) - began
            if message["type"] == "error":  # The browser could not connect, or lost the connection.
                made.ended, made.ended_ms = str(message.get("data")), ms * 1000
                continue
            direction = {"send": "send", "receive": "recv"}[message["type"]]
            data, opcode = message["data"], message.get("opcode", TEXT)
            if opcode in (8, 9, 10):  # A control frame, where a browser exports those.
                continue
            content = data if opcode == TEXT else base64.b64decode(data, validate=True)
            if not isinstance(content, bytes):
                _check_text(content)
            made.add("send" if direction == "send" else "recv", ms * 1000, content)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            # What follows a hole cannot be judged: a number may be missing because of it.
            made.unreadable = f"{where}._webSocketMessages[{index}]: {error!r}"
            break
    return made
