"""The resume property: a case whose connections are cut ends like one whose connection is not.

The fault proxy stands between the runner and the target. After each cut the runner resumes with its cursors
and repeats the event without a reply, as chapter 11 asks of clients. The messages of all connections, in
order, are one transcript for the judge.
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from streamops_conformance.model.case import CaseSpec
from streamops_conformance.model.outcome import Wrong
from streamops_conformance.oracle.document import Document
from streamops_conformance.oracle.script import to_json
from streamops_conformance.proxy.faults import Cut, End, Plan, Point, Way
from streamops_conformance.proxy.shell import FaultProxy
from streamops_conformance.v1.server.case import Case, Limits
from streamops_conformance.v1.server.checks import SERVER
from streamops_conformance.v1.server.judge import judge
from streamops_conformance.v1.server.session import Session
from streamops_conformance.v1.vocabulary import LIFECYCLE
from streamops_conformance.wire.silent import Silent

MOST = 100
"""A case is given up after this number of connections: the target never lets it continue."""
OPENING = 500
"""About the size in bytes of handshake and hello, or of handshake and welcome."""
REACH: dict[Way, int] = {"up": 900, "down": 2500}
"""Cuts are drawn below this number of bytes of a connection."""


@dataclass(slots=True)
class CutCase:
    """A case, with the number of its cuts and connections."""

    case: Case
    cuts: int = 0
    """The cuts that happened: a connection may end before its cut is due."""
    connections: int = 0


@dataclass(slots=True)
class Ending:
    """The state of a client at the end of a case."""

    document: str
    cursors: dict[str, int] = field(default_factory=dict)
    lifecycle: dict[str, list[str]] = field(default_factory=dict)
    """The lifecycle operations of each stream, in order."""
    replies: list[tuple[int, bool]] = field(default_factory=list)


def drawn_cuts(seed: int, count: int) -> list[Plan]:
    """Plans that cut the first `count` connections: at a random byte, direction and kind of end."""
    chance = random.Random(f"cuts/{seed}")
    plans = []
    for _ in range(count):
        way: Way = chance.choice(("up", "down"))
        end: End = chance.choice(("rst", "fin"))
        # One cut in four falls into the opening; most of the others come soon after it: scripts are short.
        least, most = (1, OPENING) if chance.random() < 0.25 else (OPENING, REACH[way])
        at = min(chance.randint(least, most), chance.randint(least, most))
        plans.append(Plan(cuts=(Cut(Point(bytes=at, watched=(way,)), end),)))
    return plans


async def run_cut(url: str, headers: Mapping[str, str], spec: CaseSpec, plans: Sequence[Plan]) -> CutCase:
    """Run a case through cuts. If the server does not let it end, its `silent` says why, as in `runner`."""
    spec = replace(spec, caps=tuple(dict.fromkeys([*spec.caps, "resume", "x-conformance"])))
    async with FaultProxy(url, plans) as proxy:
        found = CutCase(await _whole(proxy, headers, spec))
        found.cuts = sum(each.said.startswith("cut ") for each in proxy.happened)
        found.connections = proxy.connections
    return found


async def _whole(proxy: FaultProxy, headers: Mapping[str, str], spec: CaseSpec) -> Case:
    limits = {"max_frame_bytes": spec.max_frame_bytes, "max_fps": spec.max_fps, "window": spec.window}
    hello = {"view": {"name": "conformance", "params": {"vars": dict(spec.variables)}}, "limits": limits}
    while True:
        session = Session(proxy.url, headers=dict(headers))
        case = Case(spec, session.transcript)
        try:
            await session.connect()
            welcome = await session.hello(list(spec.caps), **hello)  # type: ignore[arg-type]  # reason: members of the frame
            break
        except Silent as silent:  # Cut before the session began: the next connection opens a new one.
            case.silent = str(silent)
            await session.close()
            if proxy.connections >= MOST:
                return case
    try:
        case.silent = ""
        case.limits = Limits.of(welcome)
        case.agreed = frozenset(welcome.get("caps", ()))
        for script in spec.scripts:
            await _answered(proxy, session, spec, hello, to_json(script))
    except Silent as silent:
        case.silent = str(silent)
    finally:
        await session.close()
    return case


async def _answered(
    proxy: FaultProxy,
    session: Session,
    spec: CaseSpec,
    hello: dict[str, object],
    script: list[dict[str, object]],
) -> None:
    """Send one event and wait for its reply, over as many connections as needed. Raises Silent."""
    session.ref += 1
    event = {"type": "event", "ref": session.ref, "event": "conformance.run", "params": {"script": script}}
    name, lost = session.id, session.transcript.closed is not None
    while True:
        try:
            if lost:
                welcome = await session.resume(list(spec.caps), **hello)  # type: ignore[arg-type]  # reason: members of the frame
                if welcome.get("session") != name:
                    raise Gone(f"the session {name} is gone: its resume got a new session")
            await session.send(event)
            await session.reply(session.ref)
            return
        except Gone:
            raise
        except Silent:
            lost = True
            if session.transcript.closed is None or proxy.connections >= MOST:
                raise  # The reason is not a cut.


class Gone(Silent):
    """A session that should continue was not resumed."""


def wrong_with(found: CutCase, uncut: Case) -> Wrong | None:
    """What breaks the property: a broken rule, or an ending that differs from that of the uncut case."""
    case = found.case
    if case.silent:
        return Wrong("every event is answered at the end", case.silent)
    judgement = judge(SERVER, case.transcript, case)
    if judgement.wrong is not None:
        wrong = judgement.wrong
        return Wrong(f"{judgement.broken}: {wrong.expected}", f"{wrong.observed} (entry {judgement.entry})")
    due, seen = ending(uncut), ending(case)
    return None if due == seen else Wrong(f"the same as without cuts: {due}", f"{seen}")


def ending(case: Case) -> Ending:
    """The state of a client that took each frame of the transcript once."""
    shown = Document(case.first_document())
    found = Ending("")
    lifecycle: dict[str, list[str]] = defaultdict(list)
    for frame in case.transcript.frames():
        match frame.get("type"):
            case "stream":
                name = frame["stream"]
                found.cursors[name] = frame["seq"] + frame["n"] - 1
                for op in frame["ops"]:
                    shown.apply(op)
                    if op["op"] in LIFECYCLE:
                        details = [str(op[key]) for key in ("run", "code", "reason") if key in op]
                        lifecycle[name].append(" ".join([op["op"], *details]))
            case "view":
                listed = frame["streams"]
                shown.show_view(
                    frame["html"], [name for name, at in found.cursors.items() if at and name not in listed]
                )
            case "reply":
                found.replies.append((frame["ref"], frame["ok"]))
    found.document, found.lifecycle = shown.serialized(), dict(lifecycle)
    return found
