from markupsafe import escape
from streamops_server import LiveView, event_handler


class RoomView(LiveView):
    template_name = "room.html"

    def mount(self, request, **kwargs):
        self.count = 0
        self.subscribe("room")

    @event_handler
    async def say(self, text):
        await self.broadcast("room", text)

    async def handle_message(self, topic, text):
        self.count += 1
        await self.stream_insert("room", f"<li>{escape(text)}</li>")
