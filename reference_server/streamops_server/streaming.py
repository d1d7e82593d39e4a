"""The streaming calls of a view, as the streaming guide documents them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from streamops_server import templates
from streamops_server.core.errors import Fenced
from streamops_server.core.ops import check_target, default_target
from streamops_server.errors import StreamCancelled
from streamops_server.pump import CALLER, TOKENS_PER_BREATH

if TYPE_CHECKING:
    from streamops_server.live import Live
    from streamops_server.view import View

T = TypeVar("T")


class StreamingMixin:
    """Every call may raise ValueError (a bad name, target, mode or text), `Unsupported`
    (a capability that the client has not), `Overflow` (too large for the client) and
    `StreamCancelled` (the caller is to stop). A call that raises has sent nothing.

    Calls that add content wait while too much is pending; lifecycle calls never wait.
    """

    _live: Live | None = None

    async def stream_to(self, name: str, target: str | None = None, html: str | None = None) -> None:
        """Replace the target's content: by `html`, or by what the template renders there now.

        Raises LookupError where the template renders no such target.
        """
        live = self._session()
        await live.pump.room(name)
        # Reading the state, rendering and accepting are one step: no await in between (VIEW-2, CNT-10).
        rendered = html is None
        try:
            live.program.open_to(live.caller(), name, "html")
        except Fenced:
            raise StreamCancelled from None
        if html is None:
            wanted = target or default_target(name)
            check_target(wanted)
            html = templates.inner(templates.render(self._view()), wanted)
        try:
            live.program.replace(live.caller(), name, html, target, rendered=rendered)
        except Fenced:
            raise StreamCancelled from None
        live.pump.touch()

    async def stream_text(
        self, name: str, text: str, mode: str = "append", target: str | None = None
    ) -> None:
        """Add literal text, never parsed; `mode` is append, prepend or replace."""
        live = self._live or self._session()
        if mode == "append" and target is None:
            joined = live.program.extend(CALLER.get(None), name, text)
            if joined:
                if joined % TOKENS_PER_BREATH == 0:
                    await asyncio.sleep(0)
                return
        await live.pump.room(name)
        try:
            live.program.text(live.caller(), name, text, mode, target)
        except Fenced:
            raise StreamCancelled from None
        live.pump.touch()

    async def stream_insert(
        self, name: str, html: str, at: str = "append", target: str | None = None
    ) -> None:
        """Add html after the target's last child (`at` append) or before its first (prepend)."""
        live = self._session()
        await live.pump.room(name)
        try:
            live.program.insert(live.caller(), name, html, at, target)
        except Fenced:
            raise StreamCancelled from None
        live.pump.touch()

    async def stream_delete(self, name: str, selector: str | None = None) -> None:
        """Remove the element with that id, `#ID`; without one, the stream's own element."""
        live = self._session()
        await live.pump.room(name)
        try:
            live.program.delete(live.caller(), name, selector)
        except Fenced:
            raise StreamCancelled from None
        live.pump.touch()

    async def stream_prune(self, name: str, limit: int, edge: str = "top", target: str | None = None) -> None:
        """Remove element children from `edge` (top or bottom) until at most `limit` stay."""
        live = self._session()
        await live.pump.room(name)
        try:
            live.program.prune(live.caller(), name, limit, edge, target)
        except Fenced:
            raise StreamCancelled from None
        live.pump.touch()

    async def stream_error(
        self, name: str, message: str, code: str = "app_error", retryable: bool | None = None
    ) -> None:
        """Show an error, keeping the content. `code` is a core code or your own, `x_…`.

        Unlike a text the message is never split: raises Overflow, showing nothing, where it cannot
        fit one frame of the client's, so keep it well below 64 KiB.
        """
        live = self._session()
        try:
            live.program.error(live.caller(), name, message, code, retryable)
        except Fenced:
            raise StreamCancelled from None
        live.pump.touch()

    async def stream_start(self, name: str) -> None:
        """Open the stream; a run that is still open there ends, superseded."""
        live = self._session()
        try:
            live.program.start(live.caller(), name)
        except Fenced:
            raise StreamCancelled from None
        live.pump.touch()

    async def stream_done(self, name: str) -> None:
        """Close the stream; on a closed one it does nothing."""
        live = self._session()
        try:
            live.program.done(live.caller(), name)
        except Fenced:
            raise StreamCancelled from None
        live.pump.touch()

    async def push_state(self) -> None:
        """Send the whole view, rendered from the state as it is now."""
        live = self._session()
        await live.pump.room_for_view()
        try:
            live.push_view(live.caller())
        except Fenced:
            raise StreamCancelled from None

    def start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` as a task that belongs to the caller, and may outlive it.

        Runs that the task starts are its own and end with it; the caller's runs stay open
        until the task has ended too. Ends with the session at the latest.
        """
        return self._session().start_task(work)

    def _session(self) -> Live:
        if self._live is None:
            raise RuntimeError("This view is not mounted; streaming calls work from mount on")
        return self._live

    def _view(self) -> View:
        raise NotImplementedError("StreamingMixin streams for a View: inherit from View too")
