"""The view of a server that was given none: an echo that answers word by word, as an LLM does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from streamops_server.errors import Unsupported
from streamops_server.request import Request
from streamops_server.view import View, event_handler


class Chat(View):
    """`send_message` with `content` streams an answer, word by word, into the stream `answer`."""

    template = (
        "<main><ol>{% for message in messages %}<li>{{ message }}</li>{% endfor %}</ol>"
        '<p dj-stream="answer" data-loading-class="is-streaming"></p></main>'
    )

    def mount(self, _request: Request, /, **_kwargs: Any) -> None:
        """Begin without messages."""
        self.messages: list[str] = []

    @event_handler
    async def send_message(self, content: str, **_kwargs: Any) -> None:
        """Show the message, and stream an answer."""
        self.messages.append(content)
        with suppress(Unsupported):  # a client without views, such as a terminal
            await self.push_state()
        await self.stream_start("answer")
        await self.stream_text("answer", "", mode="replace")
        for word in f"You said: {content} That is all I know about it.".split():
            await self.stream_text("answer", word + " ")
            await asyncio.sleep(0.03)
