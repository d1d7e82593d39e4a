"""Starting and ending the implementation under test."""

import contextlib
import shlex
import socket
import subprocess
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from streamops_conformance.target.config import Target


class Unreachable(Exception):
    """The target does not start, does not answer, or stopped answering: exit code 4."""


class Running:
    """A target with its URL. Use it with `with`: what it started, and nothing else, ends with it."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.url = target.url
        self.name = target.name
        self.command = shlex.join(target.start.command) if target.start else ""
        self.declared = target.capabilities
        self._process: subprocess.Popen[str] | None = None
        self._said: deque[str] = deque(maxlen=40)
        self._ready = threading.Event()
        self._listener: threading.Thread | None = None

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
        try:
            self._process = subprocess.Popen(
                command,
                cwd=start.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise Unreachable(f"{' '.join(command)} does not start: {error}") from error
        self._listener = threading.Thread(target=self._listen, args=(start.ready,), daemon=True)
        self._listener.start()
        try:
            self._await_ready(start.ready, start.timeout)
        except Unreachable:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM), without waiting."""
        assert self._process is not None
        self._process.terminate()

    def last_words(self) -> str:
        """The last lines that it printed; of one that has ended, the very last too."""
        if self._listener is not None and self._process is not None and self._process.poll() is not None:
            self._listener.join(1.0)  # Bounded: a child that it left behind may hold the pipe open.
        return "\n".join(self._said)

    def _listen(self, ready: str) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # The pipe is closed under the reader when the target ends.
            for line in self._process.stdout:
                self._said.append(line.rstrip())
                if ready and line.startswith(ready):
                    self._ready.set()

    def _await_ready(self, ready: str, timeout: float) -> None:
        assert self._process is not None
        deadline = time.monotonic() + timeout
        while ready and not self._ready.wait(0.02):
            if self._process.poll() is not None:
                raise Unreachable(
                    f"{self.target.name} ended with {self._process.returncode} before it was ready:\n"
                    f"{self.last_words()}"
                )
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"{self.target.name} did not print a line that begins with {ready!r} in {timeout:g} s:\n"
                    f"{self.last_words()}"
                )
        _await_port(self.url, max(1.0, deadline - time.monotonic()), self._process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(url: str, timeout: float, process: subprocess.Popen[str] | None) -> None:
    parts = urlsplit(url)
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection((parts.hostname or "", parts.port or 80), timeout=2).close()
            return
        except OSError as error:
            if time.monotonic() > deadline or (process is not None and process.poll() is not None):
                raise Unreachable(f"nothing answers at {url}: {error}") from error
            time.sleep(0.05)
