"""Draws cases: the capabilities of a session, and its scripts."""

from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from streamops_conformance.generate import alphabet
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle import script as s
from streamops_conformance.oracle.script import Parallel

ENDS: tuple[tuple[s.AnyStep, ...], ...] = ((), (), (), (), (), (s.Raise("boom"),))
"""How scripts end. `raise` is only at the end, since most scripts would end early otherwise."""

BRANCHES = (("a", "b"), ("x", "y"), ("z", "w"))
"""The streams of the branches of `parallel`. They are disjoint, so that the log of each is determined."""


def _scripts(
    alphabet_: list[s.Simple], ends: tuple[tuple[s.AnyStep, ...], ...] = ENDS
) -> st.SearchStrategy[s.Script]:
    body = st.lists(st.sampled_from(alphabet_), max_size=14)
    return st.builds(lambda steps, end: (*steps, *end), body, st.sampled_from(ends))


def _parallel(with_html: bool) -> st.SearchStrategy[s.Script]:
    branches = [
        st.lists(
            st.sampled_from(alphabet.texts(names) + (alphabet.htmls(names)[:24] if with_html else [])),
            max_size=7,
        )
        for names in BRANCHES
    ]

    def build(
        parts: tuple[list[s.Simple], ...], raising: int, before: list[s.Simple], after: list[s.Simple]
    ) -> s.Script:
        made = [
            (*part, *((s.Raise("boom"),) if number == raising else ())) for number, part in enumerate(parts)
        ]
        # A branch that raises changes the open runs of the handler. Close them first, so that the place of
        # the error among the operations of another branch is determined.
        closing = [
            s.Done(name) for name in dict.fromkeys(step.stream for step in before if hasattr(step, "stream"))
        ]
        return (*before, *closing, Parallel(tuple(made)), *after)

    around = st.lists(st.sampled_from(alphabet.texts(("a", "p"))), max_size=4)
    return st.builds(build, st.tuples(*branches), st.sampled_from((-1, -1, -1, 0, 1)), around, around)


@cache
def cases(agreed: frozenset[str]) -> st.SearchStrategy[CaseSpec]:
    """Cases for a target with those capabilities, simple kinds first."""
    kinds = [_case((), _scripts(alphabet.texts()))]
    if "html" in agreed:
        rich = alphabet.texts() + alphabet.htmls()
        kinds.append(_case(("html",), _scripts(alphabet.htmls() + alphabet.texts()[:20])))
        kinds.append(_case(("html",), _scripts(rich + alphabet.nested() * 3)))
    kinds.append(_case((), _parallel(with_html=False)))
    if "html" in agreed:
        kinds.append(_case(("html",), _parallel(with_html=True)))
    if {"html", "view"} <= agreed:
        steps = [*alphabet.texts(("a", "b")), *alphabet.htmls(("a", "b"))[:40]]
        steps += alphabet.views(("a", "b", "v")) * 3
        kinds.append(_case(("html", "view"), _scripts(steps), (("a", "0"), ("b", "<1>"), ("v", "v"))))
    elif "view" in agreed:
        steps = alphabet.texts(("a", "b"))
        steps += [step for step in alphabet.views(("v",)) if not isinstance(step, s.StreamTo)] * 4
        kinds.append(_case(("view",), _scripts(steps), (("a", "0"), ("v", "v"))))
    return st.builds(_also, st.one_of(kinds), st.sampled_from(_also_offered(agreed)))


def _also_offered(agreed: frozenset[str]) -> list[tuple[tuple[str, ...], int]]:
    """Capabilities that change no program, and a window. They are rare, so that most cases are simple."""
    found: list[tuple[tuple[str, ...], int]] = [((), 64)] * 8
    if "ack" in agreed:
        found += [(("ack",), window) for window in (1, 2, 5)]
    if "resume" in agreed:
        found.append((("resume",), 64))
    return found


def _also(case: CaseSpec, more: tuple[tuple[str, ...], int]) -> CaseSpec:
    caps, window = more
    return replace(case, caps=(*caps, *case.caps), window=window)


def _case(
    caps: tuple[str, ...], scripts: st.SearchStrategy[s.Script], variables: tuple[tuple[str, str], ...] = ()
) -> st.SearchStrategy[CaseSpec]:
    offered = (*caps, "x-conformance")
    several = st.lists(scripts, min_size=1, max_size=2).map(tuple)
    return st.builds(
        lambda one, many, twice: CaseSpec(offered, many if twice else (one,), variables),
        scripts,
        several,
        st.sampled_from((False, False, False, True)),
    )
