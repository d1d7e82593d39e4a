"""Cases of v0: each method alone, known ways to fail, and scripts drawn at random.

What no guide promises is left out: prune, a handler that hangs or raises, `push_state`, runs of white space
in variables, streams that the page does not have, and content after a program's own `done`. Scripts on
several streams sleep either not at all or much longer than a batching window, so that a stream gets the same
batches alone as beside others.
"""

from collections.abc import Sequence
from functools import cache

from hypothesis import strategies as st

from streamops_conformance.generate import alphabet
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle import script as s
from streamops_conformance.v0.oracle.calls import expected, inside, page

FAR = s.Sleep(50)
SLEEPS = (0, 1, 5, 15, 16, 16.3, 17, 18, 50)
STREAMS = ("a", "b", "c")
NAMES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
P = '<p id="c">c</p><p id="d">d</p>'


def _case(*scripts: s.Script, streams: str = "a", **variables: str) -> CaseSpec:
    return CaseSpec((), scripts, tuple(sorted({**dict.fromkeys(streams, "0"), **variables}.items())))


def alone(nested: str = "nested") -> dict[str, CaseSpec]:
    """Each kind of call with no other call near it."""
    return {
        "text.append": _case(
            (s.Text("a", "x"),), (s.Text("a", "<b>&</b>"), FAR, s.Text("a", "\u4e16 \U0001f600"))
        ),
        "text.prepend": _case(
            (s.Text("a", "x", "prepend"),), (s.Text("a", "x", "prepend"), FAR, s.Text("a", "y", "prepend"))
        ),
        "text.replace": _case(
            (s.Text("a", "x", "replace"),), (s.Text("a", "x", "replace"), FAR, s.Text("a", "", "replace"))
        ),
        "replace": _case(
            (s.Replace("a", "<b>r</b>"),), (s.Replace("a", P), FAR, s.Replace("a", "<s>s</s>", "#d"))
        ),
        "stream_to": _case((s.StreamTo("a"),), (s.Set("a", "<1> & more"), s.StreamTo("a"))),
        "nested": _case((s.StreamTo(nested),), (s.Set(nested, "M"), s.StreamTo(nested)), **{nested: "N"}),
        "insert.append": _case(
            (s.Insert("a", "<p>x</p>"),), (s.Insert("a", "<p>x</p>"), FAR, s.Insert("a", "<p>y</p>"))
        ),
        "insert.prepend": _case((s.Insert("a", "<p>x</p>", "prepend"),)),
        "delete": _case((s.Delete("a"),), (s.Replace("a", P), FAR, s.Delete("a", "#c"))),
        "start": _case((s.Start("a"),), (s.Start("a"), FAR, s.Text("a", "x"), FAR, s.Done("a"))),
        "error": _case(
            (s.Error("a", "went wrong"),), (s.Text("a", "x"), FAR, s.Error("a", "<e>"), FAR, s.Text("a", "y"))
        ),
    }


METHODS = (
    ("text.append", "text.prepend", "text.replace"),
    ("replace",),
    ("stream_to", "nested"),
    ("insert.append", "insert.prepend"),
    ("delete",),
    ("start",),
    ("error",),
)
"""The kinds of calls that one requirement is about."""


def methods(nested: str) -> list[CaseSpec]:
    """One case for each requirement on a method: its variants, each in its own view."""
    each = alone(nested)
    made = []
    for kinds in METHODS:
        scripts = tuple(script for kind in kinds for script in each[kind].scripts)
        variables = {name: value for kind in kinds for name, value in each[kind].variables}
        made.append(CaseSpec((), scripts, tuple(sorted(variables.items()))))
    return made


def _texts(*values: object, stream: str = "a") -> tuple[s.Text, ...]:
    return tuple(s.Text(stream, str(value)) for value in values)


TOKENS = _texts(*(f"{number} " for number in range(200)))
COMBINED = (
    _case(TOKENS),  # First, so that the report of a shorter script can say how many of these arrived.
    _case(_texts(1, 2, 3)),
    _case(tuple(step for token in TOKENS for step in (token, s.Sleep(1)))),
    _case((*_texts(1, 2), s.Text("a", "3", "prepend"), s.Text("a", "4", "prepend"))),
    _case((*_texts(1, 2), s.Text("a", "3", "replace"), *_texts(4, 5))),
    _case((*_texts(1, 2), s.Done("a"))),
    _case((s.Start("a"), *_texts(1, 2), s.Done("a"))),
    _case((s.Start("a"), *_texts(1, 2), s.Done("a"), s.Start("a"), *_texts(3, 4), s.Done("a"))),
    _case((*_texts(1, 2), s.Start("a"))),
    _case((*_texts(1, 2), s.Error("a", "e"))),
    _case((*_texts(1), s.Error("a", "e"), *_texts(2))),
    _case((*_texts(1, 2), s.Sleep(16.3), *_texts(3))),
    _case((s.Text("a", "0"), *_texts(1, 2, stream="b")), streams="ab"),
    _case(
        tuple(each for n in range(20) for each in (s.Text("a", f"{n} "), s.Text("b", f"{n} "))), streams="ab"
    ),
    _case((s.Parallel((_texts(1, 2), _texts(3, 4, stream="b"))),), streams="ab"),
    _case((*_texts(1), s.Replace("a", "<b>r</b>"), *_texts(2))),
    _case((s.Replace("a", "<b>r</b>"), *_texts(1))),
    _case((*_texts(1), s.StreamTo("a"), *_texts(2))),
    _case(
        (s.Replace("a", P), FAR, s.Insert("a", "<i>1</i>"), s.Insert("a", "<i>2</i>"), s.Delete("a", "#c"))
    ),
    _case((s.Insert("a", "<i>1"), s.Insert("a", "2"), s.Insert("a", "3", "prepend"), *_texts(4))),
)


