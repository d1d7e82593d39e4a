"""A sentence that commands names the requirement that says so, or it is a requirement.

What stands outside of requirement lines explains. A reader cannot tell an explanation that says "never"
from a rule that nobody checks, so such a sentence names an id.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamops_spec import AREAS, spec_root

COMMANDS = re.compile(
    r"\b(must|shall|never|may not|always|at most|at least|exactly|only|is not allowed|has no right)\b",
    re.IGNORECASE,
)
ID = re.compile(rf"\b(?:{'|'.join(AREAS)})-\d+\b")
CHAPTERS = sorted(spec_root().glob("v1/*.md"))


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of a chapter with their lines, without code spans: prose, lists, and tables of prose.

    Not examples, not requirements, not quotations, and not the tables that are held to `protocol.json`, whose
    rows are facts.
    """
    fenced = facts = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("```"):
            fenced = not fenced
        elif line.startswith("<!-- table:"):
            facts = True
        elif facts and line and not line.startswith("|"):
            facts = False
        if fenced or facts or line.startswith((">", "#")):
            continue
        for sentence in re.split(r"(?<=[.:;!?])\s+(?=[A-Z`*])", line):
            yield number, re.sub(r"`[^`]*`", "`\N{HORIZONTAL ELLIPSIS}`", sentence)


def commands(text: str) -> list[str]:
    """The sentences that command and name no requirement."""
    return [
        f"{number}: {sentence}"
        for number, sentence in sentences(text)
        if COMMANDS.search(sentence) and not ID.search(sentence)
    ]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_sentence_that_commands_names_its_requirement(path: Path):
    assert commands(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "A server must answer.",
        "It waits. The client never answers.",
        "- At most one frame is sent.",
        "| a | only in this frame |",
    ],
)
def test_a_command_without_an_id_is_found(line):
    assert len(commands(line)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "A server must answer (CON-3).",
        "A server answers.",
        "> **CON-3** server MUST: It must.",
        "```\nnever\n```",
        "Its member `never` is a name.",
        "<!-- table: x -->\n\n| a |\n|---|\n| only |",
    ],
)
def test_facts_examples_and_requirements_are_left_out(text):
    assert commands(text) == []


def test_what_follows_a_table_of_facts_is_read_again():
    assert commands("<!-- table: x -->\n\n| only |\n\nIt never ends.") == ["5: It never ends."]
