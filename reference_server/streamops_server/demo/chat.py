"""Scene 1: a chat. The answer streams; Stop cancels the task that writes it; a failure can be retried."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from streamops_server.demo import completions, text_generator
from streamops_server.errors import BadParams
from streamops_server.request import Request
from streamops_server.view import View, event_handler

_LONGEST_QUESTION = 2000
_SUGGESTIONS = (
    "Why do tokens get lost?",
    "Why is it fast?",
    "What if an error comes in the middle?",
    "Tell me a story about the sea",
)


class AIChat(View):
    """`ask` streams an answer into `answer`. Earlier answers are state, which the template renders."""

    template_name = "chat.html"

    def mount(self, _request: Request, /, seed: int = 1, **_params: Any) -> None:
        """`seed` chooses the generated answers."""
        self.suggestions = _SUGGESTIONS
        self.messages: list[dict[str, str]] = []
        self.is_generating = False
        self.can_retry = False
        self._seed = seed
        self._answer = ""
        self._task: asyncio.Task[None] | None = None

    @event_handler
    async def ask(self, content: str, **_params: Any) -> None:
        """Answer a question; an answer that is being written is stopped. Raises BadParams."""
        content = str(content).strip()
        if not content:
            raise BadParams("Write a question first")
        if len(content) > _LONGEST_QUESTION:
            raise BadParams(f"A question has at most {_LONGEST_QUESTION} characters")
        await self._stop()
        self._task = self.start_task(self._write(content))

    @event_handler
    async def again(self, **_params: Any) -> None:
        """Ask the last question again; its new answer replaces the failed one."""
        if self.can_retry:
            self._task = self.start_task(self._write())

    @event_handler
    async def stop(self, **_params: Any) -> None:
        """Stop the answer."""
        await self._stop()

    async def _write(self, question: str | None = None) -> None:
        await self.stream_start("answer")
        if self.messages:  # before the first question the template has no place for an answer
            await self.stream_text("answer", "", mode="replace")
        if question is not None:
            self._keep_answer()
            self.messages.append({"role": "user", "content": question})
        self.is_generating, self.can_retry, self._answer = True, False, ""
        await self.push_state()
        try:
            async with aclosing(self._tokens()) as tokens:
                async for token in tokens:
                    await self.stream_text("answer", token)
                    self._answer += token
        except completions.Unavailable as error:
            self.can_retry = True
            await self.stream_error("answer", str(error), code="upstream_error", retryable=True)
        self.is_generating = False
        await self.push_state()

    def _tokens(self) -> AsyncGenerator[str, None]:
        endpoint = completions.configured(os.environ)
        if endpoint is not None:
            return completions.stream(endpoint, self.messages)
        return text_generator.generate(self.messages[-1]["content"], self._seed + len(self.messages))

    async def _stop(self) -> None:
        """Cancel the task that writes, and wait for its end; its run ends with `done(cancelled)`."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        self.is_generating = False

    def _keep_answer(self) -> None:
        """Make the streamed answer part of the state, since its stream is needed for the next one."""
        if self._answer:
            self.messages.append({"role": "assistant", "content": self._answer})
