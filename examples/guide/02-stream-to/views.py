import asyncio

from streamops_server import LiveView, event_handler


async def generate_text():
    for chunk in ("Replaced ", "at each ", "chunk: <all> ", "of it."):
        yield chunk
        await asyncio.sleep(0.1)


class OutputView(LiveView):
    template_name = "output.html"

    def mount(self, request, **kwargs):
        self.output = ""

    @event_handler
    async def generate_content(self):
        self.output = ""

        async for chunk in generate_text():
            self.output += chunk
            await self.stream_to("output")  # Updates [dj-stream="output"]

    @event_handler
    async def by_name(self):
        # Target by stream name (default: [dj-stream="name"])
        self.output = "By name"
        await self.stream_to("output")

    @event_handler
    async def by_selector(self):
        # Target by CSS selector
        self.output = "By selector"
        await self.stream_to("output", target="#custom-id")

    @event_handler
    async def by_html(self):
        # Send pre-rendered HTML directly (skips re-rendering)
        await self.stream_to("output", html="<p>Custom HTML</p>")
