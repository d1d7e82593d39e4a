"""The chapters' tables repeat facts of protocol.json and the schemas; here they are held to them.

A line `<!-- table: NAME -->` stands before such a table. Its leading columns are what
`TABLES[NAME]` says; further columns are the prose's own.
"""

import re
from collections.abc import Callable

import pytest
from streamops_spec import OpTemplate, load_protocol, load_schema, spec_root
from streamops_spec.protocol import FrameKind, OpKind, Side

PROTOCOL = load_protocol()
OPS = load_schema("v1:ops")["$defs"]
CHAPTERS = sorted(spec_root().glob("v*/*.md"))
Rows = list[list[str]]
NOTHING = "\N{EN DASH}"


def code(*words: str) -> str:
    return ", ".join(f"`{word}`" for word in words)


def members(schema: dict, *known: str) -> str:
    """The members of an object's schema, optional ones with a question mark."""
    required = schema["required"]
    return code(*(n if n in required else f"{n}?" for n in schema["properties"] if n not in known))


def needs(kind: FrameKind | OpKind) -> str:
    return code(kind.needs) if kind.needs else ""


def frames() -> Rows:
    return [
        [f"`{name}`", " and ".join(frame.from_), needs(frame), members(schema, "type"), schema["description"]]
        for name, frame in PROTOCOL.frames.items()
        for schema in [load_schema(f"v1:{name}")]
    ]


def ops() -> Rows:
    return [
        [f"`{name}`", kind.kind, needs(kind), members(OPS[name], "op", "target"), OPS[name]["description"]]
        for name, kind in PROTOCOL.ops.items()
    ]


def wire() -> Rows:
    return [
        [f"`{state}`", *(f"`{after}`" if after else "✗" for after in row.values())]
        for state, row in PROTOCOL.lifecycle.wire.items()
    ]


def calls() -> Rows:
    def cell(ops: tuple[OpTemplate, ...]) -> str:
        details = [op.reason or op.code for op in ops]
        return ", ".join(f"{op.op}({more})" if more else op.op for op, more in zip(ops, details, strict=True))

    return [
        [call.replace("_", " "), *(cell(row[state]) or NOTHING for state in PROTOCOL.states)]
        for call, row in PROTOCOL.lifecycle.calls.items()
    ]


def coalescing() -> Rows:
    def word(kind: str) -> str:
        text, colon, mode = kind.partition(":")
        return f"{text} {mode}" if colon else kind if kind == "delete" else f"html {kind}"

    def result(kind: str) -> str:
        return word(kind) if ":" in kind else kind

    return [
        [
            rule.id,
            ", ".join(map(word, rule.first)),
            ", ".join(map(word, rule.second)),
            result(rule.result),
            rule.value.replace("+", " + "),
        ]
        for rule in PROTOCOL.coalescing.rules
    ]


def codes() -> Rows:
    return [[f"`{name}`", meaning] for name, meaning in PROTOCOL.codes.items()]


def close_codes() -> Rows:
    return [
        [" or ".join(map(str, (row.close, *row.also))), f"`{name}`", yes_or_no(row.retryable)]
        for name, row in PROTOCOL.close_codes.items()
    ]


def yes_or_no(word: bool) -> str:
    return "yes" if word else "no"


def close_ranges() -> Rows:
    return [
        [str(row.first), str(row.last), yes_or_no(row.retryable), row.meaning]
        for row in PROTOCOL.close_ranges
    ]


def client_closes() -> Rows:
    return [[row.when, str(row.close), yes_or_no(row.reconnects)] for row in PROTOCOL.client_closes]


def bad_input(side: Side) -> Rows:
    return [[row.input, row.answer, row.rule] for row in PROTOCOL.bad_input[side]]


def unknown_values() -> Rows:
    absent = "as if the member were absent"
    return [
        [f"`{member}`", f"`{value}`" if value else absent]
        for member, value in PROTOCOL.unknown_values.items()
    ]


def properties(name: str, *path: str) -> Rows:
    schema = load_schema(f"v1:{name}")
    for part in path:
        schema = schema["properties"][part]
    return [[f"`{member}`"] for member in schema["properties"]]


def script() -> Rows:
    schema = load_schema("v1:script")["$defs"]
    steps = [*schema["simple"]["properties"]["do"]["enum"], "parallel", "finally"]
    return [[f"`{step}`", members(schema[step], "do")] for step in steps]


def control_messages() -> Rows:
    schema = load_schema("v1:testee")["$defs"]
    said = {"runner": schema["from_runner"], "testee": schema["from_testee"]}
    from_ = {name: who for who, part in said.items() for name in part["properties"]["type"]["enum"]}
    order = ("ready", "case", "event", "cancel", "scroll", "dump", "dumped", "end")
    assert set(order) == set(from_)
    return [[f"`{name}`", from_[name], members(schema[name], "type")] for name in order]


TABLES: dict[str, Callable[[], Rows]] = {
    "frames": frames,
    "ops": ops,
    "capabilities": lambda: [[f"`{name}`", meaning] for name, meaning in PROTOCOL.capabilities.items()],
    "wire": wire,
    "calls": calls,
    "coalescing": coalescing,
    "codes": codes,
    "close-codes": close_codes,
    "close-ranges": close_ranges,
    "client-closes": client_closes,
    "bad-input-server": lambda: bad_input("server"),
    "bad-input-client": lambda: bad_input("client"),
    "unknown-values": unknown_values,
    "done-reasons": lambda: [[f"`{reason}`"] for reason in PROTOCOL.done_reasons],
    "hello-limits": lambda: properties("hello", "limits"),
    "welcome-limits": lambda: properties("welcome", "limits"),
    "limits": lambda: [
        [f"`{name}`", f"{getattr(PROTOCOL.limits, name):,}"] for name in PROTOCOL.limits.__struct_fields__
    ],
    "script": script,
    "testee": control_messages,
}


def found() -> dict[str, Rows]:
    """Every marked table: its rows without the two lines of the head."""
    tables: dict[str, Rows] = {}
    for path in CHAPTERS:
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"^<!-- table: ([a-z-]+) -->\n\n((?:\|.*\n)+)", text, re.MULTILINE):
            assert match[1] not in tables, "a fact is shown in one place"
            lines = match[2].splitlines()[2:]
            tables[match[1]] = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return tables


FOUND = found()


def test_each_table_of_facts_stands_in_a_chapter():
    assert FOUND.keys() == TABLES.keys()


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_its_source_says(name):
    expected = TABLES[name]()
    columns = len(expected[0])
    assert [row[:columns] for row in FOUND[name]] == expected


def test_every_marker_is_followed_by_a_table():
    markers = sum(len(re.findall(r"<!-- table:", path.read_text(encoding="utf-8"))) for path in CHAPTERS)
    assert markers == len(FOUND)
