"""HTML as text, for a terminal."""

import turbohtml


def as_text(html: str) -> str:
    """The text that a page with this HTML shows, in lines; empty if it shows none.

    A fragment of any element is read, a row of a table too: a `template` may contain all of them.
    """
    whole = html.encode("utf-8", "replace").decode()  # without lone surrogates
    return turbohtml.parse_fragment(whole, context="template").to_text().strip("\n")
