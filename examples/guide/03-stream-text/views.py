import asyncio

from streamops_server import LiveView, event_handler


async def read_log_lines():
    for number in range(1, 6):
        yield f"line {number} <ok>\n"
        await asyncio.sleep(0.05)


class TextView(LiveView):
    template_name = "text.html"

    @event_handler
    async def stream_log(self):
        async for line in read_log_lines():
            await self.stream_text("log", line, mode="append")

    @event_handler
    async def append(self, token, **kwargs):
        # Append text (default for LLM-style streaming)
        await self.stream_text("output", token, mode="append")

    @event_handler
    async def prepend(self, new_line, **kwargs):
        # Prepend text
        await self.stream_text("log", new_line + "\n", mode="prepend")

    @event_handler
    async def replace(self):
        # Replace all text
        await self.stream_text("status", "Complete!", mode="replace")
