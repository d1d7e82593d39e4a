import asyncio

from streamops_server import LiveView, event_handler


class FilesView(LiveView):
    template_name = "files.html"

    def mount(self, request, **kwargs):
        self.status = "Ready"

    async def analyze(self):
        await asyncio.sleep(0.4)

    async def process(self):
        await asyncio.sleep(0.4)

    @event_handler
    async def process_files(self):
        self.status = "Analyzing..."
        await self.push_state()

        await self.analyze()

        self.status = "Processing..."
        await self.push_state()

        await self.process()

        self.status = "Complete!"
        # Final state sent automatically when handler returns
