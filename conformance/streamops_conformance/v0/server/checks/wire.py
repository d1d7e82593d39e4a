"""Chapter 1: messages and stream frames."""

from streamops_conformance.model.outcome import Outcome
from streamops_conformance.v0.server.checks.registry import SERVER
from streamops_conformance.v0.server.judge import Account


@SERVER.rule("FRM-101")
def every_message_is_one_json_object_with_a_type(account: Account) -> Outcome:
    return account.says("FRM-101", seen=bool(account.transcript.frames()))


@SERVER.rule("FRM-102")
def stream_frames_match_their_schema(account: Account) -> Outcome:
    return account.says("FRM-102", seen=bool(account.transcript.frames("stream")))
