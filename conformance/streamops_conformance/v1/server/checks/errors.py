"""Chapter 7: errors and replies."""

from typing import Any

from streamops_spec import load_protocol

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.v1.server.checks.registry import SERVER
from streamops_conformance.v1.server.probe import steps
from streamops_conformance.v1.server.probe.context import ProbeContext
from streamops_conformance.v1.server.session import Session
from streamops_conformance.v1.server.transcript_state import TranscriptState

SECRET = "hunter2-in-the-exception"


@SERVER.rule("ERR-7", "stream", "reply", "error", ahead=True)
def every_code_is_a_core_or_application_code(state: TranscriptState) -> Outcome:
    # Asked before the schemas, which list the codes too.
    protocol = load_protocol()
    codes = [code for code in _codes(state.frame) if isinstance(code, str)]
    for code in codes:
        if code not in protocol.codes and not code.startswith(protocol.application_code_prefix):
            return Wrong("a code of the core set, or one that begins with x_", f"code {code!r}")
    return KEPT if codes else NOT_SEEN


def _codes(frame: dict[str, Any]) -> list[object]:
    inner, ops = frame.get("error"), frame.get("ops")
    holders = [frame, inner, *(ops if isinstance(ops, list) else ())]
    return [each.get("code") for each in holders if isinstance(each, dict)]


@SERVER.rule("ERR-8", "*")
def nothing_follows_a_fatal_error(state: TranscriptState) -> Outcome:
    return Wrong("a close after the fatal error", f"a {state.entry.type} frame") if state.fatal else NOT_SEEN


@SERVER.rule("ERR-8", "close")
def the_close_mirrors_the_fatal_error(state: TranscriptState) -> Outcome:
    if state.fatal is None:
        return NOT_SEEN
    codes = load_protocol().close_codes
    closed_with, _, reason = str(state.entry.raw).partition(" ")
    code = state.fatal["code"]
    # A failed mount has no close code of its own: it closes as internal.
    row = codes.get(code, codes["internal"])
    if int(closed_with) not in (row.close, *row.also):
        return Wrong(f"close {row.close} for {code}", f"close {closed_with}")
    if reason != code and int(closed_with) == row.close:
        return Wrong(f"the close reason {code!r}", repr(reason))
    return KEPT


@SERVER.rule("ERR-1", "stream", needs_program=True)
def an_error_does_not_change_the_content(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    if found.broken == "ERR-1":
        return Wrong(found.expected, found.observed)
    return KEPT if any(op.kind == "error" for op in state.covered) else NOT_SEEN


@SERVER.rule("ERR-2", "stream", needs_program=True)
def an_error_has_the_text_and_code_of_its_call(state: TranscriptState) -> Outcome:
    found = state.diagnosis()
    if found.broken == "ERR-2":
        return Wrong(found.expected, found.observed)
    return KEPT if any(op.kind == "error" and not op.generic for op in state.covered) else NOT_SEEN


@SERVER.probe("ERR-3")
async def a_call_with_bad_arguments_is_an_error_of_the_application(context: ProbeContext) -> Outcome:
    calls = {
        "a malformed name": steps.text("1a", "x"),
        "a lone surrogate": steps.step("text_units", stream="s", units=[0xD800]),
        "an unknown code": steps.step("error", stream="s", error="no", code="mine"),
    }
    async with context.session() as session:
        await session.hello(context.caps())
        for what, call in calls.items():
            reply = await session.run([call])
            code = reply.get("error", {}).get("code")
            if reply["ok"] is False and code != "app_error":
                return Wrong(
                    f"app_error, because the handler did not catch the refusal of {what}", f"{reply}"
                )
    return KEPT


@SERVER.rule("ERR-3", "reply", needs_program=True)
def a_handler_that_raises_is_answered_with_an_error(state: TranscriptState) -> Outcome:
    assert state.program is not None
    if len(state.replies) >= len(state.program.events):
        return NOT_SEEN
    event = state.program.events[len(state.replies)]
    if event.ok:
        return NOT_SEEN
    code = state.frame.get("error", {}).get("code")
    if state.frame["ok"] is not False or (event.code and code != event.code):
        return Wrong(f"ok: false, {event.code}", str(state.frame))
    return KEPT


@SERVER.probe("ERR-4")
async def the_text_of_an_exception_is_not_sent(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        script = [steps.text("s", "x"), steps.step("raise", message=SECRET)]
        reply = await session.run(script)
        if reply["ok"] is not False:
            return NOT_SEEN
        for entry in session.transcript.entries:
            if entry.direction == "recv" and (SECRET in str(entry.raw) or "Traceback" in str(entry.raw)):
                return Wrong("a generic text", str(entry.raw))
    return KEPT


@SERVER.probe("ERR-5")
async def an_unknown_event_is_answered_with_unknown_event(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        for name in ("no.such.event", "__init__", "mount", ""):
            reply = await session.reply(await session.event(name, {}))
            if reply["ok"] is not False or reply["error"]["code"] != "unknown_event":
                return Wrong(f"unknown_event to the event {name!r}", str(reply))
        return await _session_continues(session)


@SERVER.probe("ERR-6")
async def bad_params_are_answered_with_bad_params(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        without_script: tuple[dict[str, Any], ...] = ({}, {"scripts": []})
        for params in without_script:
            reply = await session.reply(await session.event("conformance.run", params))
            if reply["ok"] is not False or reply["error"]["code"] != "bad_params":
                return Wrong(f"bad_params to the params {params}", str(reply))
        return await _session_continues(session)


async def _session_continues(session: Session) -> Outcome:
    if session.transcript.frames("stream"):
        return Wrong("no operation from a refused event", str(session.transcript.frames("stream")[0]))
    control = await session.run([steps.text("s", "x")])
    if control["ok"] is not True or not session.transcript.frames("stream"):
        return Wrong("the session continues", str(control))
    return KEPT


@SERVER.probe("ERR-9")
async def a_code_that_is_neither_core_nor_application_raises(context: ProbeContext) -> Outcome:
    async with context.session() as session:
        await session.hello(context.caps())
        good = await session.run([steps.step("error", stream="good", error="e", code="x_quota")])
        if good["ok"] is not True:
            context.inconclusive(f"the control, the code x_quota, was refused: {good}")
            return NOT_SEEN
        for code in ("quota", "X_quota", "x_Quota", "", "x_" + "q" * 64):
            reply = await session.run([steps.step("error", stream="bad", error="e", code=code)])
            if reply["ok"] is not False:
                return Wrong(f"ok: false to the code {code!r}", str(reply))
        frames = [frame for frame in session.transcript.frames("stream") if frame["stream"] == "bad"]
        return Wrong("no operation with such a code", str(frames[0])) if frames else KEPT
