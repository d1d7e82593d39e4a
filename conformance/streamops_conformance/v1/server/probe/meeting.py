"""Two handlers of one session that write to one stream."""

from dataclasses import dataclass
from typing import Any

from streamops_conformance.v1.server.case import Limits
from streamops_conformance.v1.server.probe.context import ProbeContext

Frame = dict[str, Any]


@dataclass(slots=True)
class Meeting:
    """What two handlers did on stream `s`."""

    ops: list[Frame]
    text: str
    """All appended text, in order."""
    first: Frame
    """The reply to the first handler."""
    second: Frame


async def meet(
    context: ProbeContext, first: list[Frame], second: list[Frame], *, tries: int = 4
) -> Meeting | None:
    """Run `first`, and run `second` as soon as the first script has started stream `s`.

    The first script sleeps before it continues. On a busy machine it may continue before the second script
    runs; then both are tried again. None, with a note, if no try succeeded.
    """
    for attempt in range(tries):
        stretched = [
            {**step, "ms": step["ms"] * 2**attempt} if step["do"] == "sleep_ms" else step for step in first
        ]
        held = [
            {**step, "ms": step["ms"] * 2**attempt} if step["do"] == "sleep_ms" else step for step in second
        ]
        async with context.session() as session:
            welcome = await session.hello(context.caps())
            if Limits.of(welcome).max_events < 2:
                context.not_applicable("the target takes only one event at a time")
            ref = await session.event("conformance.run", {"script": stretched})
            await session.next("stream")
            other = await session.event("conformance.run", {"script": held})
            replies = [await session.reply(ref, patience=20), await session.reply(other, patience=20)]
            ops = [op for frame in session.transcript.frames("stream") for op in frame["ops"]]
            text = "".join(op.get("text", "") for op in ops)
            marker = next(step["text"] for step in held if step["do"] == "text").strip()
            late, entered = text.find("late"), text.find(marker)
            if entered < 0 or late < 0 or entered < late:
                return Meeting(ops, text, *replies)
    return None
