"""Controls: what must work before a probe may blame its requirement."""

import math
from typing import Any

from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.cancel import HANG
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.observe import ops_of
from streamops_conformance.v1.server.session import Session

Frame = dict[str, Any]
Steps = list[Frame]


BEYOND = (1 << 53) - 1


TRIES = 4
"""A script whose timing failed is tried this number of times, each time with twice the time."""


def limits(window: int, max_frame_bytes: int = 1 << 20) -> Frame:
    return {"max_frame_bytes": max_frame_bytes, "max_fps": 60, "window": window}


def ticking(count: int, pause: int) -> Steps:
    """A script with `count` texts on stream `s`, each after a pause of `pause` ms."""
    script: Steps = [steps.start("s")]
    for number in range(count):
        script += [steps.pause(pause), steps.text("s", f"{number}.")]
    return script


async def arrives_intact(context: ProbeContext, script: Steps) -> bool:
    """The control: whether the texts of a script arrive complete and in order in an undisturbed session.

    Notes the reason if they do not.
    """
    due: dict[str, list[str]] = {}
    # Quick texts at the end: some of them wait for the interval, and no later operation flushes them.
    script = [*script, *[steps.text(script[0]["stream"], ".")] * 12]
    for step in script:
        if "text" in step:
            due.setdefault(step["stream"], []).append(step["text"] * step.get("repeat", 1))
    async with context.session() as session:
        most = (await session.hello(context.caps()))["limits"]["max_text_bytes"]
        await session.event("conformance.run", {"script": [*script, HANG]})
        for name, texts in due.items():
            text = "".join(texts)
            count = 1 + sum(math.ceil(len(each) / most) for each in texts)
            await session.until(
                lambda _, name=name, text=text: len(_text(session, name)) >= len(text),  # type: ignore[misc]  # reason: mypy cannot infer a lambda with defaults
                f"the text of {name}",
                patience=4,
            )
            frames = [frame for frame in session.frames("stream") if frame["stream"] == name]
            numbers = [1, *(frame["seq"] + frame["n"] for frame in frames)]
            framed = [op["op"] for op in ops_of(session, name) if op["op"] != "text"] == ["start"]
            follow = [frame["seq"] for frame in frames] == numbers[:-1] and numbers[-1] == count + 1
            if not (framed and follow and _text(session, name) == text):
                context.inconclusive(f"texts do not arrive intact on stream {name} of an undisturbed session")
                return False
    return True


def _text(session: Session, name: str) -> str:
    return "".join(op.get("text", "") for op in ops_of(session, name))
