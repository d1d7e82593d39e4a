import asyncio

from streamops_server import LiveView, event_handler


class ChatView(LiveView):
    template_name = "chat.html"

    @event_handler
    async def talk(self):
        for number in range(1, 61):
            await self.stream_insert("chat-messages", f"<p>Message {number}</p>")
            await asyncio.sleep(0.02)
