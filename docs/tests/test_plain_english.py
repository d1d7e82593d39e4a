"""The prose is plain English: phrases that readers stumble over do not appear in it.

`PHRASES` lists them with an alternative for each. `ROOTS` lists what is scanned: whole Markdown
files without their code, the descriptions of JSON files, and the comments, docstrings and strings
of source files.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
ROOTS = (
    "spec/v0",
    "spec/v1",
    "schemas/v0",
    "schemas/v1",
    "schemas/vectors",
    "spec/streamops_spec",
    "reference_server/streamops_server",
    "conformance/streamops_conformance",
    "conformance/stress.py",
    "conformance/testees",
    "conformance/targets",
    "js_client",
    "examples",
    "docs",
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "mkdocs.yml",
)
"""Folders and files, from the root of the repository."""

GENERATED = {"asyncapi.json"}
"""Files that repeat what other files say."""

BUILT = {"node_modules", "types"}
"""Folders that are not part of the repository."""


class Phrase(NamedTuple):
    pattern: str
    """A regular expression; a space stands for any white space, and case does not matter."""
    instead: str
    """What to write instead."""
    example: str
    """A sentence in which the phrase is found."""


_IDIOMS = (
    "longer|more|less|fewer|better|worse|greater|larger|smaller|higher|lower|later|earlier|different|use"
)

PHRASES = (
    Phrase(
        rf"(?<!there )(?<!there also )\b(?:is|are|was|were) no (?!(?:{_IDIOMS})\b)",
        "is not a …",
        "A file that is no capture.",
    ),
    Phrase(
        r"(?<!there )\b(?:can|may|might|must|should|will|would) be no (?!(?:longer|more|less)\b)",
        "is not a …; does not have to be …",
        "A message which may be no JSON.",
    ),
    Phrase(r"\bof (?:before|then|now)\b", "earlier …; original …; current …", "The reply of then."),
    Phrase(
        r"\bha(?:s|ve|d) not (?:a|an|the|its|their|this|that|any|all|such)\b",
        "does not have …; does not match …",
        "The report has not its shape.",
    ),
    Phrase(r"\b(?:which|that|it|session|client|server) ha(?:s|ve) not[.,;:]", "does not have", "It has not."),
    Phrase(r"\bmatter of\b", "depends on …; is caused by …", "What it sends is a matter of the moment."),
    Phrase(r"\bso many\b", "the number; that many; already displayed", "It holds, on so many frames."),
    Phrase(r"\bsaid of\b", "applies to …; is about …", "What is said of a stream."),
    Phrase(r"\bsaid again\b", "sent again; repeated", "A cancel is said again after it."),
    Phrase(r"\bsuch an? one\b", "such a …, with its noun", "What such a one fails, too."),
    Phrase(r"\bis putting back\b", "queues … again", "Replaying is putting back."),
    Phrase(r"\bforb[ia]d(?:s|den)? to\b", "does not allow …; must not …", "That forbids to come back."),
    Phrase(r"\bsounds like little\b", "state the fact instead", "It sounds like little."),
    Phrase(r"\bnot \w+ any more\b", "no longer …", "The event is not known any more."),
    Phrase(r"\bin the place of\b", "in place of …; instead of …", "It answers in the place of the client."),
    Phrase(r"\banew\b", "again; a new …", "The run starts anew."),
    Phrase(r"\ba word of the\b", "raised by …; part of …", "Neither is a word of the program."),
    Phrase(r"\bwhat such\b", "what this kind of … does", "What such a server sends."),
    Phrase(r"\bno matter of\b", "is not caused by …", "That is no matter of the program."),
    Phrase(r"\bgo(?:es)? on the wire\b", "is sent", "Text goes on the wire as it came."),
    Phrase(
        r"\bas right as\b|\b(?:a|no) right (?:client|server)\b", "a correct …", "What a right client shows."
    ),
    Phrase(r"\bunsure\b", "inconclusive", "The verdict is unsure."),
    Phrase(r"\b(?:verdict|requirement)s? (?:is|are|was) not kept\b", "fail", "This requirement is not kept."),
    Phrase(r"\bunchecked\b", "not checked", "Two requirements are unchecked."),
)


class Segment(NamedTuple):
    """A piece of prose that belongs together: a paragraph, a comment, a string."""

    line: int
    text: str


class Finding(NamedTuple):
    line: int
    text: str
    instead: str


# -- from a file to its prose --------------------------------------------------------------


def markdown(text: str) -> Iterator[Segment]:
    """Paragraphs, without code; the comments in the examples of conversations are prose."""
    fence = ""
    begin, lines = 1, []
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        mark = re.match(r" *(```+)(\w*)", line)
        if mark:
            fence = "" if fence else mark[2] or "text"
        comment = fence == "exchange" and line.startswith("# ")
        if mark or fence or line.startswith(("|", "#")) or not line.strip():
            if lines:
                yield Segment(begin, "\n".join(lines))
            lines = []
            if comment or (not fence and line.startswith(("|", "#"))):
                yield Segment(number, line)
            continue
        if not lines:
            begin = number
        lines.append(line)


def described(text: str) -> Iterator[Segment]:
    """The strings of a JSON file that describe something, and the meanings in protocol.json."""
    for number, line in enumerate(text.splitlines(), start=1):
        for match in re.finditer(r'"[\w-]+": "((?:[^"\\]|\\.)* (?:[^"\\]|\\.)*)"', line):
            yield Segment(number, match[1])


def python(text: str) -> Iterator[Segment]:
    """Comments that follow each other, and strings that are joined without an operator."""
    run: list[tokenize.TokenInfo] = []
    layout = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    strings = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    brackets = {getattr(tokenize, f"FSTRING_{part}", None) for part in ("START", "END")}

    def kind(token: tokenize.TokenInfo) -> str:
        return "comment" if token.type == tokenize.COMMENT else "string"

    def whole() -> Segment:
        first = run[0].start[0]
        rows: list[str] = []
        for token in run:
            rows += [""] * (token.start[0] - first + 1 - len(rows))
            head, *rest = token.string.lstrip("#").split("\n")
            rows[-1] += head.removeprefix('"').removesuffix('"')
            rows += rest
        return Segment(first, "\n".join(rows))

    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in strings or token.type == tokenize.COMMENT:
            if run and (kind(run[-1]) != kind(token) or token.start[0] > run[-1].end[0] + 1):
                yield whole()
                run = []
            run.append(token)
        elif token.type not in layout | brackets and run:
            yield whole()
            run = []
    if run:
        yield whole()


def javascript(text: str) -> Iterator[Segment]:
    """Comments that follow each other, and strings."""
    pattern = r"(?:^ *//.*\n)+|//.*|/\*(?s:.*?)\*/|\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\]|\\.)*`"
    for match in re.finditer(pattern, text, re.MULTILINE):
        stripped = re.sub(r"^ *(?://|/?\*+/?)", "", match[0], flags=re.MULTILINE)
        yield Segment(text[: match.start()].count("\n") + 1, stripped)


READERS = {
    ".md": markdown,
    ".json": described,
    ".py": python,
    ".js": javascript,
    ".mjs": javascript,
    ".yml": lambda text: (Segment(n, line) for n, line in enumerate(text.splitlines(), start=1)),
}


def findings(segment: Segment) -> Iterator[Finding]:
    """The phrases in a segment, also where they go over the end of a line."""
    words, lines = [], []
    for number, line in enumerate(segment.text.split("\n"), start=segment.line):
        plain = re.sub(r"`[^`]*`", "_", line)
        words += plain.split()
        lines += [number] * len(plain.split())
    text = " ".join(words)
    for phrase in PHRASES:
        for match in re.finditer(phrase.pattern, text, re.IGNORECASE):
            yield Finding(lines[text[: match.start()].count(" ")], match[0].strip(), phrase.instead)


# -- the tests -----------------------------------------------------------------------------

FILES = [
    path
    for root in ROOTS
    for path in (sorted((ROOT / root).rglob("*")) if (ROOT / root).is_dir() else [ROOT / root])
    if path.suffix in READERS
    and path.name not in GENERATED
    and not BUILT.intersection(path.parts)
    and path != Path(__file__)
]


def test_each_root_has_files_to_scan():
    for root in ROOTS:
        assert any(path.is_relative_to(ROOT / root) for path in FILES), root


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_phrase_of_the_list_is_used(path):
    found = [
        f"{path.relative_to(ROOT)}:{each.line}: {each.text!r}; write: {each.instead}"
        for segment in READERS[path.suffix](path.read_text(encoding="utf-8"))
        for each in findings(segment)
    ]
    assert not found, "\n".join(["phrases that are not plain English:", *found])


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.example)
def test_each_phrase_is_found_in_its_example(phrase):
    assert phrase.instead in {each.instead for each in findings(Segment(1, phrase.example))}


@pytest.mark.parametrize(
    "harmless",
    [
        "There is no window.",
        "It is no longer open.",
        "A frame with 3 ops is no larger than one with 2.",
        "There may be no element.",
        "The driver runs the steps of `then`.",
        "The stream has not been started.",
        "This is not a frame.",
    ],
)
def test_ordinary_phrases_are_not_found(harmless):
    assert not list(findings(Segment(1, harmless)))


@pytest.mark.parametrize(
    ("suffix", "text", "line"),
    [
        (".md", "Some text.\n\nThe reply of\nthen.\n", 3),
        (".md", "```exchange\nC → {}\n# the reply of then\n```\n", 3),
        (".md", "| a | the reply of then |\n", 1),
        (".json", '{\n  "description": "the reply of then"\n}', 2),
        (".py", "x = 1\n# The reply of\n# then.\n", 2),
        (".py", 'def f():\n    """One.\n\n    The reply of then.\n    """\n', 4),
        (".py", 'print(\n    "the reply of"\n    " then"\n)\n', 2),
        (".py", 'x = f"the reply of then: {x}"\n', 1),
        (".js", "let a;\n// The reply of\n// then.\n", 2),
        (".js", "/**\n * The reply of then.\n */\n", 2),
        (".js", 'let a;\nsay("the reply of then");\n', 2),
    ],
)
def test_a_phrase_is_found_at_its_line(suffix, text, line):
    found = [each for segment in READERS[suffix](text) for each in findings(segment)]
    assert [each.line for each in found] == [line]


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".md", "```python\nof = then\n# of then\n```\n"),
        (".md", "The word `of then`.\n"),
        (".json", '{"of then": 1}'),
        (".py", "of, then = 1, 2\nprint('of', 'then')\n"),
        (".js", "const of = then;\n"),
    ],
)
def test_code_is_not_prose(suffix, text):
    assert not [each for segment in READERS[suffix](text) for each in findings(segment)]
