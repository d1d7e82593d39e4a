"""Chapter 7: errors and replies."""

from typing import Any

from streamops_spec import load_protocol

from streamops_conformance.model.registry import SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import V1
from streamops_conformance.v1.server.probe.context import Lab
from streamops_conformance.v1.server.session import Session
from streamops_conformance.v1.server.transcript_state import Walk

SECRET = "hunter2-in-the-exception"


@V1.rule("ERR-7", "stream", "reply", "error", ahead=True)
def every_code_is_core_or_of_the_application(walk: Walk) -> Outcome:
    # Asked before the shapes, which list the codes too.
    protocol = load_protocol()
    codes = [code for code in _codes(walk.frame) if isinstance(code, str)]
    for code in codes:
        if code not in protocol.codes and not code.startswith(protocol.application_code_prefix):
            return Wrong("a code of the core set, or x_…", f"code {code!r}")
    return SEEN if codes else None


def _codes(frame: dict[str, Any]) -> list[object]:
    inner, ops = frame.get("error"), frame.get("ops")
    holders = [frame, inner, *(ops if isinstance(ops, list) else ())]
    return [each.get("code") for each in holders if isinstance(each, dict)]


@V1.rule("ERR-8", "*")
def nothing_follows_a_fatal_error(walk: Walk) -> Outcome:
    return Wrong("a close after the fatal error", f"a {walk.entry.type} frame") if walk.fatal else None


@V1.rule("ERR-8", "close")
def the_close_mirrors_the_fatal_error(walk: Walk) -> Outcome:
    if walk.fatal is None:
        return None
    codes = load_protocol().close_codes
    closed_with, _, reason = str(walk.entry.raw).partition(" ")
    code = walk.fatal["code"]
    # What has no close code of its own, a failed mount, closes as internal.
    row = codes.get(code, codes["internal"])
    if int(closed_with) not in (row.close, *row.also):
        return Wrong(f"close {row.close} for {code}", f"close {closed_with}")
    if reason != code and int(closed_with) == row.close:
        return Wrong(f"the close reason {code!r}", repr(reason))
    return SEEN


@V1.rule("ERR-1", "stream", law=True)
def an_error_leaves_the_content(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    if found.broken == "ERR-1":
        return Wrong(found.expected, found.observed)
    return SEEN if any(op.kind == "error" for op in walk.covered) else None


@V1.rule("ERR-2", "stream", law=True)
def an_error_says_what_the_program_said(walk: Walk) -> Outcome:
    found = walk.diagnosis()
    if found.broken == "ERR-2":
        return Wrong(found.expected, found.observed)
    return SEEN if any(op.kind == "error" and not op.generic for op in walk.covered) else None


@V1.rule("ERR-3", "reply", law=True)
def a_handler_that_raised_is_answered_so(walk: Walk) -> Outcome:
    assert walk.program is not None
    if len(walk.replies) >= len(walk.program.events):
        return None
    event = walk.program.events[len(walk.replies)]
    if event.ok:
        return None
    code = walk.frame.get("error", {}).get("code")
    if walk.frame["ok"] is not False or (event.code and code != event.code):
        return Wrong(f"ok: false, {event.code}", str(walk.frame))
    return SEEN


@V1.probe("ERR-4")
async def an_exception_does_not_show(lab: Lab) -> Outcome:
    async with lab.session() as session:
        await session.hello(lab.caps())
        script = [{"do": "text", "stream": "s", "text": "x"}, {"do": "raise", "message": SECRET}]
        reply = await session.run(script)
        if reply["ok"] is not False:
            return None
        for entry in session.transcript.entries:
            if entry.direction == "recv" and (SECRET in str(entry.raw) or "Traceback" in str(entry.raw)):
                return Wrong("a generic text", str(entry.raw))
    return SEEN


@V1.probe("ERR-5")
async def an_unknown_event_is_answered_so(lab: Lab) -> Outcome:
    async with lab.session() as session:
        await session.hello(lab.caps())
        for name in ("no.such.event", "__init__", "mount", ""):
            reply = await session.reply(await session.event(name, {}))
            if reply["ok"] is not False or reply["error"]["code"] != "unknown_event":
                return Wrong(f"unknown_event to the event {name!r}", str(reply))
        return await _goes_on(session)


@V1.probe("ERR-6")
async def bad_params_are_answered_so(lab: Lab) -> Outcome:
    async with lab.session() as session:
        await session.hello(lab.caps())
        without_script: tuple[dict[str, Any], ...] = ({}, {"scripts": []})
        for params in without_script:
            reply = await session.reply(await session.event("conformance.run", params))
            if reply["ok"] is not False or reply["error"]["code"] != "bad_params":
                return Wrong(f"bad_params to the params {params}", str(reply))
        return await _goes_on(session)


async def _goes_on(session: Session) -> Outcome:
    if session.transcript.frames("stream"):
        return Wrong("no operation of a refused event", str(session.transcript.frames("stream")[0]))
    control = await session.run([{"do": "text", "stream": "s", "text": "x"}])
    if control["ok"] is not True or not session.transcript.frames("stream"):
        return Wrong("the session goes on", str(control))
    return SEEN


@V1.probe("ERR-9")
async def a_code_of_neither_kind_raises(lab: Lab) -> Outcome:
    async with lab.session() as session:
        await session.hello(lab.caps())
        good = await session.run([{"do": "error", "stream": "good", "error": "e", "code": "x_quota"}])
        if good["ok"] is not True:
            lab.inconclusive(f"the control, the code x_quota, was refused: {good}")
            return None
        for code in ("quota", "X_quota", "x_Quota", "", "x_" + "q" * 64):
            reply = await session.run([{"do": "error", "stream": "bad", "error": "e", "code": code}])
            if reply["ok"] is not False:
                return Wrong(f"ok: false to the code {code!r}", str(reply))
        frames = [frame for frame in session.transcript.frames("stream") if frame["stream"] == "bad"]
        return Wrong("no operation with such a code", str(frames[0])) if frames else SEEN
