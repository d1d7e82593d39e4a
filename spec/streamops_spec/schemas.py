"""The JSON Schemas, compiled: a fast validator gives verdicts, a slow one explains them."""

import json
from functools import cache
from typing import Any, NamedTuple

import jsonschema
import jsonschema_rs
import referencing
import referencing.jsonschema

from streamops_spec.data import data_root

Json = Any  # reason: JSON values are recursive unions, which gain nothing here


@cache
def _by_id() -> dict[str, Json]:
    found: dict[str, Json] = {}
    for path in sorted(data_root().glob("v*/**/*.schema.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        found[schema["$id"]] = schema
    return found


def schema_names() -> tuple[str, ...]:
    """The names of all schemas, in the form that `load_schema` takes."""
    return tuple(uri.removeprefix("urn:streamops:") for uri in _by_id())


def load_schema(name: str) -> Json:
    """The schema with the id `urn:streamops:NAME`, where NAME is of the form `v1:script`.

    Raises KeyError, with the list of known names, for an unknown one.
    """
    schemas = _by_id()
    uri = f"urn:streamops:{name}"
    if uri not in schemas:
        raise KeyError(f"schema {uri} does not exist; known are {', '.join(sorted(schemas))}")
    return schemas[uri]


class Members(NamedTuple):
    """The members of an object, in the order of its schema."""

    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self.required + self.optional)


def frame_members(frame: str, version: str = "v1") -> Members:
    """The members of a frame, `type` included. Raises KeyError for an unknown frame or version."""
    return _members(load_schema(f"{version}:{frame}"))


def op_members(op: str, version: str = "v1") -> Members:
    """The members of an operation, `op` and `target` included. Raises KeyError for an unknown one."""
    return _members(load_schema(f"{version}:ops")["$defs"][op])


def _members(schema: Json) -> Members:
    required = tuple(schema["required"])
    return Members(required, tuple(name for name in schema["properties"] if name not in required))


class Shapes:
    """One compiled schema: `is_valid` takes microseconds, `explain` says what is wrong."""

    def __init__(self, schema: Json) -> None:
        registry = jsonschema_rs.Registry(list(_by_id().items()))
        self._fast = jsonschema_rs.Draft202012Validator(schema, registry=registry)
        self._schema = schema

    def is_valid(self, value: Json) -> bool:
        """Whether `value` matches the schema."""
        return bool(self._fast.is_valid(value))

    def explain(self, value: Json) -> str:
        """Why `value` does not match the schema, in one sentence; empty if it matches."""
        error = jsonschema.exceptions.best_match(self.slow().iter_errors(value))
        if error is None:
            return ""
        where = "/".join(str(part) for part in error.absolute_path) or "the top level"
        return f"at {where}: {error.message[:300]}"

    def slow(self) -> jsonschema.Draft202012Validator:
        """The slow validator. A test checks that its verdicts equal those of the fast one."""
        resources = [(uri, referencing.Resource.from_contents(schema)) for uri, schema in _by_id().items()]
        registry: referencing.Registry[Json] = referencing.Registry().with_resources(resources)
        return jsonschema.Draft202012Validator(self._schema, registry=registry)


@cache
def load_shapes(name: str) -> Shapes:
    """The compiled schema of that name; raises KeyError as `load_schema` does."""
    return Shapes(load_schema(name))
