"""Answers of an OpenAI-compatible endpoint, token by token: chat completions over server-sent events.

Rule 1: `parse` knows the format and no socket; `stream` knows the socket and not the format.
Rule 2: the page is told a text of this module and a status, never the body of an endpoint's response.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

_SILENCE = 60.0  # seconds without a byte after which the endpoint counts as gone
_DONE = "[DONE]"


class Endpoint(NamedTuple):
    """The URL of an endpoint, the key for it, and the model to ask."""

    url: str
    key: str
    model: str


class Unavailable(Exception):
    """The endpoint gave no answer, or only part of one. The text may be shown to the user."""


def configured(environ: Mapping[str, str]) -> Endpoint | None:
    """The endpoint that the environment configures; None if it does not."""
    url = environ.get("STREAMOPS_DEMO_OPENAI_URL", "").rstrip("/")
    if not url:
        return None
    if not url.endswith("/chat/completions"):
        url += "/chat/completions"
    key = environ.get("STREAMOPS_DEMO_OPENAI_KEY", "")
    return Endpoint(url, key, environ.get("STREAMOPS_DEMO_OPENAI_MODEL", "gpt-4o-mini"))


def parse(line: str) -> str | None:
    """The text that one line of the event stream adds, possibly empty; None for the line that ends it.

    Raises Unavailable for a line that is not a chunk, or that reports an error.
    """
    field, _, value = line.partition(":")
    value = value.strip()
    if field != "data" or not value:
        return ""
    if value == _DONE:
        return None
    try:
        chunk = json.loads(value)
        if "error" in chunk:
            raise Unavailable("The model reported an error")
        return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unavailable("The model's answer could not be read") from error


async def stream(endpoint: Endpoint, messages: Sequence[Mapping[str, str]]) -> AsyncGenerator[str, None]:
    """The tokens of the answer to `messages`. Raises Unavailable.

    Each read waits in a thread. Leaving early, also by a cancellation, closes the connection.
    """
    call = _Call(endpoint)
    try:
        await asyncio.to_thread(call.begin, messages)
        while line := await asyncio.to_thread(call.read):
            text = parse(line.decode("utf-8", "replace"))
            if text is None:
                return
            if text:
                yield text
        raise Unavailable("The model's answer ended early")
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable("The model cannot be reached") from error
    finally:
        call.cut()
        await asyncio.to_thread(call.close)


class _Call:
    """One request. Each of its steps blocks, except `cut`, which ends a step that waits."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        address = urlsplit(endpoint.url)
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(address.netloc, timeout=_SILENCE)
        self._path = address.path
        self._socket: socket.socket | None = None
        self._response: http.client.HTTPResponse | None = None
        self._is_cut = False

    def begin(self, messages: Sequence[Mapping[str, str]]) -> None:
        """Send the request, and wait for the status."""
        body = {"model": self._endpoint.model, "messages": list(messages), "stream": True}
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self._endpoint.key:
            headers["Authorization"] = f"Bearer {self._endpoint.key}"
        try:
            self._connection.connect()
            self._socket = self._connection.sock
            if self._is_cut:  # while it connected
                return
            self._connection.request("POST", self._path, json.dumps(body), headers)
            self._response = self._connection.getresponse()
            if self._response.status != http.HTTPStatus.OK:
                raise Unavailable(f"The model's endpoint answered {self._response.status}")
        finally:
            if self._is_cut:  # `cut` found nothing to close
                self.close()

    def read(self) -> bytes:
        """The next line; empty at the end."""
        assert self._response is not None
        return self._response.readline()

    def cut(self) -> None:
        """Shut the connection down at once."""
        self._is_cut = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # gone already
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection. Waits for a read that is in progress, so call `cut` first."""
        self._connection.close()
        for each in (self._response, self._socket):
            if each is not None:
                each.close()
