"""Hooks. Every page with a testee of v0 defines the hook of the guide."""

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.testee.case import ClientCase
from streamops_conformance.testee.probe_context import ClientProbeContext
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.generate import frame, text
from streamops_conformance.v0.client.runner import applied, mounted

STYLE = "height: 80px; overflow-y: auto; overflow-anchor: none; margin: 0"
CHAT = f'<pre dj-stream="a" dj-hook="ChatMessages" style="{STYLE}"></pre>'
LINES = "".join(f"line {number}\n" for number in range(60))
TRIES = 5
"""A client that was just loaded may call `updated` once more, between the reader's scrolling and the dump."""


@CLIENT.probe("CLI-111", observed="scroll")
async def a_hook_is_updated_after_a_frame_that_changed_its_element(
    context: ClientProbeContext[ClientCase],
) -> Outcome:
    async with context.client(CHAT) as case:
        peer = await mounted(case, CHAT)
        await peer.send(frame(text(LINES)))
        await applied(peer)
        for _ in range(TRIES):
            await case.testee.say("scroll", case.number, stream="a", to="top")
            place = (await case.dump())["scroll"]["a"]
            if place == "top":
                break
        else:
            context.inconclusive(f"scrolled to the top by its reader, it stood at {place}, {TRIES} times")
            return NOT_SEEN
        await peer.send(frame(text("one more\n")))
        await applied(peer)
        place = (await case.dump())["scroll"]["a"]
        return KEPT if place == "bottom" else Wrong("the bottom, where `updated` scrolls to", place)
