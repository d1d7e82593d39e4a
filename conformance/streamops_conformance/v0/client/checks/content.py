"""Text and HTML."""

from streamops_conformance.model.outcome import Outcome
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.judge import DumpCheck


@CLIENT.rule("CLI-103", "dump")
def text_is_literal(check: DumpCheck) -> Outcome:
    markup = any(op["op"] == "text" and set("<&") & set(op["text"]) for op in check.ops)
    return check.says("CLI-103", seen=markup)


@CLIENT.rule("CLI-104", "dump")
def text_is_placed_by_its_mode(check: DumpCheck) -> Outcome:
    return check.says("CLI-104", seen="text" in check.held)


@CLIENT.rule("CLI-105", "dump")
def added_text_keeps_the_existing_content(check: DumpCheck) -> Outcome:
    return check.says("CLI-105", seen="elements" in check.held)


@CLIENT.rule("CLI-106", "dump")
def html_replaces_or_is_put_at_either_end(check: DumpCheck) -> Outcome:
    return check.says("CLI-106", seen=check.has("replace", "append", "prepend"))


@CLIENT.rule("CLI-107", "dump")
def a_deleted_element_is_gone(check: DumpCheck) -> Outcome:
    return check.says("CLI-107", seen=check.has("delete"))
