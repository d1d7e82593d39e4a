from streamops_server import LiveView, event_handler


class ItemsView(LiveView):
    template_name = "items.html"

    def mount(self, request, **kwargs):
        self.items = {1: "One", 2: "Two", 3: "Three"}

    @event_handler
    async def delete_item(self, item_id, **kwargs):
        del self.items[int(item_id)]
        await self.stream_delete("items", f"#item-{item_id}")
