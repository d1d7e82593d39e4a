"""Chapter 13: the state on the page."""

from collections.abc import Mapping
from typing import Any

from streamops_conformance.model.outcome import KEPT, NOT_SEEN, Outcome, Wrong
from streamops_conformance.oracle import tree
from streamops_conformance.v1.client.checks.registry import CLIENT
from streamops_conformance.v1.client.dump_check import DumpCheck

Dumped = Mapping[str, Any]


@CLIENT.rule("CLI-9", "dump")
def each_shown_error_has_one_alert(check: DumpCheck) -> Outcome:
    if not check.html or check.dump is None or check.has("violation", "malformed"):
        return NOT_SEEN
    document = check.answer["document"]
    shown = {name: each for name, each in check.expected.streams.items() if each.error is not None}
    alerts = [text for text in check.answer["alerts"] if text.strip()]
    if len(alerts) > len(shown):
        return Wrong(f"an alert for each of {sorted(shown)}", f"the alerts {alerts}")
    for name, each in shown.items():
        if tree.stream_element(document, name) is None:
            continue
        if not any((each.error or "").strip() in text for text in (alerts or [""])):
            return Wrong(f"an alert with the text {each.error!r}", f"the alerts {alerts}")
    return KEPT if shown else NOT_SEEN


@CLIENT.rule("CLI-10", "dump", observed="document")
def markers_match_the_state_of_their_stream(check: DumpCheck) -> Outcome:
    if not check.html or check.dump is None or check.has("violation", "malformed"):
        return NOT_SEEN
    seen: Outcome = NOT_SEEN
    for name, shown in check.expected.streams.items():
        element = tree.stream_element(check.answer["document"], name)
        if element is None:
            continue
        seen = KEPT
        open_ = shown.state == "open"
        due = {
            "data-stream-active": open_,
            "aria-busy": open_,
            "data-stream-error": shown.error is not None,
        }
        due |= {f"class {each}": open_ for each in _loading(element)}
        there = _observed_markers(element)
        wrong = [mark for mark, is_due in due.items() if there.get(mark, False) != is_due]
        if wrong:
            state = f"{name} is {shown.state}, with error {shown.error!r}"
            return Wrong(
                f"{state}: {_in_words(due)}", _in_words({mark: there.get(mark, False) for mark in due})
            )
    return seen


def _loading(element: Dumped) -> list[str]:
    return str(element["attrs"].get("data-loading-class", "")).split()


def _observed_markers(element: Dumped) -> dict[str, bool]:
    attrs = element["attrs"]
    found = {
        "data-stream-active": "data-stream-active" in attrs,
        "aria-busy": attrs.get("aria-busy", "false") == "true",
        "data-stream-error": "data-stream-error" in attrs,
    }
    classes = attrs.get("class", "").split()
    return found | {f"class {each}": each in classes for each in _loading(element)}


def _in_words(marks: dict[str, bool]) -> str:
    return ", ".join(mark if there else f"no {mark}" for mark, there in marks.items())
