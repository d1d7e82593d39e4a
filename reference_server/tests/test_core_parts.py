"""The parts of the core, one by one: text, coalescing, integrity, lifecycle, owners, frames."""

import hashlib
import json
import time
from typing import Any

import msgspec
import pytest
from streamops_server.core import arguments, frames, ops
from streamops_server.core.coalesce import coalesce
from streamops_server.core.errors import PeerViolation
from streamops_server.core.integrity import _KEPT_BYTES, Integrity
from streamops_server.core.lifecycle import CALLS, after
from streamops_server.core.producers import Producer
from streamops_server.core.text import split
from streamops_spec import load_rule_vectors, load_shape_vectors

S = "[dj-stream='s']"
OPS = (
    ops.Start
    | ops.Text
    | ops.Replace
    | ops.Append
    | ops.Prepend
    | ops.Delete
    | ops.Prune
    | ops.Error
    | ops.Done
)


@pytest.mark.parametrize("vector", load_rule_vectors("text-split"), ids=lambda vector: vector["description"])
def test_a_text_is_split_as_the_vectors_say(vector: Any) -> None:
    found = split(S, vector["text"], vector["mode"], vector["max_text_bytes"])
    assert [{"mode": op.mode, "text": op.text} for op in found] == vector["pieces"]


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        split(S, "a\ud800", "append", 8192)


@pytest.mark.parametrize("vector", load_rule_vectors("coalescing"), ids=lambda vector: vector["description"])
def test_operations_merge_as_the_vectors_allow(vector: Any) -> None:
    given = [
        msgspec.convert(op, OPS)
        if op["op"] in ops.NEEDS
        else pytest.skip("an operation the server never makes")
        for op in vector["ops"]
    ]
    merged = coalesce([(op, 1) for op in given], vector.get("max_text_bytes", 8192))
    assert [json.loads(ops.encode(op)) for op, _ in merged] in vector["allowed"]
    assert sum(count for _, count in merged) == len(given)


def test_merging_is_as_thorough_as_the_rules_allow() -> None:
    given = [ops.Text(S, "a", "replace"), ops.Text(S, "b", "append"), ops.Text(S, "c", "prepend")]
    assert coalesce([(op, 1) for op in given], 8192) == [(ops.Text(S, "cab", "replace"), 3)]


