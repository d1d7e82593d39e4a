"""Errors are shown beside the content and do not become part of it."""

from streamops_conformance.model.outcome import Outcome
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.judge import DumpCheck


@CLIENT.rule("CLI-108", "dump")
def an_error_is_shown_in_an_alert_beside_the_content(check: DumpCheck) -> Outcome:
    return check.says("CLI-108", seen=check.frames[-1]["ops"][-1]["op"] == "error")


@CLIENT.rule("CLI-109", "dump")
def content_after_an_error_is_added_to_the_existing_content(check: DumpCheck) -> Outcome:
    return check.says("CLI-109", seen=check.after_error())
