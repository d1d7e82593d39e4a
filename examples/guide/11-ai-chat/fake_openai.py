"""Stands in for `openai`, with the one call that the example makes; a question with "fail" breaks off."""

import asyncio
from types import SimpleNamespace


class ChatCompletion:
    @staticmethod
    async def acreate(model, messages, stream):
        question = messages[-1]["content"]

        async def chunks():
            for word in f"You asked: {question} Here is what I know.".split():
                delta = SimpleNamespace(content=word + " ")
                yield SimpleNamespace(choices=[SimpleNamespace(delta=delta)])
                await asyncio.sleep(0.08)
                if "fail" in word:
                    raise ConnectionError("the model hung up")

        return chunks()
