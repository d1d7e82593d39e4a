"""The reader of the facts: where they stand, and what it says where they do not."""

from pathlib import Path

import pytest
from streamops_spec import data, load_schema, schemas


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
