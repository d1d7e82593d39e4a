"""The loading classes of an element, set between start and done."""

from streamops_conformance.model.outcome import Outcome
from streamops_conformance.v0.client.checks.registry import CLIENT
from streamops_conformance.v0.client.judge import DumpCheck


@CLIENT.rule("CLI-110", "dump")
def the_loading_classes_are_set_from_start_to_done(check: DumpCheck) -> Outcome:
    return check.says("CLI-110", seen=any(check.loading.get(name) for name, _, _ in check.classes()))
