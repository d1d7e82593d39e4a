import fake_openai as openai
from streamops_server import LiveView, event_handler


class AIChatView(LiveView):
    template_name = "ai_chat.html"

    def mount(self, request, **kwargs):
        self.messages = []
        self.is_generating = False
        self.error = None

    @event_handler
    async def send_message(self, content, **kwargs):
        if self.is_generating:
            return

        self.is_generating = True
        self.error = None

        # Add user message
        self.messages.append({"role": "user", "content": content})

        # Add empty assistant message
        self.messages.append({"role": "assistant", "content": ""})

        await self.stream_start("messages")
        await self.push_state()

        try:
            # Stream from OpenAI
            stream = await openai.ChatCompletion.acreate(
                model="gpt-4",
                messages=[
                    {"role": m["role"], "content": m["content"]}
                    for m in self.messages[:-1]  # Exclude empty assistant msg
                ],
                stream=True,
            )

            async for chunk in stream:
                if chunk.choices[0].delta.content:
                    token = chunk.choices[0].delta.content
                    self.messages[-1]["content"] += token
                    await self.stream_to("messages")

        except Exception as e:
            self.error = str(e)
            await self.stream_error("messages", f"Error: {e}")

        finally:
            self.is_generating = False
            await self.stream_done("messages")
