"""Chapter 10: cancel."""

from functools import partial
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.model.registry import in_turn
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.cancel import (
    DONE,
    GRACE,
    HANG,
    LATE,
    START,
    STOPPED,
    cancel,
    first_run,
    stubborn,
)
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.probe.observe import in_short, ops_of
from streamops_conformance.v1.server.session import Session
from streamops_conformance.wire.silent import Silent

Frame = dict[str, Any]
Steps = list[Frame]


async def _ended(session: Session, name: str) -> Wrong | None:
    """None if the run of the stream ended with `done` and reason `cancelled`."""
    expected = f"done with reason cancelled on stream {name}"
    try:
        await session.until(lambda _: ops_of(session, name)[-1]["op"] == "done", expected)
    except Silent as silent:
        return Wrong(expected, str(silent))
    reason = ops_of(session, name)[-1]["reason"]
    return None if reason == "cancelled" else Wrong(expected, f"reason {reason}")


@SERVER.probe("FLW-9")
async def a_cancel_ends_the_run_and_its_owner(context: ProbeContext) -> Outcome:
    return await in_turn(
        *(
            partial(part, context)
            for part in (_hanging, _whole_owner, _done_by_the_owner, _raises, _twice, _in_time)
        )
    )


async def _hanging(context: ProbeContext) -> Outcome:
    return await _cancelled(context, [START, HANG], "s")


async def _whole_owner(context: ProbeContext) -> Outcome:
    """The tasks that the handler started are cancelled too, and their runs end."""
    branches = [[steps.start(name), HANG] for name in ("t", "u")]
    return await _cancelled(context, [START, steps.parallel(*branches)], "s", "t", "u")


async def _cancelled(context: ProbeContext, script: list[Frame], *names: str) -> Outcome:
    """Run the script and cancel it: the runs of the named streams end, and so does the handler."""
    async with context.session() as session:
        await session.hello(context.caps())
        ref = await cancel(session, script, *names)
        for name in names:
            wrong = await _ended(session, name)
            if wrong is not None:
                return wrong
        try:
            await session.reply(ref)
        except Silent as silent:
            return Wrong("the handler ends and gets its reply", str(silent))
    return KEPT