def test_a_long_row_of_prepends_merges_in_linear_time() -> None:
    count = 400_000
    given = [(ops.Text(S, str(number % 10), "prepend"), 1) for number in range(count)]
    appended = [(ops.Text(S, str(number % 10), "append"), 1) for number in range(count)]
    begun = time.process_time()
    coalesce(appended, count)
    appends = time.process_time() - begun
    begun = time.process_time()
    ((merged, covered),) = coalesce(given, count)
    prepends = time.process_time() - begun
    assert prepends < 10 * appends, "a list that grows at its front takes a hundred times as long"
    assert covered == count
    assert merged == ops.Text(S, "9876543210" * (count // 10), "prepend")


@pytest.mark.parametrize("vector", load_rule_vectors("lifecycle"), ids=lambda vector: vector["description"])
def test_calls_insert_what_the_vectors_say(vector: Any) -> None:
    state: Any = "idle"
    wire: list[Any] = []
    for call in vector["calls"]:
        for step in CALLS[call][state]:
            kind = "text" if step.op == "content" else step.op
            state = after(state, kind)
            wire.append({name: value for name, value in msgspec.to_builtins(step).items() if value})
            if step.op == "start":
                wire[-1]["run"] = len(wire)
    assert state == vector["state"]
    assert wire == [{name: value for name, value in op.items() if value} for op in vector["wire"]]


def test_a_forbidden_transition_is_an_error() -> None:
    with pytest.raises(ValueError, match="not allowed in state idle"):
        after("idle", "done")


def text_op(text: str, mode: str = "append", target: str = S) -> ops.Text:
    return ops.Text(target, text, mode)


def proof_of(*added: ops.Op) -> tuple[int, str] | None:
    integrity = Integrity()
    for op in added:
        integrity.add(op, S)
    return integrity.result()


def digest(text: str) -> tuple[int, str]:
    return len(text), hashlib.sha256(text.encode()).hexdigest()


def test_integrity_covers_the_text_that_the_run_built() -> None:
    built = [text_op("old"), text_op("b🦊", "replace"), text_op("a", "prepend"), text_op("c")]
    assert proof_of(*built) == digest("ab🦊c")
    assert proof_of() == digest("")


def test_integrity_is_bounded_in_memory_and_still_exact() -> None:
    long = "x" * _KEPT_BYTES
    assert proof_of(text_op(long), text_op("y"), text_op("z")) == digest(long + "yz")
    assert proof_of(text_op(long), text_op("y"), text_op("", "prepend")) == digest(long + "y")
    assert proof_of(text_op(long), text_op("y"), text_op("new", "replace")) == digest("new")
    assert proof_of(text_op(long), text_op("y"), text_op("before", "prepend")) is None


def test_integrity_says_nothing_of_a_run_with_anything_else() -> None:
    assert proof_of(text_op("a"), ops.Delete(S), text_op("b")) is None
    assert proof_of(text_op("a", target="#other")) is None


def test_the_nearest_word_on_a_fence_counts() -> None:
    handler = Producer()
    task = Producer(handler)
    handler.fence("s")
    assert task.is_fenced("s")
    assert not task.is_fenced("t")
    task.lift("s")
    assert not task.is_fenced("s")
    assert handler.is_fenced("s")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (arguments.name_of, "a.b:c-1", "1a"),
        (arguments.name_of, "a" * 64, "a" * 65),
        (arguments.name_of, "a", "a\n"),
        (arguments.target_of, S, "[dj-stream=s]"),
        (arguments.target_of, "#a.b:c", "#a b"),
        (arguments.target_of, "#é", "div"),
        (arguments.code_of, "x_mine", "mine"),
        (arguments.code_of, "timeout", "x_"),
    ],
)
def test_names_targets_and_codes_are_checked(check: Any, good: str, bad: str) -> None:
    assert check(good) == good
    with pytest.raises(ValueError, match=r"not an? (stream name|target|error code)"):
        check(bad)


FROM_CLIENT = ["hello", "event", "cancel", "ack", "ping", "pong"]
CLIENT_SHAPES = [
    pytest.param(test["data"], test["valid"], id=f"{group['description']}: {test['description']}")
    for _, groups in load_shape_vectors()
    for group in groups
    for test in group["tests"]
    if isinstance(test["data"], dict) and test["data"].get("type") in FROM_CLIENT
    if group["schema"].get("$ref") == f"urn:streamops:v1:{test['data']['type']}"
]


@pytest.mark.parametrize(("data", "valid"), CLIENT_SHAPES)
def test_inbound_frames_are_judged_as_the_vectors_say(data: Any, valid: bool) -> None:
    text = json.dumps(data)
    if valid:
        assert type(frames.decode(text)).__name__.lower() == data["type"]
    else:
        with pytest.raises(PeerViolation):
            frames.decode(text)


@pytest.mark.parametrize(
    "data", ["", "{", "[]", "1", '"x"', "null", '{"t":"x"}', '{"type":1}', "[" * 100_000]
)
def test_what_is_no_frame_is_a_violation(data: str) -> None:
    with pytest.raises(PeerViolation) as caught:
        frames.decode(data)
    assert caught.value.code == "bad_frame"


def test_unknown_types_and_members_are_no_violation() -> None:
    assert frames.decode('{"type":"news","x":1}') == frames.Unknown("news")
    assert frames.decode('{"type":"ping","x":1}') == frames.Ping()


def test_a_ping_is_short_in_bytes() -> None:
    frames.decode(json.dumps({"type": "ping", "t": "é" * 32}))
    with pytest.raises(PeerViolation):
        frames.decode(json.dumps({"type": "ping", "t": "é" * 33}))


@pytest.mark.parametrize(("caps", "size"), [([], 65536), (["html"], 1 << 20), (["view"], 1 << 20)])
def test_a_client_that_names_no_limit_has_the_least(caps: list[str], size: int) -> None:
    hello = frames.decode(json.dumps({"type": "hello", "caps": caps, "limits": {}}))
    assert isinstance(hello, frames.Hello)
    assert hello.max_frame_bytes == size
