"""The reference server: streams a program's live output to a screen without losing a token.

from streamops_server import View, event_handler

class Answer(View):
    template = '<p dj-stream="answer"></p>'

    @event_handler
    async def ask(self, question):
        async for token in llm(question):
            await self.stream_text("answer", token)
"""

from streamops_server.core.limits import Limits
from streamops_server.errors import (
    BadParams,
    Overflow,
    ProgramError,
    StreamCancelled,
    Unauthorized,
    Unsupported,
)
from streamops_server.pages import Pages
from streamops_server.registry import Registry
from streamops_server.request import Request
from streamops_server.streaming import StreamingMixin
from streamops_server.threads import ThreadSource
from streamops_server.view import View, event_handler
from streamops_server.websocket_server import StreamServer

LiveView = View

__all__ = [
    "BadParams",
    "Limits",
    "LiveView",
    "Overflow",
    "Pages",
    "ProgramError",
    "Registry",
    "Request",
    "StreamCancelled",
    "StreamServer",
    "StreamingMixin",
    "ThreadSource",
    "Unauthorized",
    "Unsupported",
    "View",
    "event_handler",
]
