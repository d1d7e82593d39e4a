"""Documents as trees in one normal form, from the oracle's document and from a testee's dump.

Adjacent text nodes are joined and empty ones dropped, because a client may split text as it likes.
Markers and alerts, which a client adds to the content, are removed here and judged separately.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import turbohtml

Node = tuple[Any, ...]
"""`("text", data)`, `("comment", data)` or `(tag, ((name, value), …), children)`."""
Tree = tuple[Node, ...]
Dumped = Mapping[str, Any]

MARKERS = ("data-stream-active", "data-stream-error", "aria-busy")


def of_html(root: Any) -> Tree:
    """The normal form of the oracle's nodes below `root`."""
    found: list[Node] = []
    for child in root.children:
        if isinstance(child, turbohtml.Text):
            _put(found, ("text", child.data))
        elif isinstance(child, turbohtml.Comment):
            found.append(("comment", child.data))
        else:
            attrs = {name: _value(value) for name, value in child.attrs.items()}
            found.append((child.tag, tuple(sorted(attrs.items())), of_html(child)))
    return tuple(found)


def of_dump(nodes: Sequence[Dumped]) -> Tree:
    """The normal form of dumped nodes, without markers and without alerts outside of streams."""
    return _children(nodes, inside=False)


def _children(nodes: Sequence[Dumped], *, inside: bool) -> Tree:
    found: list[Node] = []
    for node in nodes:
        if "text" in node:
            _put(found, ("text", node["text"]))
        elif "comment" in node:
            found.append(("comment", node["comment"]))
        elif inside or node["attrs"].get("role") != "alert":
            within = inside or "dj-stream" in node["attrs"]
            children = _children(node["children"], inside=within)
            found.append((node["tag"], tuple(sorted(_own(node["attrs"]).items())), children))
    return tuple(found)


def _own(attrs: Mapping[str, str]) -> dict[str, str]:
    """The attributes that the page set, without those of the client."""
    own = {name: value for name, value in attrs.items() if name not in MARKERS}
    loading = set(attrs.get("data-loading-class", "").split())
    if loading:
        kept = [name for name in attrs.get("class", "").split() if name not in loading]
        own.pop("class", None)
        if kept:
            own["class"] = " ".join(kept)
    return own


def _put(found: list[Node], text: Node) -> None:
    if found and found[-1][0] == "text":
        found[-1] = ("text", found[-1][1] + text[1])
    elif text[1]:
        found.append(text)


def _value(value: Any) -> str:
    return " ".join(value) if isinstance(value, list | tuple) else str(value if value is not None else "")


def elements(nodes: Sequence[Dumped]) -> Iterator[Dumped]:
    """Every dumped element, in document order."""
    for node in nodes:
        if "tag" in node:
            yield node
            yield from elements(node["children"])


def stream_element(nodes: Sequence[Dumped], name: str) -> Dumped | None:
    """The first dumped element of that stream in document order."""
    return next((node for node in elements(nodes) if node["attrs"].get("dj-stream") == name), None)


def in_html(tree: Tree) -> str:
    """A tree in readable form: like HTML, with every character visible."""
    parts = []
    for node in tree:
        if node[0] == "text":
            parts.append(node[1].replace("<", "&lt;"))
        elif node[0] == "comment":
            parts.append(f"<!--{node[1]}-->")
        else:
            tag, attrs, children = node
            said = "".join(f' {name}="{value}"' if value else f" {name}" for name, value in attrs)
            parts.append(f"<{tag}{said}>{in_html(children)}</{tag}>")
    return "".join(parts)
