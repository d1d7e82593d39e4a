"""Chapter 2: what the streaming methods promise, one by one and together.

A case is blamed for one requirement (`v0.oracle.blame`). The rules here say what a case must show before
a requirement counts as kept.
"""

from streamops_conformance.model.outcome import Outcome
from streamops_conformance.v0.oracle.calls import RENDERING
from streamops_conformance.v0.server.checks.registry import SERVER
from streamops_conformance.v0.server.judge import Account


@SERVER.rule("ORD-101", needs_program=True)
def nothing_is_lost_at_full_speed(account: Account) -> Outcome:
    return account.says("ORD-101", seen=any(after.pause == 0 for _, after in account.pairs()))


@SERVER.rule("ORD-102", needs_program=True)
def calls_take_effect_in_their_order(account: Account) -> Outcome:
    return account.says("ORD-102", seen=any(True for _ in account.pairs()))


@SERVER.rule("ORD-103", needs_program=True)
def nothing_arrives_after_done(account: Account) -> Outcome:
    done = any(not before.lifecycle and after.kind == "done" for before, after in account.pairs())
    return account.says("ORD-103", seen=done)


@SERVER.rule("ORD-104", needs_program=True)
def a_stream_shows_the_same_alone_and_beside_others(account: Account) -> Outcome:
    return account.says("ORD-104", seen=any(len(run) > 1 for run in account.runs))


@SERVER.rule("CNT-101", needs_program=True)
def text_is_appended_prepended_and_replaced(account: Account) -> Outcome:
    modes = {"text.append", "text.prepend", "text.replace"}
    return account.says("CNT-101", seen=modes <= account.alone())


@SERVER.rule("CNT-102", needs_program=True)
def html_replaces_the_content(account: Account) -> Outcome:
    return account.says("CNT-102", seen="replace" in account.alone())


@SERVER.rule("CNT-103", needs_program=True)
def a_re_render_has_the_nested_markup(account: Account) -> Outcome:
    return account.says("CNT-103", seen={"stream_to", "nested"} <= account.alone())


@SERVER.rule("CNT-104", needs_program=True)
def html_is_inserted_at_either_end(account: Account) -> Outcome:
    return account.says("CNT-104", seen={"insert.append", "insert.prepend"} <= account.alone())


@SERVER.rule("CNT-105", needs_program=True)
def an_element_is_deleted(account: Account) -> Outcome:
    return account.says("CNT-105", seen="delete" in account.alone())


@SERVER.rule("CNT-106", needs_program=True)
def a_replacement_and_the_text_after_it_both_show(account: Account) -> Outcome:
    both = any(
        before.kind in RENDERING and after.kind.startswith("text.") and after.pause == 0
        for before, after in account.pairs()
    )
    return account.says("CNT-106", seen=both)


@SERVER.rule("LIF-101", needs_program=True)
def start_and_done_arrive_around_their_content(account: Account) -> Outcome:
    kinds = [[call.kind for call in calls] for calls in account.streams()]
    around = any("start" in each[:-2] and each[-1] == "done" for each in kinds)
    return account.says("LIF-101", seen=around)


@SERVER.rule("ERR-101", needs_program=True)
def an_error_keeps_the_content(account: Account) -> Outcome:
    kinds = [[call.kind for call in calls] for calls in account.streams()]
    between = any("error" in each[1:-1] for each in kinds)
    return account.says("ERR-101", seen=between)
