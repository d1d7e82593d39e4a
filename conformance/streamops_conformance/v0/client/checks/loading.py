"""Start and end: the classes that an element names for them."""

from streamops_conformance.model.registry import Outcome
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.judge import Look


@CLIENT.rule("CLI-110", "look")
def the_loading_classes_are_there_from_start_to_done(look: Look) -> Outcome:
    return look.says("CLI-110", seen=any(look.loading.get(name) for name, _, _ in look.classes()))
