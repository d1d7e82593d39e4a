import asyncio
from dataclasses import dataclass

from markupsafe import escape
from streamops_server import LiveView, event_handler


@dataclass
class Item:
    name: str


class ItemsView(LiveView):
    template_name = "items.html"

    def mount(self, request, **kwargs):
        self.items = [Item("One"), Item("Two")]

    async def fetch_items(self):
        await asyncio.sleep(0.05)
        return [Item("Three"), Item("Four <4>")]

    @event_handler
    async def load_more(self):
        items = await self.fetch_items()
        for item in items:
            html = f'<div class="item">{escape(item.name)}</div>'
            await self.stream_insert("items", html, at="append")

    @event_handler
    async def load_newer(self):
        await self.stream_insert("items", '<div class="item">Zero</div>', at="prepend")
