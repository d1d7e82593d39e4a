"""The reader of the facts: where they stand, and what it says where they do not."""

import re
from pathlib import Path

import pytest
from streamops_spec import (
    data,
    default_target,
    frame_members,
    load_protocol,
    load_schema,
    op_members,
    schemas,
    vocabulary,
)


def test_a_wheel_brings_its_own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "_data").mkdir()
    monkeypatch.setattr(data, "__file__", str(tmp_path / "data.py"))
    data._root.cache_clear()
    try:
        assert data.data_root() == tmp_path / "_data" / "schemas"
        assert data.spec_root() == tmp_path / "_data" / "spec"
    finally:
        monkeypatch.undo()
        data._root.cache_clear()
    assert (data.data_root() / "v1" / "protocol.json").is_file()


def test_an_unknown_schema_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(KeyError, match="urn:streamops:v1:stream"):
        load_schema("v1:nothing")


def test_an_explanation_says_where_and_what() -> None:
    shapes = schemas.load_shapes("v1:ping")
    assert "at t" in shapes.explain({"type": "ping", "t": 7})
    assert not shapes.explain({"type": "ping", "t": "7"})


def test_the_operations_are_lifecycle_or_content() -> None:
    protocol = load_protocol()
    assert protocol.lifecycle_ops == ("start", "error", "done")
    assert set(protocol.lifecycle_ops) | set(protocol.content_ops) == protocol.ops.keys()
    assert protocol.wire_column("done") == "done"
    assert protocol.wire_column("prune") == "content"


def test_each_side_has_its_frames() -> None:
    protocol = load_protocol()
    assert {*protocol.frames_from("client")} & {*protocol.frames_from("server")} == {"ping", "pong"}
    assert {*protocol.frames_from("client"), *protocol.frames_from("server")} == protocol.frames.keys()


@pytest.mark.parametrize(
    ("close", "code", "retryable"),
    [
        (4429, "rate_limited", True),
        (4400, "bad_frame", False),
        (1009, "frame_too_large", False),
        (1006, None, True),
        (4599, None, True),
        (4600, None, False),
        (1000, None, False),
    ],
)
def test_a_close_code_says_whether_a_client_tries_again(
    close: int, code: str | None, retryable: bool
) -> None:
    assert load_protocol().error_code(close) == code
    assert load_protocol().is_retryable(close) is retryable


def test_members_come_from_the_schemas() -> None:
    assert frame_members("ping") == (("type",), ("t",))
    assert op_members("done").names == {"op", "target", "reason", "text_len", "text_sha256"}
    assert op_members("done", "v0").optional == ("reason",)


def test_a_default_target_has_the_name_of_its_stream() -> None:
    assert default_target("answer") == "[dj-stream='answer']"


@pytest.mark.parametrize(
    ("found", "expression"),
    [([8], "08"), ([1, 6, 11], "(0[16]|11)"), ([11, 12, 13], "1[1-3]"), (list(range(100)), "..")],
)
def test_the_vocabulary_writes_common_digits_once(found: list[int], expression: str) -> None:
    assert vocabulary._last_digits(found) == expression


def test_the_vocabulary_has_the_close_codes_of_the_tables() -> None:
    (written,) = re.findall(r"^export const BACK = /(.*)/;$", vocabulary.text(), re.MULTILINE)
    matched = {code for code in range(1000, 5000) if re.search(written, str(code))}
    assert matched == {code for code in range(1000, 5000) if load_protocol().is_retryable(code)}
