"""Fixed cases that are not left to chance: each exercises one rule."""

from streamops_conformance.generate import alphabet
from streamops_conformance.model.case import CaseSpec
from streamops_conformance.oracle import script as s

DRIVER = "x-conformance"


def _case(*steps: s.AnyStep, caps: tuple[str, ...] = ()) -> CaseSpec:
    return CaseSpec((*caps, DRIVER), (steps,))


def _view(*scripts: s.Script, **variables: str) -> CaseSpec:
    return CaseSpec(("html", "view", DRIVER), scripts, tuple(sorted(variables.items())))


TOKENS = tuple(s.Text("a", f"{number} ") for number in range(200))
P = '<p id="c">c</p>'

TEXT = (
    _case(s.Text("a", "x")),
    _case(*TOKENS),
    _case(*(s.Text(name, f"{n} ") for n in range(40) for name in ("a", "b"))),
    _case(s.Text("a", "x"), s.Raise("boom")),
    _case(s.Text("a", "x"), s.Error("a", "e"), s.Raise("boom")),
    _case(s.Text("a", "x"), s.Error("a", "e")),
    _case(s.Text("a", "x"), s.Error("a", "e"), s.Text("a", "y"), s.Done("a")),
    _case(s.Error("a", "e"), s.Done("a"), s.Start("a")),
    _case(s.Start("a"), s.Start("a"), s.Error("a", "e"), s.Start("a")),
    _case(s.Text("a", "1"), s.Text("b", "2"), s.Start("a"), s.Text("a", "3"), s.Text("b", "4")),
    _case(s.Text("a", "x"), s.Done("a"), s.Text("a", "y"), s.Done("a"), s.Done("a"), s.Text("a", "z")),
    _case(
        s.Text("b", "x"), s.Sleep(40), s.Text("b", "1"), s.Text("b", "2"), s.Text("a", "y"), s.Text("b", "3")
    ),
    _case(
        s.Text("a", "1"),
        s.Text("a", "2", "prepend"),
        s.Text("a", "3", "prepend"),
        s.Text("a", "4", "replace"),
    ),
    _case(s.Text("a", "1", "replace"), s.Text("a", "2"), s.Text("a", "3", "prepend")),
    _case(*alphabet.LONG),
    _case(s.Text("a", "xyz\u00e9", "replace", repeat=4000), s.Text("a", "end")),
    _case(*(s.Text("a", "twenty bytes of text", repeat=40) for _ in range(24))),
    _case(
        s.Parallel(((s.Text("a", "1"), s.Sleep(20)), (s.Text("b", "2"), s.Raise("boom")))), s.Text("a", "3")
    ),
    _case(
        s.Start("a"), s.Parallel(((s.Text("b", "1"),), (s.Text("c", "2"), s.Raise("boom")))), s.Text("a", "3")
    ),
    CaseSpec((DRIVER,), ((s.Text("a", "1"), s.Raise("x")), (s.Text("a", "2"),), (s.Text("a", "3"),))),
)
HTML = (
    _case(
        s.Replace("a", P),
        s.Sleep(40),
        s.Text("a", "1"),
        s.Text("a", "2", target="#c"),
        s.Text("a", "3"),
        caps=("html",),
    ),
    _case(
        s.Sleep(40),
        s.Replace("a", P),
        s.Text("b", "1"),
        s.Insert("a", "<b>x"),
        s.Insert("a", "x"),
        caps=("html",),
    ),
    _case(s.Insert("a", "<b>x", "prepend"), s.Insert("a", "y", "prepend"), caps=("html",)),
    _case(s.Text("a", "0"), s.Insert("a", P + P), s.Delete("a", "#c"), s.Delete("a", "#c"), caps=("html",)),
    _case(
        s.Text("a", "0"), s.Insert("a", P + P), s.Delete("a", "#c"), s.Replace("a", "r", "#c"), caps=("html",)
    ),
    _case(
        s.Text("a", "0"),
        s.Insert("a", "<p>1<p>2<p>3"),
        s.Prune("a", 2),
        s.Insert("a", "<p>4"),
        s.Prune("a", 1, "bottom"),
        caps=("html",),
    ),
    _case(
        s.Text("a", "0"),
        s.Replace("a", P),
        s.Text("a", "1", "replace", "#c"),
        s.Text("a", "2", "replace"),
        caps=("html",),
    ),
    _case(
        s.Text("a", "0"),
        s.Insert("a", P),
        s.Text("a", "1", target="#c"),
        s.Delete("a", "#c"),
        s.Text("a", "2"),
        caps=("html",),
    ),
    _case(
        s.Text("a", "0"),
        s.Insert("a", "<b>1"),
        s.Insert("a", "2"),
        s.Replace("a", "3"),
        s.Insert("a", "4"),
        caps=("html",),
    ),
    _case(s.Text("a", "0"), s.Text("a", "1"), s.Delete("a"), s.Text("a", "2"), s.Delete("a"), caps=("html",)),
)
VIEW = (
    _view((s.Set("v", "1"),), v="0"),
    _view((s.Set("v", "1"), s.PushState(), s.Text("a", "x"), s.Set("v", "2")), a="", v="0"),
    _view(
        (s.Text("a", "x"), s.PushState(), s.Set("a", "state"), s.StreamTo("a"), s.PushState()), a="0", b="1"
    ),
    _view(
        (s.Text("a", "1"), s.Text("a", "2"), s.PushState(), s.Text("a", "3"), s.Set("b", "4"), s.PushState()),
        a="",
        b="1",
    ),
    _view(
        (
            s.Set("a", "<b>\"x\"</b> & 'y'"),
            s.StreamTo("a"),
            s.Error("a", "shown"),
            s.PushState(),
            s.Raise("boom"),
        ),
        a="0",
    ),
    _view((s.Error("b", "e", "timeout"), s.PushState(), s.Done("b"), s.Set("a", "1")), a="0", b="1"),
    _view(
        (s.Start("b"), s.PushState(), s.Set("a", "1"), s.PushState(), s.Set("a", "2")),
        (s.Set("a", "3"),),
        a="0",
        b="1",
    ),
    _view((s.Set("v", "1"), s.Raise("boom")), (s.Set("v", "2"),), v="0"),
    _view((s.Error("unmarked", "e"), s.PushState(), s.Text("foreign", "t"), s.Set("v", "1")), v="0"),
)


def classics(agreed: frozenset[str]) -> list[CaseSpec]:
    """The cases that a target with these capabilities can run."""
    return [case for case in (*TEXT, *HTML, *VIEW) if set(case.caps) <= agreed | {DRIVER}]
