"""How probes cancel a run: shared by the checks of chapters 9 and 10."""

from typing import Any

from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.observe import first_operation, ops_of
from streamops_conformance.v1.server.session import Session

Frame = dict[str, Any]
Steps = list[Frame]


START: Frame = steps.start("s")


DONE: Frame = steps.done("s")


HANG: Frame = steps.hang()


LATE: Frame = steps.text("s", "late")


STOPPED: Frame = steps.text("s", "stopped")


GRACE = 600
"""A cancelled script sleeps this number of ms longer than `cancel_ms`; the server times both."""


def stubborn(*then: Frame) -> Steps:
    """A script that waits, and runs the steps `then` once it is cancelled."""
    return [steps.finally_([START, HANG], list(then))]


async def cancel(session: Session, script: Steps, *streams: str) -> int:
    """Run a script, cancel the run of the first stream once all `streams` are open, and return the ref."""
    ref = await session.event("conformance.run", {"script": script})
    for name in streams or ("s",):
        await first_operation(session, name)
    name = (streams or ("s",))[0]
    await session.send({"type": "cancel", "stream": name, "run": first_run(session, name)})
    return ref


def first_run(session: Session, name: str = "s") -> int:
    """The number of the first run of that stream."""
    run: int = next(op["run"] for op in ops_of(session, name) if op["op"] == "start")
    return run
