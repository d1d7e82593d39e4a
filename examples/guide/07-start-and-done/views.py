import asyncio

from streamops_server import LiveView, event_handler


async def llm_stream():
    for word in ["It", "is", "written", "word", "by", "word."]:
        yield word + " "
        await asyncio.sleep(0.1)


class GenerateView(LiveView):
    template_name = "generate.html"

    def mount(self, request, **kwargs):
        self.output = ""

    @event_handler
    async def generate(self):
        await self.stream_start("output")

        async for token in llm_stream():
            await self.stream_text("output", token, mode="append")

        await self.stream_done("output")
