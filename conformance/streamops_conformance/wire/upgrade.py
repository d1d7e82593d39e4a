"""One WebSocket upgrade by hand, for checks of what a client library hides."""

import asyncio
import base64
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from streamops_conformance.wire.own_time import wait_own_time

PATIENCE = 8.0


@dataclass(slots=True)
class Answer:
    """The response to an upgrade; status 0 if none came. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None if it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


async def upgrade(url: str, *, subprotocols: list[str], headers: dict[str, str]) -> Answer:
    """Request an upgrade, and drop the connection after the response; ws:// only."""
    parts = urlsplit(url)
    lines = {
        "Host": parts.netloc,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        **({"Sec-WebSocket-Protocol": ", ".join(subprotocols)} if subprotocols else {}),
        **headers,
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = f"GET {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n"
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    except OSError:
        return Answer(0, {}, b"")
    try:
        writer.write(request.encode())
        return await wait_own_time(_response(reader), PATIENCE)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return Answer(0, {}, b"")
    finally:
        writer.transport.abort()


async def _response(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)
    }
    status = int(first.split()[1])
    body = b""
    if status != 101:
        with suppress(asyncio.IncompleteReadError):
            body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(status, headers, body)