def classics(working: frozenset[str], nested: str) -> list[CaseSpec]:
    """Every method alone, then the known ways to fail, as far as their calls work alone."""
    return methods(nested) + [case for case in COMBINED if _kinds(case) <= working]


def _kinds(case: CaseSpec) -> set[str]:
    found = set()
    for script in case.scripts:
        for calls in expected(script, dict(case.variables), None).streams.values():
            found |= {"start" if call.kind == "done" else call.kind for call in calls}
    return found


@cache
def cases(working: frozenset[str]) -> st.SearchStrategy[CaseSpec]:
    """Cases of those kinds of calls that work alone, simple before complex."""
    one = _steps("a", working)
    both = [step for name in STREAMS[:2] for step in _steps(name, working)] + [s.Sleep(0), FAR]
    parallel = st.tuples(
        *(
            st.lists(st.sampled_from([*_steps(name, working), s.Sleep(0), FAR]), max_size=7)
            for name in STREAMS
        )
    )
    return st.one_of(
        st.lists(st.sampled_from(one + [s.Sleep(ms) for ms in SLEEPS]), min_size=1, max_size=14).map(_tidy),
        st.lists(st.sampled_from(both), min_size=2, max_size=12).map(_tidy),
        parallel.map(lambda parts: _tidy([s.Parallel(tuple(map(tuple, parts)))])),
    )


def _steps(name: str, working: frozenset[str]) -> list[s.Simple]:
    texts = [text for text in alphabet.TEXTS if text.strip()]
    found: list[tuple[str, s.Simple]] = [
        ("text.append", s.Text(name, text)) for text in texts[:2] * 3 + texts[2:]
    ]
    found += [("text.prepend", s.Text(name, text, "prepend")) for text in ("p", "<q>")]
    found += [("text.replace", s.Text(name, text, "replace")) for text in ("r", "")]
    found += [("start", step) for step in (s.Start(name), s.Done(name))]
    found += [("error", s.Error(name, "went wrong")), ("error", s.Error(name, "<i>\u00e9</i>"))]
    found += [("replace", s.Replace(name, html)) for html in ("<i>i</i>", "plain", P)]
    found += [("replace", s.Replace(name, "<s>s</s>", "#c")), ("stream_to", s.StreamTo(name))]
    found += [("insert.append", s.Insert(name, html)) for html in ("<i>i</i>", "<b>x", P)]
    found += [("insert.prepend", s.Insert(name, html, "prepend")) for html in ("<i>i</i>", "<b>x")]
    found += [("delete", s.Delete(name, "#c"))]
    return [step for kind, step in found if kind in working]


def _tidy(drawn: Sequence[s.AnyStep]) -> CaseSpec:
    """The case of drawn steps: a letter makes each text distinct, and v0 defines every effect."""
    letters = iter(NAMES * 4)
    open_: dict[str, bool] = {}
    pages = {name: page(name, inside(name, {name: "0"}, None)) for name in STREAMS}

    def keep(step: s.Simple) -> s.Simple | None:
        name = getattr(step, "stream", "")
        if isinstance(step, s.Start):
            open_[name] = True
            return step
        if name and open_.get(name) is False:
            return None  # After `done` the program writes nothing without a `start`.
        if isinstance(step, s.Done):
            open_[name] = False
            return step
        if isinstance(step, s.Text) and step.text:
            step = s.Text(name, next(letters) + step.text, step.mode)
        elif isinstance(step, s.Replace | s.Insert) and "id=" not in step.html:
            html = f"{next(letters)}{step.html}"
            step = (
                s.Replace(name, html, step.target)
                if isinstance(step, s.Replace)
                else s.Insert(name, html, step.at)
            )
        if name:
            (call,) = expected((step,), {name: "0"}, None).streams[name]
            if not call.lifecycle:
                if pages[name].find(call.wire["target"]) is None:
                    return None
                pages[name].apply(call.wire)
        return step

    def kept(steps: tuple[s.Simple, ...]) -> tuple[s.Simple, ...]:
        return tuple(step for each in steps if (step := keep(each)) is not None)

    script = tuple(
        step
        for each in drawn
        for step in (
            (s.Parallel(tuple(map(kept, each.branches))),)
            if isinstance(each, s.Parallel)
            else kept(s.inner(each))
        )
    )
    used = s.streams_of(script)
    return CaseSpec((), (script,), tuple((name, "0") for name in sorted(used)))
