"""Chapter 2: what the streaming methods promise, one by one and together.

A case is blamed for one requirement (`oracle.blame_v0`); here stands what has to be seen
before a requirement counts as kept.
"""

from streamops_conformance.model.registry import Outcome
from streamops_conformance.v0.oracle.calls import RENDERING
from streamops_conformance.v0.server.checks.registry import V0
from streamops_conformance.v0.server.judge import Account


@V0.rule("ORD-101", law=True)
def nothing_is_lost_at_full_speed(account: Account) -> Outcome:
    return account.says("ORD-101", seen=any(after.pause == 0 for _, after in account.pairs()))


@V0.rule("ORD-102", law=True)
def calls_take_effect_in_their_order(account: Account) -> Outcome:
    return account.says("ORD-102", seen=any(True for _ in account.pairs()))


@V0.rule("ORD-103", law=True)
def nothing_arrives_after_done(account: Account) -> Outcome:
    done = any(not before.lifecycle and after.kind == "done" for before, after in account.pairs())
    return account.says("ORD-103", seen=done)


@V0.rule("ORD-104", law=True)
def a_stream_shows_beside_others_what_it_shows_alone(account: Account) -> Outcome:
    return account.says("ORD-104", seen=any(len(run) > 1 for run in account.runs))


@V0.rule("CNT-101", law=True)
def text_is_appended_prepended_and_replaced(account: Account) -> Outcome:
    modes = {"text.append", "text.prepend", "text.replace"}
    return account.says("CNT-101", seen=modes <= account.alone())


@V0.rule("CNT-102", law=True)
def html_replaces_the_content(account: Account) -> Outcome:
    return account.says("CNT-102", seen="replace" in account.alone())


@V0.rule("CNT-103", law=True)
def a_re_render_has_the_nested_markup(account: Account) -> Outcome:
    return account.says("CNT-103", seen={"stream_to", "nested"} <= account.alone())


@V0.rule("CNT-104", law=True)
def html_is_inserted_at_either_end(account: Account) -> Outcome:
    return account.says("CNT-104", seen={"insert.append", "insert.prepend"} <= account.alone())


@V0.rule("CNT-105", law=True)
def an_element_is_deleted(account: Account) -> Outcome:
    return account.says("CNT-105", seen="delete" in account.alone())


@V0.rule("CNT-106", law=True)
def a_replacement_and_the_text_after_it_both_show(account: Account) -> Outcome:
    both = any(
        before.kind in RENDERING and after.kind.startswith("text.") and after.pause == 0
        for before, after in account.pairs()
    )
    return account.says("CNT-106", seen=both)


@V0.rule("LIF-101", law=True)
def start_and_done_arrive_around_their_content(account: Account) -> Outcome:
    kinds = [[call.kind for call in calls] for calls in account.streams()]
    around = any("start" in each[:-2] and each[-1] == "done" for each in kinds)
    return account.says("LIF-101", seen=around)


@V0.rule("ERR-101", law=True)
def an_error_keeps_the_content(account: Account) -> Outcome:
    kinds = [[call.kind for call in calls] for calls in account.streams()]
    between = any("error" in each[1:-1] for each in kinds)
    return account.says("ERR-101", seen=between)
