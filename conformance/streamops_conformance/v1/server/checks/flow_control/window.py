"""Chapter 9: the window of unacknowledged frames."""

import asyncio
from functools import partial
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.model.registry import in_turn
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.missing import missing_of
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.cancel import HANG, START
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.controls import BEYOND, TRIES, arrives_intact, limits, ticking
from streamops_conformance.v1.server.probe.observe import (
    ends_a_run,
    first_operation,
    in_short,
    ops_of,
    round_trip,
)
from streamops_conformance.v1.server.session import Session
from streamops_conformance.v1.server.transcript_state import TranscriptState
from streamops_conformance.wire.silent import Silent

Frame = dict[str, Any]
Steps = list[Frame]


@SERVER.rule("FLW-1", "stream", "view")
def unacknowledged_frames_never_exceed_the_window(state: TranscriptState) -> Outcome:
    """An ack counts from the time at which it was sent, which is in favour of the server."""
    if "ack" not in state.agreed or state.here.odd_acks:
        return NOT_SEEN  # FLW-3 judges the effect of acks for numbers that were not sent.
    waiting = len(state.here.pending) + 1
    if waiting > state.here.window:
        return Wrong(f"at most {state.here.window} unacknowledged frames", f"{waiting}")
    return KEPT if waiting == state.here.window else NOT_SEEN


@SERVER.rule("FLW-2", "end", needs_program=True)
def everything_arrives_once_the_window_opens(state: TranscriptState) -> Outcome:
    assert state.program is not None
    here, due = state.here, [event for event in state.program.events if event.replies]
    if "ack" not in state.agreed or not here.has_waited or len(here.pending) >= here.window:
        return NOT_SEEN  # The server never needed an ack, or got none.
    if len(state.replies) >= len(due):
        return KEPT
    missing = missing_of(state, due[len(state.replies)].counts)
    return (
        NOT_SEEN
        if missing is None
        else Wrong(missing.expected, f"{missing.observed}, although the window is open")
    )


@SERVER.probe("FLW-1")
async def the_window_limits_the_unacknowledged_frames(context: ProbeContext) -> Outcome:
    parts = [partial(_bounded, context, window) for window in (1, 2, 5)]
    if "view" in context.agreed:
        parts += [
            partial(_bounded, context, 3, views=True),
            partial(_bounded, context, 3, views=True, texts=True),
        ]
    return await in_turn(*parts)


def _arrived(session: Session) -> int:
    """The number of arrived frames that count for the window."""
    return len(session.frames("stream")) + len(session.frames("view"))


def _views(count: int, *, texts: bool = False) -> Steps:
    """`count` views, each with different HTML, with `texts` between them if wanted."""
    script: Steps = []
    for number in range(count):
        script += [steps.set_variable("v", f"{number}"), steps.push_state()]
        script += [steps.text("s", f"{number}.")] if texts else []
        script.append(steps.pause(40))
    return script


async def _bounded(
    context: ProbeContext, window: int, *, views: bool = False, texts: bool = False
) -> Outcome:
    async with context.session(acks=False) as session:
        caps = context.caps("ack", "view") if views else context.caps("ack")
        await session.hello(caps, limits=limits(window), view=context.view(v="") if views else None)
        script = _views(6, texts=texts) if views else ticking(window + 4, 40)
        ref = await session.event("conformance.run", {"script": script})
        await session.until(lambda _: _arrived(session) >= window, f"{window} frames")
        await asyncio.sleep(0.3)
        await round_trip(session)
        found = _arrived(session)
        if found > window:
            return Wrong(f"{window} frames, and no more before an ack", f"{found} frames")
        session.acks = True
        await session.ack()
        await session.reply(ref)
    return KEPT


@SERVER.probe("FLW-2")
async def a_full_window_makes_bigger_batches(context: ProbeContext) -> Outcome:
    """Tries again with more time: too few operations may have been accepted while the window was full."""
    count = 30
    if not await arrives_intact(context, [each for each in ticking(count, 0) if each["do"] != "sleep_ms"]):
        return NOT_SEEN
    wrong: Outcome = NOT_SEEN
    for attempt in range(TRIES):
        async with context.session(acks=False) as session:
            await session.hello(context.caps("ack"), limits=limits(1))
            script = [*ticking(count, 10), steps.done("s")]
            ref = await session.event("conformance.run", {"script": script})
            await session.next("stream")
            await asyncio.sleep(0.6 * 2**attempt)
            session.acks = True
            await session.ack()
            try:
                await session.until(ends_a_run, "the end of the run")
                await session.reply(ref)
            except Silent as silent:
                return Wrong("all accepted operations arrive when the window opens", str(silent))
            frames = session.frames("stream")
            text = "".join(op.get("text", "") for op in ops_of(session))
            due = "".join(f"{number}." for number in range(count))
            if text != due or frames[-1]["seq"] + frames[-1]["n"] - 1 != count + 2:
                return Wrong(
                    f"{count + 2} operations, with the text {due}", f"{text}, last frame {frames[-1]}"
                )
            if len(frames) < count / 2:
                return KEPT
            wrong = Wrong(f"fewer frames than one for each of {count} texts", f"{len(frames)} frames")
    return wrong