async def _done_by_the_owner(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        await cancel(session, stubborn(DONE, steps.pause(50)))
        return await _ended(session, "s") or KEPT


async def _raises(context: ProbeContext) -> Outcome:
    """What a cancelled owner raises is not shown: its user asked for the end."""
    async with context.session() as session:
        await session.hello(context.caps())
        await session.reply(await cancel(session, stubborn(steps.step("raise"))))
        found = in_short(ops_of(session))
        if "error" in found:
            return Wrong("start, done cancelled from a cancelled owner that raises", ", ".join(found))
        return KEPT if "done cancelled" in found else NOT_SEEN  # other parts judge the end


async def _twice(context: ProbeContext) -> Outcome:
    """A repeated cancel, as after a resume, does not disturb the clean-up of the owner."""
    for times in (1, 2, 2):
        async with context.session() as session:
            most = (await session.hello(context.caps()))["limits"]["cancel_ms"]
            ref = await cancel(session, stubborn(steps.pause(min(300, most // 4)), STOPPED, DONE))
            again = {"type": "cancel", "stream": "s", "run": first_run(session)}
            for _ in range(times - 1):
                await session.send({"type": "ping"})
                await session.next("pong")
                await session.send(again)
            await session.reply(ref)
            found = in_short(ops_of(session))
            if "text stopped" in found:
                if times == 2:
                    return KEPT
            elif times == 1:
                return NOT_SEEN  # The owner has no time for its clean-up: other parts judge that.
    return Wrong(
        "the text that the owner writes after a cancel, also if the cancel is repeated", ", ".join(found)
    )


async def _in_time(context: ProbeContext) -> Outcome:
    """The run of an owner that continues for longer than `cancel_ms` is taken away."""
    async with context.session() as session:
        cancel_ms = (await session.hello(context.caps()))["limits"]["cancel_ms"]
        if cancel_ms + GRACE > context.longest_wait * 1000:
            context.inconclusive(f"cancel_ms is {cancel_ms}: longer than a probe may wait")
            return NOT_SEEN
        ref = await cancel(session, stubborn(steps.pause(cancel_ms + GRACE), LATE))
        await session.reply(ref, patience=cancel_ms / 1000 + 8)
        found = in_short(ops_of(session))
        if "done cancelled" not in found or "text late" in found[: found.index("done cancelled")]:
            return Wrong(f"done with reason cancelled within {cancel_ms} ms", ", ".join(found))
    return KEPT


@SERVER.probe("FLW-10")
async def a_cancel_of_another_run_is_ignored(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        await session.run([START, DONE])
        await session.event("conformance.run", {"script": [START, HANG]})
        await session.until(lambda _: in_short(ops_of(session)).count("start") == 2, "the second start")
        runs = [op["run"] for op in ops_of(session) if op["op"] == "start"]
        for stream, run in (("s", runs[0]), ("s", runs[1] + 1), ("s", 1 << 40), ("nobody", 1)):
            await session.send({"type": "cancel", "stream": stream, "run": run})
        expected = "the open run continues after cancels of other runs and of an unknown stream"
        try:
            # The reply comes after all effects of the cancels.
            await session.run([steps.text("t", "meanwhile")])
        except Silent as silent:
            return Wrong(expected, str(silent))
        found = in_short(ops_of(session))
        kept = ["start", "done complete", "start"]
        return KEPT if found == kept else Wrong(expected, ", ".join(found))


@SERVER.probe("FLW-11")
async def nothing_of_the_owner_follows_the_cancelled_end(context: ProbeContext) -> Outcome:
    return await in_turn(
        partial(_nothing_after, context, stubborn(DONE, LATE)),
        partial(_nothing_after, context, stubborn(DONE, START)),
        partial(_nothing_after_time, context),
    )


async def _nothing_after_time(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        cancel_ms = (await session.hello(context.caps()))["limits"]["cancel_ms"]
    if cancel_ms + GRACE > context.longest_wait * 1000:
        context.inconclusive(f"cancel_ms is {cancel_ms}: longer than a probe may wait")
        return NOT_SEEN
    return await _nothing_after(context, stubborn(steps.pause(cancel_ms + GRACE), LATE))


async def _nothing_after(context: ProbeContext, script: Steps) -> Outcome:
    async with context.session() as session:
        cancel_ms = (await session.hello(context.caps()))["limits"]["cancel_ms"]
        ref = await cancel(session, script)
        await session.reply(ref, patience=cancel_ms / 1000 + 8)
        await session.run([steps.text("s", "next")])
        found = in_short(ops_of(session))
        if "done cancelled" not in found:
            return NOT_SEEN
        after = found[found.index("done cancelled") + 1 :]
        if "text late" in after or after.count("start") > 1:
            return Wrong("after done cancelled, only the run of the next handler", ", ".join(after))
        return KEPT if "text next" in after else NOT_SEEN


@SERVER.probe("FLW-12")
async def a_cancelled_handler_is_answered_with_cancelled(context: ProbeContext) -> Outcome:
    for script in ([START, HANG], stubborn(STOPPED, DONE)):
        async with context.session() as session:
            await session.hello(context.caps())
            reply = await session.reply(await cancel(session, script))
            if "done cancelled" not in in_short(ops_of(session)):
                return NOT_SEEN
            if reply["ok"] is not False or reply.get("error", {}).get("code") != "cancelled":
                return Wrong("ok: false, code cancelled", str(reply))
    return KEPT


@SERVER.probe("FLW-14")
async def a_cancelled_owner_opens_no_run(context: ProbeContext) -> Outcome:
    others: Steps = [steps.text("t", "late"), steps.start("t")]
    return await in_turn(*(partial(_opens_none, context, step) for step in others))


async def _opens_none(context: ProbeContext, step: Frame) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        await session.reply(await cancel(session, stubborn(step)))
        await session.run([])  # The reply comes after all accepted operations.
        if not (found := in_short(ops_of(session, "t"))):
            return KEPT
        return Wrong(f"no run on t after {step['do']} by a cancelled owner", ", ".join(found))
