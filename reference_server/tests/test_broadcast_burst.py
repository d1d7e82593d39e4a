"""A speaker who never waits: no member falls behind for it."""

from typing import Any

import pytest
from streamops_server import Limits, Request, View, event_handler

CAPS = ["view", "html"]


class Burst(View):
    """Speaks without a pause."""

    def mount(self, request: Request, how: str) -> None:
        self.count = 0
        if how == "listen_to":
            self.start_task(self.listen())
        else:
            self.subscribe("all")

    async def listen(self) -> None:
        async for message in self.listen_to("all"):
            await self.stream_text("chat", message)

    @event_handler
    async def burst(self, how: str) -> None:
        work = self.start_task(self.speak()) if how == "task" else self.speak()
        await work

    async def speak(self) -> None:
        for number in range(300):
            await self.broadcast("all", f"{number} ")

    async def handle_message(self, topic: str, message: Any) -> None:
        self.count += 1
        await self.stream_text("chat", message)


@pytest.mark.parametrize("how", ["handle_message", "listen_to", "task", "server"])
def test_a_speaker_who_never_waits_does_not_make_the_members_fall_behind(
    how: str, serve: Any, go: Any
) -> None:
    async def run() -> None:
        async with serve(Burst, limits=Limits(max_inbox=8)) as connect, connect() as ada, connect() as bob:
            for client in (ada, bob):
                await client.hello("Burst", CAPS, how=how)
            if how == "server":
                for number in range(300):
                    await connect.server.broadcast("all", f"{number} ")
            else:
                assert (await ada.run("burst", how=how))["ok"]
            for client in (ada, bob):
                while "299 " not in client.text("chat"):
                    await client.until("stream")
                assert client.text("chat") == "".join(f"{number} " for number in range(300))

    go(run())
