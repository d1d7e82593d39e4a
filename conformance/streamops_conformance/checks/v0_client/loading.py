"""Start and end: the classes that an element names for them."""

from streamops_conformance.checks.v0_client.registry import CLIENT
from streamops_conformance.judge.client_v0 import Look
from streamops_conformance.judge.registry import Outcome


@CLIENT.rule("CLI-110", "look")
def the_loading_classes_are_there_from_start_to_done(look: Look) -> Outcome:
    return look.says("CLI-110", seen=any(look.loading.get(name) for name, _, _ in look.classes()))
