"""What is compared: ops take effect in order, and streams do not disturb each other."""

from streamops_conformance.model.registry import Outcome
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.judge import Look


@CLIENT.rule("CLI-101", "look")
def the_ops_take_effect_in_order_and_none_is_lost(look: Look) -> Outcome:
    return look.says("CLI-101", seen=len(look.ops) > 1)


@CLIENT.rule("CLI-102", "look")
def a_stream_shows_beside_others_what_it_shows_alone(look: Look) -> Outcome:
    return look.says("CLI-102", seen=len(look.streams()) > 1)
