import asyncio

from streamops_server import LiveView, event_handler


class ChatView(LiveView):
    template_name = "chat.html"

    def mount(self, request, **kwargs):
        self.messages = []

    @event_handler
    async def send_message(self, content, **kwargs):
        # Add user message
        self.messages.append({"role": "user", "content": content})

        # Add empty assistant message to stream into
        self.messages.append({"role": "assistant", "content": ""})

        # Stream tokens from LLM
        async for token in self.llm_stream(content):
            self.messages[-1]["content"] += token
            await self.stream_to("messages")

    async def llm_stream(self, prompt):
        """Simulate LLM streaming."""
        response = "Hello! I'm happy to help you with that."
        for word in response.split():
            yield word + " "
            await asyncio.sleep(0.1)
