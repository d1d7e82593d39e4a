"""Every example of the chapters runs: it is cut out of the prose and held to the schemas.

Three kinds of fenced blocks:

    ```json schema=v1:NAME             each line, or the whole block, fits that schema
    ```json invalid schema=v1:NAME     none of the lines fits it
    ```exchange [v0] [broken]          `C → {…}`, `S → {…}`, `S → close 4400 bad_frame`, `# remark`

A conversation obeys the arithmetic of chapter 5, the wire table of chapter 4 and the sums of
chapter 3 too, unless it is one that shows a violation: `broken`.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from streamops_spec import load_protocol, load_shapes, spec_root

PROTOCOL = load_protocol()
CHAPTERS = sorted(spec_root().glob("v*/*.md"))
FENCE = re.compile(r"^```(?P<info>[a-z].*)\n(?P<body>(?s:.*?))^```$", re.MULTILINE)
LINE = re.compile(
    r"(?P<who>[CS]) → (?:(?P<unknown>unknown )?(?P<frame>\{.*\})|close (?P<close>\d{4}) (?P<code>\S+))"
)
SIDES = {"C": "client", "S": "server"}
Json = Any  # reason: JSON values are recursive unions, which gain nothing here


@dataclass(frozen=True)
class Block:
    chapter: Path
    line: int
    words: tuple[str, ...]
    body: str

    @property
    def values(self) -> list[Json]:
        try:
            return [json.loads(self.body)]
        except json.JSONDecodeError:
            return [json.loads(line) for line in self.body.splitlines() if line]

    @property
    def schema(self) -> str:
        return next(word.removeprefix("schema=") for word in self.words if word.startswith("schema="))


def blocks() -> list[Block]:
    return [
        Block(path, text[: match.start()].count("\n") + 1, tuple(match["info"].split()), match["body"])
        for path in CHAPTERS
        for text in [path.read_text(encoding="utf-8")]
        for match in FENCE.finditer(text)
    ]


BLOCKS = blocks()
JSON = [block for block in BLOCKS if block.words[0] == "json"]
EXCHANGES = [block for block in BLOCKS if block.words[0] == "exchange"]


def where(block: Block) -> str:
    return f"{block.chapter.parent.name}/{block.chapter.stem}:{block.line}"


def said(block: Block) -> list[re.Match[str]]:
    """The lines of a conversation, remarks left out; every other line has the form above."""
    found = []
    for line in block.body.splitlines():
        if not line.startswith("#"):
            match = LINE.fullmatch(line)
            assert match, f"{where(block)}: {line[:60]!r} is neither a frame, a close nor a remark"
            found.append(match)
    return found


def test_there_are_enough_examples():
    count = sum(len(block.values) for block in JSON) + sum(len(said(block)) for block in EXCHANGES)
    assert count > 100


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_chapter_begins_with_a_conversation(path):
    first = next(block for block in BLOCKS if block.chapter == path)
    assert first.words[0] == "exchange"
    head = path.read_text(encoding="utf-8").split("\n## ")[0]
    assert "```exchange" in head


def test_the_blocks_are_of_known_kinds():
    assert {block.words[0] for block in BLOCKS} == {"json", "exchange", "text", "html"}


@pytest.mark.parametrize("block", JSON, ids=where)
def test_an_example_fits_its_schema_or_is_declared_invalid(block):
    shapes = load_shapes(block.schema)
    for value in block.values:
        if "invalid" in block.words:
            assert shapes.explain(value), f"declared invalid, but fits {block.schema}: {value}"
        else:
            assert shapes.explain(value) == "", value


@pytest.mark.parametrize("block", EXCHANGES, ids=where)
def test_the_frames_of_a_conversation_fit_the_schemas_of_their_senders(block):
    refused = 0
    for line in said(block):
        if not line["frame"]:
            continue
        frame = json.loads(line["frame"])
        shapes = load_shapes(f"v1:{SIDES[line['who']]}-frame")
        if "v0" in block.words:
            if frame["type"] != "stream":  # the rest is each server's own
                continue
            shapes = load_shapes("v0:stream")
        if line["unknown"]:
            assert frame["type"] not in PROTOCOL.frames
        elif "broken" in block.words:
            refused += not shapes.is_valid(frame)
        else:
            assert shapes.explain(frame) == "", line[0]
    assert refused <= 1, "a conversation shows one violation"


@pytest.mark.parametrize("block", EXCHANGES, ids=where)
def test_a_close_has_the_code_of_the_error_before_it(block):
    fatal = None
    for line in said(block):
        if line["frame"]:
            frame = json.loads(line["frame"])
            assert fatal is None, "a fatal error is the last frame"
            fatal = frame["code"] if frame.get("fatal") else None
            continue
        assert fatal in (line["code"], None)
        known = PROTOCOL.close_codes.get(line["code"])
        assert int(line["close"]) == (known or PROTOCOL.close_codes["internal"]).close
        fatal = None


def kind(op: Json) -> str:
    return "content" if PROTOCOL.ops[op["op"]].kind == "content" else op["op"]


RIGHT = [block for block in EXCHANGES if not {"v0", "broken"} & set(block.words)]


@pytest.mark.parametrize("block", RIGHT, ids=where)
def test_the_streams_of_a_conversation_obey_chapters_3_to_5(block):
    cursors: dict[str, int] = {}
    states: dict[str, Any] = {}
    texts: dict[str, str | None] = {}
    for line in said(block):
        frame = json.loads(line["frame"] or "{}")
        if frame.get("type") != "stream":
            continue
        name, seq, n, ops = frame["stream"], frame["seq"], frame["n"], frame["ops"]
        assert seq == cursors.get(name, seq - 1) + 1, "the next frame begins where the last one ended"
        assert n >= len(ops)
        for op in ops:
            state = states.get(name, "open" if seq > 1 else "idle")
            states[name] = PROTOCOL.lifecycle.wire[state][kind(op)]
            assert states[name], f"{op['op']} in state {state}"
            if op["op"] == "start":
                assert seq <= op["run"] < seq + n
                texts[name] = ""
            elif op["op"] == "text" and texts.get(name) is not None and op["target"].startswith("["):
                parts = {"append": texts[name] + op["text"], "prepend": op["text"] + texts[name]}
                texts[name] = parts.get(op["mode"], op["text"])
            elif kind(op) == "content":
                texts[name] = None
            elif "text_sha256" in op and texts.get(name) is not None:
                assert op["text_len"] == len(texts[name])
                assert op["text_sha256"] == hashlib.sha256(texts[name].encode()).hexdigest()
        cursors[name] = seq + n - 1


@pytest.mark.parametrize("block", [b for b in EXCHANGES if "broken" in b.words], ids=where)
def test_a_broken_conversation_ends_with_a_close(block):
    assert said(block)[-1]["close"]


def scripts() -> list[tuple[str, Json]]:
    """Every script in an event of a conversation, with its place."""
    found = []
    for block in EXCHANGES:
        for line in said(block):
            frame = json.loads(line["frame"] or "{}")
            if "script" in frame.get("params", {}):
                found.append((where(block), frame["params"]["script"]))
    return found


@pytest.mark.parametrize(("place", "script"), scripts())
def test_a_script_in_a_conversation_fits_its_schema(place, script):
    assert load_shapes("v1:script").explain(script) == "", place
