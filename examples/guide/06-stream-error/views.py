import asyncio

from streamops_server import LiveView, event_handler


async def llm_stream():
    for word in ["The", "answer", "begins", "well", "and"]:
        yield word + " "
        await asyncio.sleep(0.05)
    raise TimeoutError("The model is away")


class GenerateView(LiveView):
    template_name = "generate.html"

    @event_handler
    async def generate(self):
        try:
            async for token in llm_stream():
                await self.stream_text("output", token, mode="append")
        except Exception as e:
            await self.stream_error("output", str(e))
