"""Chapter 13: auto-scroll."""

import asyncio

from streamops_conformance.model.outcome import KEPT, Outcome, Wrong
from streamops_conformance.v1.client.case import ClientCase
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.probe.context import ClientProbeContext
from streamops_conformance.v1.frames import frame, start, text

STYLE = "height: 80px; overflow-y: auto; overflow-anchor: none; margin: 0"
TALL = f'<pre dj-stream="a" data-stream-scroll style="{STYLE}"></pre>'
LINES = "".join(f"line {number}\n" for number in range(60))


READINGS = 40
PAUSE_S = 0.05


async def _followed(case: ClientCase) -> str:
    """The position of the element once it is `bottom`, or after two seconds.

    A client may wait before it scrolls, if a layout is expensive.
    """
    place = ""
    for _ in range(READINGS):
        place = (await case.dump())["scroll"]["a"]
        if place == "bottom":
            break
        await asyncio.sleep(PAUSE_S)
    return place


@CLIENT.probe("CLI-14", observed="scroll")
async def auto_scroll_follows_only_from_the_bottom(context: ClientProbeContext) -> Outcome:
    async with context.client(TALL) as case:
        peer = await case.welcomed(())
        await peer.send(frame(1, start(1), text(LINES)))
        await peer.barrier()
        place = await _followed(case)
        if place != "bottom":
            return Wrong("bottom, because the reader was there before there was anything to scroll", place)
        await case.testee.say("scroll", case.number, stream="a", to="top")
        await case.dump()
        await peer.send(frame(3, text(LINES)))
        await peer.barrier()
        place = (await case.dump())["scroll"]["a"]
        if place != "top":
            return Wrong("top, where the reader had scrolled", place)
        await case.testee.say("scroll", case.number, stream="a", to="bottom")
        await case.dump()
        await peer.send(frame(4, text(LINES)))
        await peer.barrier()
        place = await _followed(case)
        return KEPT if place == "bottom" else Wrong("bottom, where the reader was again", place)
