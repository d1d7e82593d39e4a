"""Starting and ending the implementation under test."""

import shlex
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from streamops_conformance.target.config import Target
from streamops_conformance.target.started import Started, Unreachable


class Running:
    """A target with its URL. Use it with `with`: what it started, and nothing else, ends with it."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.url = target.url
        self.name = target.name
        self.command = shlex.join(target.start.command) if target.start else ""
        self.declared = target.capabilities
        self._started: Started | None = None
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        start = self.target.start
        if start is None:
            _await_port(self.url, 2.0, None)
            return self
        port = str(_free_port())
        self.url = self.target.url.replace("{port}", port)
        command = [part.replace("{port}", port) for part in start.command]
        if (start.folder / command[0]).exists():
            command[0] = str(Path(start.folder / command[0]).absolute())

        def heard(line: str) -> None:
            if start.ready and line.startswith(start.ready):
                self._ready.set()

        self._started = started = Started(command, folder=start.folder, heard=heard)
        try:
            self._await_ready(started, start.ready, start.timeout)
        except Unreachable:
            started.end()
            raise
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._started is not None:
            self._started.end()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM), without waiting."""
        assert self._started is not None
        self._started.terminate()

    def _await_ready(self, started: Started, ready: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while ready and not self._ready.wait(0.02):
            if started.ended() is not None:
                raise Unreachable(
                    f"{self.target.name} ended with {started.ended()} before it was ready:\n"
                    f"{started.last_words()}"
                )
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"{self.target.name} did not print a line that begins with {ready!r} in {timeout:g} s:\n"
                    f"{started.last_words()}"
                )
        _await_port(self.url, max(1.0, deadline - time.monotonic()), started)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(url: str, timeout: float, started: Started | None) -> None:
    parts = urlsplit(url)
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection((parts.hostname or "", parts.port or 80), timeout=2).close()
            return
        except OSError as error:
            if time.monotonic() > deadline or (started is not None and started.ended() is not None):
                raise Unreachable(f"nothing answers at {url}: {error}") from error
            time.sleep(0.05)
