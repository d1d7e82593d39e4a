"""HTML as text, for a terminal."""

import re

import turbohtml

_FIRST_TAG = re.compile(r"\s*<([a-z]+)", re.IGNORECASE)
_AROUND = dict.fromkeys(("caption", "colgroup", "thead", "tbody", "tfoot", "tr", "td", "th"), "table") | {
    "li": "ul"
}
"""First tag → the element that it stands in: a row alone has no columns, and an item no bullet."""


def as_text(html: str) -> str:
    """The text that a page with this HTML shows, in lines; empty if it shows none."""
    whole = html.encode("utf-8", "replace").decode()  # without lone surrogates
    first = _FIRST_TAG.match(whole)
    around = _AROUND.get(first[1].lower()) if first else None
    if around is not None:
        whole = f"<{around}>{whole}</{around}>"
    return turbohtml.parse_fragment(whole).to_text().strip("\n")
