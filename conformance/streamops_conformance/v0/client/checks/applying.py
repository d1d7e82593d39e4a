"""Ops take effect in order, and streams do not disturb each other."""

from streamops_conformance.model.outcome import Outcome
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.judge import DumpCheck


@CLIENT.rule("CLI-101", "dump")
def the_ops_take_effect_in_order_and_none_is_lost(check: DumpCheck) -> Outcome:
    return check.says("CLI-101", seen=len(check.ops) > 1)


@CLIENT.rule("CLI-102", "dump")
def a_stream_shows_the_same_alone_and_beside_others(check: DumpCheck) -> Outcome:
    return check.says("CLI-102", seen=len(check.streams()) > 1)
