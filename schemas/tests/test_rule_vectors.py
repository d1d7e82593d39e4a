"""The vectors of the rules agree with the tables of protocol.json, walked here once more and naively."""

import itertools
from collections.abc import Iterator

import pytest
import turbohtml
from streamops_spec import load_protocol, load_rule_vectors, load_shapes

PROTOCOL = load_protocol()
NAMES = ("bad-input", "coalescing", "lifecycle", "resume", "text-split")


def vectors(name):
    return [pytest.param(vector, id=vector["description"]) for vector in load_rule_vectors(name)]


@pytest.mark.parametrize("name", NAMES)
def test_the_vectors_of_a_rule_have_the_shape_of_its_schema(name):
    assert load_shapes(f"vectors:{name}").explain(list(load_rule_vectors(name))) == ""


@pytest.mark.parametrize("name", NAMES)
def test_descriptions_are_unique(name):
    descriptions = [vector["description"] for vector in load_rule_vectors(name)]
    assert len(descriptions) == len(set(descriptions))


def test_an_unknown_rule_names_the_known_ones():
    with pytest.raises(KeyError, match="bad-input, coalescing, lifecycle, resume, text-split"):
        load_rule_vectors("merging")


# Coalescing


def kind(op):
    return f"text:{op['mode']}" if op["op"] == "text" else op["op"]


def merges(first, second, limit) -> Iterator[tuple[str, dict]]:
    """What two adjacent operations may become, with the rule that says so."""
    for rule in PROTOCOL.coalescing.rules:
        if (
            first["target"] != second["target"]
            or kind(first) not in rule.first
            or kind(second) not in rule.second
        ):
            continue
        if rule.value in ("second", "none"):
            yield rule.id, second
            continue
        pair = [first["text"], second["text"]]
        text = "".join(pair if rule.value == "first+second" else reversed(pair))
        if len(text.encode()) <= limit:
            yield rule.id, {**first, "text": text, "mode": rule.result.removeprefix("text:")}


def results(ops, limit) -> tuple[list[list[dict]], set[str]]:
    """Everything that merging neighbours, in any order, can make of the operations."""
    found, rules = [ops], set()
    for current in found:  # grows while it is walked
        for index in range(len(current) - 1):
            for rule, merged in merges(current[index], current[index + 1], limit):
                rules.add(rule)
                result = [*current[:index], merged, *current[index + 2 :]]
                if result not in found:
                    found.append(result)
    return found, rules


@pytest.mark.parametrize("vector", vectors("coalescing"))
def test_the_allowed_results_are_all_that_the_rules_can_make(vector):
    possible, rules = results(vector["ops"], vector.get("max_text_bytes", 8192))
    assert vector["allowed"][0] == vector["ops"]
    assert sorted(map(repr, vector["allowed"])) == sorted(map(repr, possible))
    assert not [ops for ops in vector.get("forbidden", []) if ops in possible]
    if vector["rule"].startswith("C"):
        assert vector["rule"] in rules


def test_every_rule_and_every_barrier_has_vectors():
    shown = {vector["rule"] for vector in load_rule_vectors("coalescing")}
    assert shown >= {rule.id for rule in PROTOCOL.coalescing.rules} | {"combined", "limit", "refuted"}
    refuted = [vector for vector in load_rule_vectors("coalescing") if vector["rule"] == "refuted"]
    assert {op["op"] for vector in refuted for op in vector["ops"]} >= set(PROTOCOL.coalescing.barriers)


def test_every_row_of_every_rule_is_used_by_a_vector():
    pairs = {
        (kind(first), kind(second))
        for vector in load_rule_vectors("coalescing")
        for first, second in itertools.pairwise(vector["ops"])
        if first["target"] == second["target"]
    }
    rows = {(a, b) for rule in PROTOCOL.coalescing.rules for a in rule.first for b in rule.second}
    assert rows <= pairs


