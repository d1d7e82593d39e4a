"""Runs generated cases, each in its own session, several at a time."""

import asyncio
import time
from typing import Any

from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle.document import normalized
from streamops_conformance.oracle.script import to_json
from streamops_conformance.v1.server.case import Case, Limits
from streamops_conformance.v1.server.session import Session
from streamops_conformance.wire.silent import Silent

LATE = 0.4
"""Seconds to wait for frames that should have come before the reply. A pass never depends on it."""


async def run_case(url: str, headers: dict[str, str], spec: CaseSpec) -> Case:
    """Run one case up to its last reply."""
    session = Session(url, headers=headers)
    case = Case(spec, session.transcript)
    began = time.perf_counter()
    try:
        await session.connect()
        limits = {"max_frame_bytes": spec.max_frame_bytes, "max_fps": spec.max_fps, "window": spec.window}
        view = {"name": "conformance", "params": {"vars": dict(spec.variables)}}
        welcome = await session.hello(list(spec.caps), view=view, limits=limits)
        case.limits = Limits.of(welcome)
        caps = welcome.get("caps")
        case.agreed = frozenset(caps if isinstance(caps, list) else ())
        for script in spec.scripts:
            await session.run(to_json(script))
        if _behind(case):
            await session.linger(LATE)
    except Silent as silent:
        case.silent = str(silent)
    finally:
        await session.close()
    case.duration = time.perf_counter() - began
    return case


def _behind(case: Case) -> bool:
    """Whether an operation or view of the program has not arrived, so that it may arrive late."""
    reached: dict[Any, int] = {}
    views = 0
    html = ""
    for frame in case.transcript.frames():
        if frame.get("type") == "stream":
            n, seq = frame.get("n"), frame.get("seq")
            if isinstance(n, int) and isinstance(seq, int):
                reached[frame.get("stream")] = seq + n - 1
        if frame.get("type") == "view":
            views, html = views + 1, str(frame.get("html"))
    program = case.program()
    due = program.counts()
    if any(reached.get(name, 0) < count for name, count in due.items()):
        return True
    if not program.views:
        return False
    last = normalized(program.views[-1].html)
    return normalized(html) != last or views < sum(not view.replaceable for view in program.views)


async def run_cases(
    url: str, headers: dict[str, str], specs: list[CaseSpec], *, connections: int
) -> list[Case]:
    """Run all, at most `connections` at a time; the results are in the order of `specs`."""
    gate = asyncio.Semaphore(connections)

    async def one(spec: CaseSpec) -> Case:
        async with gate:
            return await run_case(url, headers, spec)

    return list(await asyncio.gather(*(one(spec) for spec in specs)))
