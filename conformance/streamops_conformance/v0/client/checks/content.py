"""Text and html."""

from streamops_conformance.model.registry import Outcome
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.judge import Look


@CLIENT.rule("CLI-103", "look")
def text_is_literal(look: Look) -> Outcome:
    markup = any(op["op"] == "text" and set("<&") & set(op["text"]) for op in look.ops)
    return look.says("CLI-103", seen=markup)


@CLIENT.rule("CLI-104", "look")
def text_goes_where_its_mode_says(look: Look) -> Outcome:
    return look.says("CLI-104", seen="text" in look.held)


@CLIENT.rule("CLI-105", "look")
def a_text_that_is_added_takes_nothing_away(look: Look) -> Outcome:
    return look.says("CLI-105", seen="elements" in look.held)


@CLIENT.rule("CLI-106", "look")
def html_replaces_or_is_put_at_either_end(look: Look) -> Outcome:
    return look.says("CLI-106", seen=look.has("replace", "append", "prepend"))


@CLIENT.rule("CLI-107", "look")
def a_deleted_element_is_gone(look: Look) -> Outcome:
    return look.says("CLI-107", seen=look.has("delete"))
