"""The JSON Schemas, compiled: the fast validator judges, the slow one explains."""

import json
from functools import cache
from typing import Any

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
    """The names of all schemas, as `load_schema` takes them."""
    return tuple(uri.removeprefix("urn:streamops:") for uri in _by_id())


def load_schema(name: str) -> Json:
    """The schema of the id `urn:streamops:NAME`, NAME like `v1:script`.

    Raises KeyError, listing what there is, for an unknown name.
    """
    schemas = _by_id()
    uri = f"urn:streamops:{name}"
    if uri not in schemas:
        raise KeyError(f"no schema {uri}; there are {', '.join(sorted(schemas))}")
    return schemas[uri]


class Shapes:
    """One schema, ready to judge: `is_valid` in microseconds, `explain` in words."""

    def __init__(self, schema: Json) -> None:
        registry = jsonschema_rs.Registry(list(_by_id().items()))
        self._fast = jsonschema_rs.Draft202012Validator(schema, registry=registry)
        self._schema = schema

    def is_valid(self, value: Json) -> bool:
        return bool(self._fast.is_valid(value))

    def explain(self, value: Json) -> str:
        """Why `value` does not fit, in one sentence; empty where it fits."""
        error = jsonschema.exceptions.best_match(self.slow().iter_errors(value))
        if error is None:
            return ""
        where = "/".join(str(part) for part in error.absolute_path) or "the whole"
        return f"at {where}: {error.message[:300]}"

    def slow(self) -> jsonschema.Draft202012Validator:
        """The explaining validator, which the tests hold to the verdicts of the fast one."""
        resources = [(uri, referencing.Resource.from_contents(schema)) for uri, schema in _by_id().items()]
        registry: referencing.Registry[Json] = referencing.Registry().with_resources(resources)
        return jsonschema.Draft202012Validator(self._schema, registry=registry)


@cache
def load_shapes(name: str) -> Shapes:
    """The compiled schema of that name; raises KeyError as `load_schema` does."""
    return Shapes(load_schema(name))
