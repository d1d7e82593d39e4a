"""Errors are shown beside the content and do not become part of it."""

from streamops_conformance.model.registry import Outcome
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.judge import Look


@CLIENT.rule("CLI-108", "look")
def an_error_is_shown_in_an_alert_beside_the_content(look: Look) -> Outcome:
    return look.says("CLI-108", seen=look.frames[-1]["ops"][-1]["op"] == "error")


@CLIENT.rule("CLI-109", "look")
def what_is_streamed_after_an_error_goes_on_from_the_content(look: Look) -> Outcome:
    return look.says("CLI-109", seen=look.after_error())
