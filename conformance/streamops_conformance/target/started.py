"""A command that was started: its output is read as it comes, and it ends with the run."""

import contextlib
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path


class Unreachable(Exception):
    """The target does not start, does not answer, or stopped answering: exit code 4."""


class Started:
    """A process. `heard` is called in a thread with each line that it prints.

    Raises Unreachable if it does not start.
    """

    def __init__(
        self, command: Sequence[str], *, folder: Path | None, heard: Callable[[str], None] = lambda _: None
    ) -> None:
        try:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise Unreachable(f"{' '.join(command)} does not start: {error}") from error
        self._said: deque[str] = deque(maxlen=40)
        self._listener = threading.Thread(target=self._listen, args=(heard,), daemon=True)
        self._listener.start()

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM), without waiting."""
        self._process.terminate()

    def end(self, patience: float = 0.0) -> None:
        """End this process, and no other; it has `patience` seconds to end by itself."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def last_words(self) -> str:
        """The last lines that it printed. After its end, all of them have been read."""
        if self.ended() is not None:
            self._listener.join(1.0)  # Bounded: a child process that it left may hold the pipe open.
        return "\n".join(self._said)

    def _listen(self, heard: Callable[[str], None]) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # The pipe is closed under the reader at the end.
            for line in self._process.stdout:
                self._said.append(line.rstrip())
                heard(line)
