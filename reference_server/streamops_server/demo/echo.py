"""The view that a server without views of its own shows: an echo that types, like an LLM would."""

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
        self.messages: list[str] = []

    @event_handler
    async def send_message(self, content: str, **_kwargs: Any) -> None:
        self.messages.append(content)
        with suppress(Unsupported):  # a client for text alone, such as one for a terminal, has no views
            await self.push_state()
        await self.stream_start("answer")
        await self.stream_text("answer", "", mode="replace")
        for word in f"You said: {content} That is all I know about it.".split():
            await self.stream_text("answer", word + " ")
            await asyncio.sleep(0.03)
