import asyncio

from streamops_server import LiveView, event_handler


class PageView(LiveView):
    template_name = "page.html"

    def mount(self, request, **kwargs):
        self.response = ""

    @event_handler
    async def ask(self):
        self.start_task(self.write("chat-messages", "Three streams write at the same time. "))
        self.start_task(self.write("typing-indicator", "..........."))
        self.start_task(self.write("status", "one two three four five six seven "))
        self.response = "All of them began"

    async def write(self, stream, text):
        for letter in text:
            await self.stream_text(stream, letter)
            await asyncio.sleep(0.01)
