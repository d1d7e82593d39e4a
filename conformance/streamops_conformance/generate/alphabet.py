"""The concrete steps that scripts are drawn from, simple before complex.

Drawing from a flat alphabet is ten times as fast as drawing from nested strategies, and shrinks as well.
These are left out: forms in forms, select and template as targets and a newline at the start of pre or
textarea (HTML parsers differ there), and dj-stream elements inside streams of sessions with views.
"""

from streamops_conformance.oracle import script as s

TEXTS = (
    "a",
    "b",
    "",
    " ",
    "token ",
    "<b>x</b> & \"q\" 'r'",
    "line\nline\r\n\ttab",
    "\u00e9\u0301 e\u0301",
    "\u4e16\u754c",
    "\U0001f9ea\U0001f469\u200d\U0001f4bb",
    "\u202eright to left\u202c\u2028\ufeff",
    "\U000e0001\U0010fffd\U0001d573",
    "\x01\x7f\x85",
)
"""Markup, white space, every plane, combining and direction marks, controls."""

HTMLS = (
    "<i>i</i>",
    "plain",
    "",
    '<p id="c">c</p>',
    "<b>x",
    "</div>y",
    "<p>1<p>2",
    '<div id="d"><span id="c">n</span></div>',
    "<ul><li>1<li>2</ul>",
    "<tr><td>cell",
    "<!-- c --><em>\u00e9&amp;&lt;\U0001f600</em>",
    "<a href='x' title=\"&quot;\">l</a>\n",
    '<p id="c">again</p><p id="c">twice</p>',
    "<script>1</script>",
    "&#0;&nbsp;&bogus;",
    "<div",
)
"""HTML: complete, broken, nested, and with ids that occur twice."""

TARGETS = ("", "#c", "#d", "#missing")
STREAMS = ("a", "b", "c.1")
SLEEPS = (0, 1, 5, 16, 17, 18, 40)
"""Milliseconds around the batching window."""

VALUES = ("0", "", "<b>&</b>", "\u4e16 \U0001f600", "two  words", "\"quoted\" 'single'")
"""Values for a variable of the view."""

LONG = (s.Text("a", "\U0001f9ea\u00e9x", repeat=1500), s.Text("a", "<&\u00e9", "prepend", repeat=3000))
"""Texts above the split limit of 8192 bytes. They are slow, so there are few."""


def texts(streams: tuple[str, ...] = STREAMS) -> list[s.Simple]:
    """Steps of a session without any capability: text and lifecycle."""
    steps: list[s.Simple] = []
    for stream in streams:
        steps += [s.Text(stream, text) for text in TEXTS[:2]]
        steps += [s.Start(stream), s.Done(stream), s.Error(stream, "went wrong")]
    for stream in streams[:2]:
        steps += [s.Text(stream, text) for text in TEXTS[2:]]
        steps += [s.Text(stream, f"{mode[0]}{n}", mode) for mode in ("prepend", "replace") for n in (1, 2)]
        steps += [s.Text(stream, "", "replace"), s.Error(stream, "<i>\u00e9</i>", "x_quota")]
        steps += [s.Error(stream, "", "timeout")]
    steps += [s.Sleep(ms) for ms in SLEEPS]
    return steps


def htmls(streams: tuple[str, ...] = STREAMS) -> list[s.Simple]:
    """Steps that need `html`."""
    steps: list[s.Simple] = []
    first = streams[0]
    for html in HTMLS:
        steps += [s.Replace(first, html), s.Insert(first, html), s.Insert(first, html, "prepend")]
    for stream in streams[:2]:
        for target in TARGETS[1:]:
            steps += [s.Text(stream, "t", "append", target), s.Text(stream, "r", "replace", target)]
            steps += [s.Insert(stream, "<u>u", "append", target), s.Delete(stream, target)]
            steps += [s.Replace(stream, "<s>s</s>", target), s.Prune(stream, 1, "bottom", target)]
        steps += [s.Prune(stream, limit, edge) for limit in (0, 1, 2) for edge in ("top", "bottom")]
        steps += [s.Insert(stream, '<p id="c">c</p>'), s.Replace(stream, '<b id="d">d</b>'), s.Delete(stream)]
    return steps


def nested(streams: tuple[str, ...] = STREAMS) -> list[s.Simple]:
    """Elements of other streams inside a stream, so that several streams share one place."""
    return [s.Insert(streams[0], f'<div dj-stream="{name}">in</div>') for name in streams]


def views(variables: tuple[str, ...]) -> list[s.Simple]:
    """Steps that need `view`: state, re-renders of the root and of one target."""
    steps: list[s.Simple] = [s.PushState()]
    for name in variables:
        steps += [s.Set(name, value) for value in VALUES]
        steps += [s.StreamTo(name)] * 3
    steps += [s.PushState()] * 3
    return steps
