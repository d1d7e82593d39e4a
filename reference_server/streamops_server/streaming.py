"""The streaming calls of a view, as the streaming guide documents them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from time import monotonic
from typing import Any, TypeVar

from streamops_spec import default_target

from streamops_server.core.arguments import plain
from streamops_server.current_producer import CURRENT
from streamops_server.mounted import Mounted

T = TypeVar("T")

YIELD_EVERY = 256
"""Tokens that joined one operation after which a producer lets others run, so that pings are answered."""


class StreamingMixin(Mounted):
    """The streaming calls. A call that raises has sent nothing.

    Every call may raise ValueError (a bad name, target, mode or text), `Unsupported` (the client
    lacks the capability), `Overflow` (too large for the client), `StreamCancelled` (the caller has
    to stop) and RuntimeError (the view is not mounted, or the caller is not a handler or its task).

    Calls that add content wait while too much is pending. Lifecycle calls never wait.
    """

    async def stream_to(self, name: str, target: str | None = None, html: str | None = None) -> None:
        """Replace the target's content by `html`, or by what the template renders there now.

        Raises LookupError if the template does not render the target.
        """
        backend = self._streamops_mounted()
        await backend.room(name)
        # Reading the state, rendering and accepting are one step: no await in between (VIEW-2, CNT-10).
        rendered = html is None
        if html is None:
            html = backend.render_target(name, target or default_target(name))
        backend.call(backend.program.replace, name, html, target, rendered=rendered)

    async def stream_text(
        self, name: str, text: str, mode: str = "append", target: str | None = None
    ) -> None:
        """Add literal text, which is never parsed; `mode` is append, prepend or replace."""
        if type(text) is not str:
            text = plain(text, "A text")
        backend = self._streamops_backend or self._streamops_mounted()
        if mode == "append" and target is None:
            joined = backend.program.extend(CURRENT.get(None), name, text)
            if joined:
                if joined % YIELD_EVERY == 0 or monotonic() > backend.turn.ends:
                    await asyncio.sleep(0)
                return
        await backend.room(name)
        backend.call(backend.program.text, name, text, mode, target)

    async def stream_insert(
        self, name: str, html: str, at: str = "append", target: str | None = None
    ) -> None:
        """Add html after the target's last child (`at` append) or before its first (prepend)."""
        backend = self._streamops_mounted()
        await backend.room(name)
        backend.call(backend.program.insert, name, html, at, target)

    async def stream_delete(self, name: str, selector: str | None = None) -> None:
        """Remove the element with that id, `#ID`; without one, the stream's own element."""
        backend = self._streamops_mounted()
        await backend.room(name)
        backend.call(backend.program.delete, name, selector)

    async def stream_prune(self, name: str, limit: int, edge: str = "top", target: str | None = None) -> None:
        """Remove element children from `edge` (top or bottom) until at most `limit` stay."""
        backend = self._streamops_mounted()
        await backend.room(name)
        backend.call(backend.program.prune, name, limit, edge, target)

    async def stream_error(
        self, name: str, message: str, code: str = "app_error", retryable: bool | None = None
    ) -> None:
        """Show an error and keep the content. `code` is a core code or your own, `x_…`.

        An error message is never split. Raises Overflow, showing nothing, for a message that exceeds
        one frame of the client, so keep it well below 64 KiB.
        """
        backend = self._streamops_mounted()
        backend.call(backend.program.error, name, message, code, retryable)

    async def stream_start(self, name: str) -> None:
        """Open the stream; a run that is still open there ends, superseded."""
        backend = self._streamops_mounted()
        backend.call(backend.program.start, name)

    async def stream_done(self, name: str) -> None:
        """Close the stream; does nothing on a closed one."""
        backend = self._streamops_mounted()
        backend.call(backend.program.done, name)

    async def push_state(self) -> None:
        """Send the whole view, rendered from the current state."""
        backend = self._streamops_mounted()
        await backend.room_for_view()
        backend.push_view()

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` as a task that belongs to the caller and may outlive it.

        Runs that the task starts are its own and end with it. The caller's runs stay open until the
        task has ended too. The task ends with the session at the latest.
        """
        return self._streamops_mounted().start_task(work)
