"""The command that starts the client under test, with the control URL; it ends with the run."""

import shlex
from collections.abc import Callable
from pathlib import Path

from streamops_conformance.target.started import Started


class TesteeCommand:
    """A client under test. Without a command it is a page that somebody opens by hand."""

    __test__ = False  # not a test, although its name begins with Test
    declared: frozenset[str] | None = None
    """None: its `hello` offers what it has."""

    def __init__(
        self,
        command: tuple[str, ...],
        *,
        name: str = "",
        folder: Path | None = None,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`announce` is told the control URL of a client that a person opens."""
        self.name = name or (shlex.join(command) if command else "a client opened by hand")
        self.command = shlex.join(command)
        self.url = ""
        """The control URL, once there is one."""
        self.announce = announce
        self._words = command
        self._folder = folder
        self._started: Started | None = None

    def start(self, url: str) -> None:
        """Start it with the URL as its last argument. Raises Unreachable if it does not start."""
        self.url = url
        if self._words:
            self._started = Started([*self._words, url], folder=self._folder)

    def ended(self) -> int | None:
        """Its exit code; None while it runs, or where nothing was started."""
        return self._started.ended() if self._started is not None else None

    def end(self) -> None:
        """End the process. Its control connections are closed by now, which tells it to end by itself."""
        if self._started is not None:
            self._started.end(patience=2.0)

    def last_words(self) -> str:
        """The last lines that it printed."""
        return self._started.last_words() if self._started is not None else ""
