from streamops_server import LiveView, event_handler


class CounterView(LiveView):
    template_name = "counter.html"

    @event_handler
    async def count(self):
        # Nothing here waits, and nothing has to: the server makes about 60 frames a second of it
        for number in range(10_000):
            await self.stream_text("numbers", f"{number} ")
            await self.stream_text("last", str(number), mode="replace")
