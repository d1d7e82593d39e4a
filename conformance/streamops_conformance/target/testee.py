"""The command that brings the client under test: started with the control URL, ended with the run."""

import contextlib
import shlex
import subprocess
import threading
from collections import deque
from pathlib import Path

from streamops_conformance.target.process import Unreachable


class TesteeCommand:
    """A client under test. Without a command it is a page that somebody opens by hand."""

    __test__ = False  # no test, whatever its name begins with
    declared: frozenset[str] | None = None
    """What its hello offers says what it has."""

    def __init__(self, command: tuple[str, ...], *, name: str = "", folder: Path | None = None) -> None:
        self.name = name or (shlex.join(command) if command else "a client opened by hand")
        self.command = shlex.join(command)
        self.url = ""
        """The control URL, once there is one."""
        self._words = command
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._said: deque[str] = deque(maxlen=40)
        self._listener: threading.Thread | None = None

    def start(self, url: str) -> None:
        """Start it with the URL as its last argument. Raises Unreachable where it does not start."""
        self.url = url
        if not self._words:
            return
        try:
            self._process = subprocess.Popen(
                [*self._words, url],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise Unreachable(f"{self.command} does not start: {error}") from error
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ended(self) -> int | None:
        """Its exit code; None while it runs, or where nothing was started."""
        return self._process.poll() if self._process is not None else None

    def end(self) -> None:
        """End what was started, and nothing else."""
        process = self._process
        if process is None:
            return
        try:
            process.wait(2)  # its control connections are closed: that is its sign to end
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def last_words(self) -> str:
        """The last lines that it printed; of one that has ended, the very last too."""
        if self._listener is not None and self.ended() is not None:
            self._listener.join(1.0)  # Bounded: a child that it left behind may hold the pipe open.
        return "\n".join(self._said)

    def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # The pipe is closed under the reader when it ends.
            for line in self._process.stdout:
                self._said.append(line.rstrip())