def show(html, ops):
    """The document after the operations."""
    root = turbohtml.parse_fragment(html)
    for op in ops:
        target = root.select_one(op["target"])
        if target is None:
            continue
        match kind(op):
            case "text:append":
                target.insert(len(target.children), turbohtml.Text(op["text"]))
            case "text:prepend":
                target.insert(0, turbohtml.Text(op["text"]))
            case "text:replace" | "replace":
                target.set_inner_html("")
                if op["op"] == "text":
                    target.insert(0, turbohtml.Text(op["text"]))
                else:
                    target.set_inner_html(op["html"])
            case "append":
                target.insert_adjacent_html("beforeend", op["html"])
            case "prepend":
                target.insert_adjacent_html("afterbegin", op["html"])
            case "delete":
                target.decompose()
            case "prune":
                elements = [child for child in target.children if isinstance(child, turbohtml.Element)]
                surplus = max(0, len(elements) - op["limit"])
                for child in (
                    elements[:surplus] if op["edge"] == "top" else elements[len(elements) - surplus :]
                ):
                    child.decompose()
    return root.inner_html


COUNTERED = [vector for vector in vectors("coalescing") if "counterexample" in vector.values[0]]


@pytest.mark.parametrize("vector", COUNTERED)
def test_a_counterexample_shows_what_the_forbidden_merge_would_do(vector):
    example = vector["counterexample"]
    assert show(example["before"], vector["ops"]) == example["after"]
    assert show(example["before"], vector["forbidden"][0]) == example["instead"]
    assert example["after"] != example["instead"]


def test_there_are_counterexamples():
    assert len(COUNTERED) >= 10


@pytest.mark.parametrize("vector", vectors("coalescing"))
def test_every_allowed_result_shows_the_same_document(vector):
    before = '<i id="i"></i><ul id="list"></ul><b id="c"></b><b id="x"></b><b id="d">1</b><b id="d">2</b>'
    before = f'<div dj-stream="s"><p>1</p><p>2</p></div>{before}'
    assert len({show(before, ops) for ops in vector["allowed"]}) == 1


# Splitting


@pytest.mark.parametrize("vector", vectors("text-split"))
def test_a_text_is_split_greedily_and_shows_whole(vector):
    limit, pieces = vector["max_text_bytes"], vector["pieces"]
    shown = "before"
    for piece in pieces:
        assert len(piece["text"].encode()) <= limit
        shown = {"append": shown + piece["text"], "prepend": piece["text"] + shown, "replace": piece["text"]}[
            piece["mode"]
        ]
    text = vector["text"]
    assert shown == {"append": "before" + text, "prepend": text + "before", "replace": text}[vector["mode"]]
    in_text_order = pieces[::-1] if vector["mode"] == "prepend" else pieces
    for piece, following in itertools.pairwise(in_text_order):
        assert len((piece["text"] + following["text"][0]).encode()) > limit, (
            "one more character would have fitted"
        )


# Lifecycle


@pytest.mark.parametrize("vector", vectors("lifecycle"))
def test_the_wire_follows_from_the_table_of_calls_and_obeys_that_of_the_wire(vector):
    state, wire = "idle", []
    for call in vector["calls"]:
        for template in PROTOCOL.lifecycle.calls[call][state]:
            op = {"op": template.op}
            if template.op == "start":
                op["run"] = len(wire) + 1
            op |= {name: getattr(template, name) for name in ("reason", "code") if getattr(template, name)}
            wire.append(op)
            following = PROTOCOL.lifecycle.wire[state][template.op]
            assert following is not None, f"{template.op} never happens in state {state}"
            state = following
    assert wire == vector["wire"]
    assert state == vector["state"]


def test_every_cell_of_the_table_of_calls_has_a_vector():
    walked = set()
    for vector in load_rule_vectors("lifecycle"):
        state = "idle"
        for call in vector["calls"]:
            walked.add((call, state))
            for template in PROTOCOL.lifecycle.calls[call][state]:
                state = PROTOCOL.lifecycle.wire[state][template.op]
    assert walked == {(call, state) for call, row in PROTOCOL.lifecycle.calls.items() for state in row}
