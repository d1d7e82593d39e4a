"""The prose around a requirement: what explains it, where else it is named, and the decisions behind it."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from streamops_spec.data import decisions_root, spec_root
from streamops_spec.requirements import Requirement

_PARAGRAPH = re.compile(r"\n\s*\n")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a page: its title, and what it says about a requirement."""

    page: str
    """The file name, such as `11-resume.md`."""
    heading: str
    paragraphs: tuple[str, ...]
    """Markdown without links."""


def explanation(requirement: Requirement) -> Passage:
    """The paragraphs before the requirement in its section, from the last requirement on.

    If nothing stands between the two, the paragraphs before that one: one text explains both.
    """
    path = spec_root() / requirement.spec / requirement.chapter
    lines = path.read_text(encoding="utf-8").splitlines()[: requirement.line - 1]
    found: list[str] = []
    heading = ""
    for paragraph in _paragraphs("\n".join(lines)):
        if paragraph.startswith("#"):
            heading, found = paragraph.lstrip("# "), []
        elif paragraph.startswith("> **"):
            found = [*found, ""] if found and found[-1] else found
        else:
            found = [paragraph] if found and not found[-1] else [*found, paragraph]
    return Passage(path.name, heading, tuple(each for each in found if each))


def mentions(requirement: Requirement) -> list[Passage]:
    """The paragraphs that name the requirement: in the chapters of its version, and in the decisions.

    Without those of its explanation.
    """
    named = re.compile(rf"\b{requirement.id}\b")
    explained = explanation(requirement).paragraphs
    found = []
    for path in [
        *sorted((spec_root() / requirement.spec).glob("*.md")),
        *sorted(decisions_root().glob("*.md")),
    ]:
        for heading, paragraphs in _sections(path):
            kept = [each for each in paragraphs if named.search(each) and not each.startswith("> **")]
            kept = [each for each in kept if each not in explained]
            if kept and path.parent == decisions_root():
                kept = [
                    each for each in paragraphs if each.startswith("**")
                ]  # context, decision, consequence
            if kept:
                found.append(Passage(path.name, heading, tuple(_about(each, named) for each in kept)))
    return found


def _about(paragraph: str, named: re.Pattern[str]) -> str:
    """The rows of a table that name the requirement; other paragraphs whole."""
    if not paragraph.startswith("|"):
        return paragraph
    rows = [row.strip("| ") for row in paragraph.splitlines() if named.search(row)]
    return "\n".join(" · ".join(cell.strip() for cell in row.split("|")) for row in rows)


@cache
def _sections(path: Path) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The sections of a page: heading and paragraphs."""
    found: list[tuple[str, list[str]]] = []
    for paragraph in _paragraphs(path.read_text(encoding="utf-8")):
        if paragraph.startswith("#"):
            found.append((paragraph.lstrip("# "), []))
        else:
            found[-1][1].append(paragraph)
    return tuple((heading, tuple(paragraphs)) for heading, paragraphs in found)


def _paragraphs(text: str) -> list[str]:
    """Headings, paragraphs, lists and tables, without examples and comments."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!--.*?-->", "", text)
    return [_LINK.sub(r"\1", each.strip()) for each in _PARAGRAPH.split(text) if each.strip()]