@SERVER.probe("FLW-3")
async def acks_of_numbers_that_were_not_sent_are_ignored(context: ProbeContext) -> Outcome:
    odd: tuple[tuple[str, Frame], ...] = (
        ("an ack beyond what was sent", {"cursors": {"s": BEYOND}}),
        ("acks of unknown streams", {"cursors": {"nobody": 1, "s2": 5}}),
        ("an ack of a view that was not sent", {"cursors": {}, "view": BEYOND}),
    )
    parts = [partial(_ignored, context, what, ack) for what, ack in odd]
    if "view" in context.agreed:
        parts.append(partial(_ignored, context, *odd[-1], views=True))
    return await in_turn(*parts)


async def _ignored(context: ProbeContext, what: str, ack: Frame, *, views: bool = False) -> Outcome:
    async with context.session(acks=False) as session:
        caps = context.caps("ack", "view") if views else context.caps("ack")
        await session.hello(caps, limits=limits(1), view=context.view(v="") if views else None)
        ref = await session.event("conformance.run", {"script": _views(6) if views else ticking(12, 10)})
        await session.until(lambda _: _arrived(session) > 0, "a frame")
        expected = f"{what} does not open the window and does not end the session"
        await asyncio.sleep(0.1)
        await round_trip(session)
        if _arrived(session) > 1:
            return NOT_SEEN  # The server did not obey the window before: FLW-1.
        try:
            for _ in range(3):
                await session.send({"type": "ack", **ack})
            await round_trip(session)
            await asyncio.sleep(0.3)
            await round_trip(session)
            early = _arrived(session)
            if early > 1:
                return Wrong(expected, f"{early} frames in a window of 1")
            session.acks = True
            await session.ack()
            await session.reply(ref)
        except Silent as silent:
            if len(session.frames("pong")) == 3:
                raise  # The server answers, but the correct ack has no effect: FLW-2.
            return Wrong(expected, str(silent))
    return KEPT


@SERVER.probe("FLW-4")
async def a_full_window_delays_only_frames_and_replies(context: ProbeContext) -> Outcome:
    """The server still reads events and cancels: a second handler writes, then the first one is cancelled."""
    async with context.session() as session:
        await session.hello(context.caps())
        ref = await session.event("conformance.run", {"script": [START, HANG]})
        await first_operation(session)
        await round_trip(session)  # The controls: a pong while a handler runs, and a cancel that works.
        await session.send({"type": "cancel", "stream": "s", "run": ops_of(session)[0]["run"]})
        await session.reply(ref)
    async with context.session(acks=False) as session:
        welcome = await session.hello(context.caps("ack"), limits=limits(1))
        refs = [await session.event("conformance.run", {"script": [START, HANG]})]
        await session.next("stream")
        other: Steps = [steps.text("t", "other")]
        if welcome["limits"]["max_events"] > 1:
            refs.append(await session.event("conformance.run", {"script": other}))
        try:
            await round_trip(session)
        except Silent as silent:
            return Wrong("a pong under a full window", str(silent))
        run = ops_of(session)[0]["run"]
        await session.send({"type": "cancel", "stream": "s", "run": run})
        await round_trip(session)
        await asyncio.sleep(0.3)
        await round_trip(session)
        early = session.frames("reply")
        session.acks = True
        await session.ack()
        expected = "under a full window: pong, no reply; after an ack: the written operations and the replies"
        try:
            for ref in refs:
                await session.reply(ref)
        except Silent as silent:
            if len(session.frames("stream")) == 1:
                raise  # The ack did not open the window: FLW-2.
            return Wrong(expected, str(silent))
        found = in_short(ops_of(session))
        # Whether the text came before the end is not judged here: FLW-9 judges how quick a cancel is.
        if early or "done cancelled" not in found:
            return Wrong(expected, f"replies before the ack: {early}, operations {found}")
    return KEPT
